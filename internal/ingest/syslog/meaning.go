package syslog

import (
	"bytes"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// meaning reads the messages that are known. It reports whether this is one.
func (r *reader) meaning(program, message []byte, l *record.Log) bool {
	switch {
	case bytes.HasPrefix(message, []byte("pam_")):
		return r.pam(message, l)
	case bytes.HasPrefix(program, []byte("sshd")):
		return r.sshd(message, l)
	case string(program) == "sudo":
		return r.sudo(message, l)
	case string(program) == "kernel", len(program) == 0:
		return r.filter(message, l)
	}
	return false
}

// sshd reads OpenSSH's messages of the authentication log.
func (r *reader) sshd(b []byte, l *record.Log) bool {
	word, rest, _ := bytes.Cut(b, []byte(" "))
	switch string(word) {
	case "Accepted", "Failed", "Postponed": // Failed password for invalid user admin from 192.0.2.7 port 4711 ssh2
		_, whom, ok := bytes.Cut(rest, []byte(" for "))
		if !ok || string(word) == "Postponed" {
			return false
		}
		result := ResultFailure
		if string(word) == "Accepted" {
			result = ResultSuccess
		}
		return r.userFrom(bytes.TrimPrefix(whom, []byte("invalid user ")), l, ActionLogin, result)
	case "Invalid":
		whom, ok := bytes.CutPrefix(rest, []byte("user "))
		return ok && r.userFrom(whom, l, ActionLogin, ResultFailure)
	case "error:":
		whom, ok := bytes.CutPrefix(rest, []byte("maximum authentication attempts exceeded for "))
		return ok && r.userFrom(bytes.TrimPrefix(whom, []byte("invalid user ")), l, ActionLogin, ResultFailure)
	case "Connection", "Disconnected", "Received", "Disconnecting":
		return r.sshdEnd(b, l)
	}
	return false
}

// userFrom reads "USER from ADDRESS port N". A user's name may hold anything, also " from ": the last one counts.
func (r *reader) userFrom(b []byte, l *record.Log, action, result string) bool {
	i := bytes.LastIndex(b, []byte(" from "))
	user := []byte(nil)
	switch {
	case i >= 0:
		user = b[:i]
	case bytes.HasPrefix(b, []byte("from ")): // an empty name
		i = -1
	default:
		return false
	}
	word, _, _ := bytes.Cut(b[i+len(" from "):], []byte(" "))
	src, ok := ingest.Addr(word)
	if !ok {
		return false
	}
	l.User, l.Src, l.Action, l.Result = r.words.Of(user), src, action, result
	return true
}

// sshdEnd reads "Connection closed by [authenticating user X] ADDRESS port N [preauth]" and the like. Before authentication it is
// the end of a connection, after it a logout.
func (r *reader) sshdEnd(b []byte, l *record.Log) bool {
	fields := bytes.Fields(b[:min(len(b), maxMessage)])
	preauth := bytes.HasSuffix(b, []byte("[preauth]"))
	for i := 1; i+1 < len(fields); i++ {
		if string(fields[i+1]) != "port" {
			continue
		}
		src, ok := ingest.Addr(fields[i])
		if !ok {
			continue
		}
		l.Src, l.Action = src, ActionLogout
		if preauth || string(fields[0]) == "Connection" {
			l.Action = ActionConnect
		}
		if i >= 2 && string(fields[i-2]) == "user" {
			l.User = r.words.Of(fields[i-1])
		}
		return true
	}
	return false
}

// pam reads "pam_unix(sshd:session): session opened for user root(uid=0) by (uid=0)" and
// "pam_unix(sshd:auth): authentication failure; ... rhost=192.0.2.7  user=root".
func (r *reader) pam(b []byte, l *record.Log) bool {
	what, rest, ok := bytes.Cut(b, []byte("): "))
	if !ok {
		return false
	}
	_, service, _ := bytes.Cut(what, []byte("("))
	elevates := bytes.HasPrefix(service, []byte("sudo")) || bytes.HasPrefix(service, []byte("su:")) || bytes.HasPrefix(service, []byte("su-"))
	login := ActionLogin
	if elevates {
		login = ActionElevate
	}
	switch {
	case bytes.HasPrefix(rest, []byte("session opened for user ")):
		l.Action, l.Result = login, ResultSuccess
	case bytes.HasPrefix(rest, []byte("session closed for user ")):
		l.Action, l.Result = ActionLogout, ResultSuccess
	case bytes.HasPrefix(rest, []byte("authentication failure;")):
		l.Action, l.Result = login, ResultFailure
		l.User = r.words.Of(valueOf(rest, "user="))
		l.Src, _ = ingest.Addr(valueOf(rest, "rhost="))
		return true
	default:
		return false
	}
	name := rest[len("session opened for user "):]
	if i := bytes.IndexAny(name, "( "); i >= 0 {
		name = name[:i]
	}
	l.User = r.words.Of(name)
	return true
}

// valueOf finds key=value among blanks.
func valueOf(b []byte, key string) []byte {
	for rest := b; ; {
		i := bytes.Index(rest, []byte(key))
		if i < 0 {
			return nil
		}
		if i == 0 || rest[i-1] == ' ' {
			value, _, _ := bytes.Cut(rest[i+len(key):], []byte(" "))
			return value
		}
		rest = rest[i+len(key):]
	}
}

// sudo reads "alice : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/id", with a reason after the name when it was refused.
func (r *reader) sudo(b []byte, l *record.Log) bool {
	name, rest, ok := bytes.Cut(b, []byte(" : "))
	if !ok || !bytes.Contains(rest, []byte("COMMAND=")) {
		return false
	}
	l.User, l.Action, l.Result = r.words.Of(bytes.TrimSpace(name)), ActionElevate, ResultSuccess
	if !bytes.HasPrefix(rest, []byte("TTY=")) && !bytes.HasPrefix(rest, []byte("PWD=")) {
		l.Result = ResultFailure
	}
	return true
}

// filter reads the kernel's packet filter lines (iptables, nftables): "[UFW BLOCK] IN=eth0 OUT= MAC=... SRC=192.0.2.7 DST=...".
// What the line means, only its prefix says, which people choose.
func (r *reader) filter(b []byte, l *record.Log) bool {
	prefix, rest, ok := bytes.Cut(b, []byte("IN="))
	if !ok {
		return false
	}
	src, ok1 := ingest.Addr(valueOf(rest, "SRC="))
	dst, ok2 := ingest.Addr(valueOf(rest, "DST="))
	if !ok1 || !ok2 {
		return false
	}
	l.Src, l.Dst, l.Action = src, dst, ActionConnect
	said := strings.ToUpper(string(prefix[:min(len(prefix), 128)]))
	for _, w := range [...]struct{ word, result string }{
		{"BLOCK", ResultBlocked},
		{"DROP", ResultBlocked},
		{"DENY", ResultBlocked},
		{"DENIED", ResultBlocked},
		{"REJECT", ResultBlocked},
		{"ALLOW", ResultAllowed},
		{"ACCEPT", ResultAllowed},
	} {
		if strings.Contains(said, w.word) {
			l.Result = w.result
			break
		}
	}
	return true
}
