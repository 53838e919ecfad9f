// Package intel holds what others say about addresses and names, as immutable sets: indicator lists (plain, CSV, MISP, STIX),
// safelists, the shipped list of known periodic caretakers, and the registered domain of a name.
//
// Here: reading lists from an io.Reader that somebody else opened, setting aside what no list should name, fast lookups for
// conn, dns, tls and http records, and how old everything is. Not here: opening files, clocks (every age is reckoned at a time
// that is handed in), what a hit means for a host (detect), and what a person is shown (term, report).
//
// Read gives a List, NewSet makes a Set of lists, Set.Conn, DNS, TLS and HTTP give Hits, Set.Status says which lists are
// fresh. ParseSafelist gives a Safelist, Safelist.Match the entry that sets a finding aside.
//
// Start at Read (read.go), then Set (set.go). Every file handed in is hostile: sizes, lengths, depths and counts are bounded,
// and what a bound drops is counted in List.Skipped.
package intel
