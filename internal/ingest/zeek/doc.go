// Package zeek reads Zeek logs, TSV and JSON, plain or compressed, one file or a folder of them (rotated files, a tree of days,
// several workers), into records and sight. Everything under one path is one witness.
//
// Here: which files to read and in which order, headers and rows, fields by log, certificates joined to handshakes, and long
// connections that were reported while still open (open_conn.log), told as differences. Not here: what all readers share
// (ingest), and counting (sight).
//
// Start at Open, then file.rows.
package zeek
