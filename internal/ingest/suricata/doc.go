// Package suricata reads Suricata's eve.json into records and sight: flow, netflow, dns (versions 1, 2 and 3), tls, http, dhcp,
// stats and alert.
//
// Here: the fields of events, state and history of a connection as far as TCP flags carry them, queries joined to their answers,
// and differences of counters. Not here: what all readers share (ingest), and counting (sight).
//
// Start at Open, then reader.event.
package suricata
