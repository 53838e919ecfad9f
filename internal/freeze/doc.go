// Package freeze writes a graph of Go values to a stream and puts it back into a value made the same way: all of a judge's state
// in one sweep, whatever its detectors keep, without a line of code in any of them.
//
// It walks types by reflection, unexported fields included. Pointers keep their identity, also in circles; maps and slices are
// copied; what cannot be written (functions, locks) is left as the target has it. The stream begins with a fingerprint of the layout of
// every type in the graph, of the program and of what the caller says the graph rests on: a stream of another build is refused as
// a whole (ErrOther), so that nothing is ever read into a field of another meaning. A snapshot spares time and is never the only copy.
//
// Here: the walk over types (plan.go), the two directions (encode.go, decode.go), the fingerprint (layout.go), the search for values
// that share memory, which a copy would tear apart (shared.go). Not here: what is worth keeping and where (judge, hub, store).
//
// Start at Save and Restore.
package freeze
