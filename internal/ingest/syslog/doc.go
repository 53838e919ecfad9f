// Package syslog reads promised logs, one line at a time, into record.Log: syslog text (RFC 3164, RFC 5424, ISO time stamps) of
// sshd, PAM, sudo and the kernel's packet filter, Windows Security events as JSON lines, CEF and LEEF.
//
// A line whose meaning is not known still says when and where something happened: it is told without action and result, counted
// by its program or event, and the first few are shown. A line without a readable time is damage. Nothing is guessed.
//
// Here: the forms of lines. Not here: what all readers share (ingest), and counting (sight).
//
// Start at Open, then reader.parse.
package syslog
