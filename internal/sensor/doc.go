// Package sensor is the sensor's run loop: batches of every source become blocks in the spool.
//
// Here: joining the batches of one witness until a block is due, sealing it, and telling what was not watched between two starts. Not here:
// how a source sees (source, capture), how blocks are kept and sent (transport), what they mean (the hub judges).
//
// Start at Loop.Run.
package sensor
