// Package days makes imaginary offices that live for days and weeks and writes down their records directly, without packets: the
// connections, lookups, handshakes and requests that flow would have made of them, in its order and with its interim reports.
// Detectors are measured on it, because it is fast, its truth is known, and whole behaviours can be added to it.
//
// Everything follows from a site's seed, the span and the plan: the same three give the same records. What is added by a plan never changes
// what the site does by itself, so that a day with and one without a bot can be compared row by row.
//
// Here: the site (site.go), its Internet (internet.go, words.go), when people are there (rhythm.go), the machine that runs it in time order
// (run.go, bucket.go, open.go, long.go), what machines do by themselves (lookup.go, browse.go, services.go, caretakers.go, inside.go, servers.go, strangers.go,
// errors.go), what can be added (inject.go, beacon.go, tunnel.go, attack.go, steal.go), what a capture loses (lose.go), and Zeek logs of it all (zeeklog.go).
// Not here: packets (package labnet), sight (the harness adds it with sight's reports), any judgement.
//
// A connection shows when flow would have shown it: 5 s after its end or after a SYN that nobody answered, 60 s after the last datagram,
// and each 60 s while it is open. IPv6 is asked for in lookups and never used. Times are whole microseconds, as Zeek writes them.
//
// Start at Office, Site.Batches and Injection.
package days
