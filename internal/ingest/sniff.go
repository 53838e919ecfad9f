package ingest

import (
	"bytes"
)

// Kind is a format that a reader understands.
type Kind string

// The kinds.
const (
	Unknown     Kind = "unknown"
	ZeekTSV     Kind = "zeek_tsv"
	ZeekJSON    Kind = "zeek_json"
	Suricata    Kind = "suricata"
	WindowsJSON Kind = "windows_json"
	Syslog      Kind = "syslog"
	CEF         Kind = "cef"
	LEEF        Kind = "leef"
)

// SniffSize is how many bytes of the decompressed beginning Sniff looks at, at most.
const SniffSize = 64 << 10

// Sniff tells the format of a file by the first lines of its decompressed beginning.
func Sniff(head []byte) Kind {
	head = head[:min(len(head), SniffSize)]
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for n := 0; len(head) > 0 && n < 8; n++ {
		line, rest, _ := bytes.Cut(head, []byte("\n"))
		head = rest
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if k := sniffLine(line); k != Unknown {
			return k
		}
	}
	return Unknown
}

func sniffLine(line []byte) Kind {
	has := func(s string) bool { return bytes.Contains(line, []byte(s)) }
	switch {
	case bytes.HasPrefix(line, []byte("#separator")), bytes.HasPrefix(line, []byte("#fields")), bytes.HasPrefix(line, []byte("#path")):
		return ZeekTSV
	case line[0] == '{':
		return sniffObject(has)
	case has("CEF:0|"), has("CEF:1|"):
		return CEF
	case has("LEEF:1.0|"), has("LEEF:2.0|"):
		return LEEF
	case looksSyslog(line):
		return Syslog
	}
	return Unknown
}

func sniffObject(has func(string) bool) Kind {
	switch {
	case has(`"event_type"`) && has(`"timestamp"`):
		return Suricata
	case has(`"EventID"`), has(`"event_id"`), has(`"winlog"`), has(`"EventCode"`):
		return WindowsJSON
	case has(`"ts"`) || has(`"_path"`) || has(`"@timestamp"`) && has(`"uid"`):
		return ZeekJSON
	}
	return Unknown
}

// looksSyslog: a priority (<34>), or a month or ISO time stamp at the start.
func looksSyslog(line []byte) bool {
	if line[0] == '<' {
		end := bytes.IndexByte(line, '>')
		if end < 2 || end > 4 {
			return false
		}
		_, ok := Uint(line[1:end])
		return ok
	}
	if len(line) < 16 {
		return false
	}
	if _, ok := Month(line[:3]); ok && line[3] == ' ' && line[6] == ' ' && line[9] == ':' && line[12] == ':' {
		return true
	}
	first, _, _ := bytes.Cut(line, []byte(" "))
	_, ok := ISOTime(first, 0)
	return ok
}
