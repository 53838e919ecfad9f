package syslog

import (
	"bytes"
	"time"

	"candor/internal/ingest"
	"candor/internal/record"
)

// header is what a syslog line says before its message.
type header struct {
	when    when
	host    []byte
	program []byte
	message []byte
}

// text reads a line of syslog text.
func (r *reader) text(line []byte, l *record.Log) (unknown string, err error) {
	h, err := r.header(line)
	if err != nil {
		return "", err
	}
	r.take(h.when, l)
	l.Format, l.Host, l.Message = string(ingest.Syslog), r.words.Of(h.host), kept(h.message)
	if r.meaning(h.program, h.message, l) {
		return "", nil
	}
	if len(h.program) == 0 {
		return unknownProgram, nil
	}
	return r.words.Of(h.program), nil
}

func kept(b []byte) string {
	return string(bytes.ToValidUTF8(b[:min(len(b), maxMessage)], []byte("\ufffd")))
}

// header reads RFC 5424, RFC 3164, and lines that begin with an ISO time stamp.
func (r *reader) header(line []byte) (h header, err error) {
	rest := priority(line)
	if v, after, ok := bytes.Cut(rest, []byte(" ")); ok && len(line) != len(rest) && string(v) == "1" {
		return r.structured(after)
	}
	if first, after, ok := bytes.Cut(rest, []byte(" ")); ok {
		if w, good := isoWhen(first, r.opts.Offset); good {
			h.when = w
			return hostAndTag(h, after), nil
		}
	}
	w, after, err := r.old(rest)
	if err != nil {
		return h, err
	}
	h.when = w
	return hostAndTag(h, after), nil
}

// priority takes off <34>.
func priority(line []byte) []byte {
	if len(line) < 3 || line[0] != '<' {
		return line
	}
	end := bytes.IndexByte(line[:min(len(line), 6)], '>')
	if end < 2 {
		return line
	}
	if _, ok := ingest.Uint(line[1:end]); !ok {
		return line
	}
	return line[end+1:]
}

// structured reads what follows "<34>1 " (RFC 5424): time, host, program, process, message id, structured data, message.
func (r *reader) structured(b []byte) (h header, err error) {
	var part [5][]byte
	for i := range part {
		var ok bool
		if part[i], b, ok = bytes.Cut(b, []byte(" ")); !ok && i < len(part)-1 {
			return h, errTime
		}
	}
	w, ok := isoWhen(part[0], 0)
	if !ok {
		return h, errTime
	}
	h.when, h.host, h.program = w, unset(part[1]), unset(part[2])
	h.message = bytes.TrimPrefix(bytes.TrimLeft(afterData(b), " "), []byte("\xef\xbb\xbf"))
	return h, nil
}

func unset(b []byte) []byte {
	if string(b) == "-" {
		return nil
	}
	return b
}

// afterData skips structured data: - or [id name="value"]..., in which ] and " are escaped.
func afterData(b []byte) []byte {
	if len(b) > 0 && b[0] == '-' {
		return b[1:]
	}
	quoted := false
	for i := 0; i < len(b); i++ {
		switch {
		case i == 0 && b[0] != '[':
			return b
		case b[i] == '\\' && quoted:
			i++
		case b[i] == '"':
			quoted = !quoted
		case b[i] == ']' && !quoted && (i+1 == len(b) || b[i+1] != '['):
			return b[i+1:]
		}
	}
	return nil
}

// old reads "Oct  7 22:14:15 " (RFC 3164), which has neither year nor zone, or with a year: "Oct  7 2024 22:14:15 ". The year is
// the one given; when the months go from December to January it is the next.
func (r *reader) old(b []byte) (when, []byte, error) {
	if len(b) < 15 || b[3] != ' ' {
		return when{}, nil, errTime
	}
	month, ok := ingest.Month(b[:3])
	day, ok2 := ingest.Uint(bytes.TrimLeft(b[4:6], " "))
	if !ok || !ok2 || day < 1 || day > 31 || b[6] != ' ' {
		return when{}, nil, errTime
	}
	rest, year := b[7:], 0
	if y, ok := ingest.Uint(rest[:4]); ok && len(rest) > 5 && rest[4] == ' ' {
		year, rest = int(y), rest[5:]
	}
	clock, after, _ := bytes.Cut(rest, []byte(" "))
	if year == 0 {
		if r.year == 0 {
			return when{}, nil, errYear
		}
		if r.month == 12 && month == time.January {
			r.year++
		}
		r.month, year = int(month), r.year
	}
	iso := time.Date(year, month, int(day), 0, 0, 0, 0, time.UTC).AppendFormat(nil, "2006-01-02T")
	if got := iso[8:10]; got[0] != byte('0'+day/10) || got[1] != byte('0'+day%10) { // February 30
		return when{}, nil, errTime
	}
	w, ok := isoWhen(append(iso, bytes.TrimSuffix(clock, []byte(":"))...), r.opts.Offset)
	if !ok {
		return when{}, nil, errTime
	}
	return w, after, nil
}

// hostAndTag reads "host program[pid]: message".
func hostAndTag(h header, b []byte) header {
	h.host, b, _ = bytes.Cut(bytes.TrimLeft(b, " "), []byte(" "))
	tag, message, ok := bytes.Cut(b, []byte(": "))
	if !ok {
		tag, message, ok = bytes.Cut(b, []byte(":"))
	}
	if !ok || bytes.IndexByte(tag, ' ') >= 0 || len(tag) > 64 {
		h.message = b
		return h
	}
	h.program, _, _ = bytes.Cut(tag, []byte("["))
	h.message = bytes.TrimLeft(message, " ")
	return h
}
