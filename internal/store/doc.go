// Package store keeps what the hub must not lose: blocks on disk by tenant and day, and in one SQLite file everything small: manifests,
// snapshots' places, sensors, people.
//
// Here: implementations of the interfaces that transport, access, service and hub declare. Not here: what a block is (block), who may see
// what (access), what it means (judge).
//
// Start at Open.
package store
