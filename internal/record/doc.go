// Package record is what sensors write and judges read: connections and messages with Zeek's field names,
// Sight (what a sensor could and could not see, one value per minute, feed and segment, mergeable), and the
// Batch that carries both.
//
// Here: data, merging, names of closed sets, JSON as `candor records` prints it. Not here: decoding (decode),
// building of sight from packets (sight), any judgement (coverage, judge).
//
// Start at Batch, then Sight, then Conn.
package record
