// Package source opens inputs of any kind and yields time-ordered batches: files and live interfaces now, log streams later.
//
// Here: wiring of capture, decode, flow, sight and ingest into one stream of record.Batch, and the account of what could
// not be read. Not here: how a file format, a packet or a connection is understood, and any judgement.
//
// Start at Open and Source.Next, for live interfaces at OpenLive and Live.Next.
package source
