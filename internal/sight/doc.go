// Package sight builds record.Sight: it is told of every frame, connection and message and keeps one accumulator for
// each minute and promised segment.
//
// Here: counting. Not here: decoding (decode), connection state (flow), merging (record), judgement (coverage).
//
// Start at Builder and its method Frame.
package sight
