// Package ingest reads what other tools report (Zeek logs, Suricata's eve.json, promised logs) into records and sight. One
// input is one feed, one witness.
//
// Here: what all readers share: Options, the Reader interface, the account of lines that could not be read, telling formats
// apart (Sniff), lines out of plain, gzip and zstd files (Lines), a bounded JSON scanner (JSON), text of times, numbers and
// addresses, and the bounded window that puts records into the order of time (Queue, Ordered). Not here: the formats themselves, which
// live in the packages zeek, suricata and syslog below, and any judgement.
//
// Start at Reader, then zeek.Open.
package ingest
