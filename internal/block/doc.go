// Package block keeps batches: a block is one batch sealed on disk, a signed manifest and one Parquet file for each kind of
// record that it holds.
//
// Here: the manifest and its signature (manifest.go), writing a batch as a block that is whole or not there (seal.go), reading and
// verifying it, the schema of each kind's Parquet file (docs/blocks.md), and a block as one stream of bytes for the way to the
// hub. Not here: when a batch is sealed (sensor), how a block travels (transport) and where it is kept (store).
//
// Start at Manifest, then Seal and Open.
package block
