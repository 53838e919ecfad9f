// Package store keeps what the hub must not lose: blocks on disk by tenant and day, and in one SQLite file everything small: manifests,
// snapshots' places, sensors, people.
//
// Here: taking blocks in (put.go, holes.go) and giving them back in the order of the fold (blocks.go); what is not there (missing.go); mending
// after a crash (mend.go); questions by DuckDB in processes of its own: what may be asked (filter.go), which files (choose.go), in which SQL
// (where.go, shapes.go, records.go, series.go), by whom (query.go, pool.go, serve.go); compaction, retention, export and backup; the
// small state that transport and access keep here (registry.go, people.go, windows.go). storetest is the contract of every engine. Not
// here: what a block is (block), who may see what (access), what it means (judge).
//
// Start at Open and Put; for questions at Records.
package store
