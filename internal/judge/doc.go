// Package judge is the fold: Observe takes batches in any cutting, At gives the Result (schema candor/check/v1).
// The whole of Candor's judgement is `for batch { judge.Observe(batch) }; judge.At(t)`, on a file as on a hub.
//
// Here: keeping evidence by minute and quarter hour, asking the rules of coverage and the questions of answer, the shape
// of the Result. Not here: the rules (coverage), the questions (answer), any reading of clock, disk or network.
//
// Start at Judge, then Result.
package judge
