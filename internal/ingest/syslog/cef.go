package syslog

import (
	"bytes"
	"encoding/hex"
	"strings"
	"time"

	"candor/internal/ingest"
	"candor/internal/record"
)

// maxPairs bounds the extension of one line.
const maxPairs = 512

// cef reads "CEF:0|Vendor|Product|Version|Signature|Name|Severity|key=value key=value", perhaps after a syslog header, whose time
// and host stand in for those that the extension lacks.
func (r *reader) cef(before, b []byte, l *record.Log) (unknown string, err error) {
	part, rest := barred(b, 7)
	if len(part) < 7 {
		return "", errForm
	}
	l.Format = string(ingest.CEF)
	r.outer(before, l)
	name := cefPlain(part[5])
	p := pairs{r: r, l: l}
	eachCEF(rest, p.take)
	p.finish(name)
	if l.TS == 0 {
		return "", errTime
	}
	return "", nil
}

// leef reads "LEEF:1.0|Vendor|Product|Version|EventID|" with fields between tabs, and version 2.0, which names the delimiter.
func (r *reader) leef(before, b []byte, l *record.Log) (unknown string, err error) {
	part, rest := barred(b, 5)
	if len(part) < 5 {
		return "", errForm
	}
	delimiter := byte('\t')
	if bytes.HasPrefix(part[0], []byte("LEEF:2")) {
		named, after, ok := bytes.Cut(rest, []byte("|"))
		if d, good := delimiterOf(named); ok && good {
			delimiter, rest = d, after
		}
	}
	l.Format = string(ingest.LEEF)
	r.outer(before, l)
	p := pairs{r: r, l: l}
	for n := 0; len(rest) > 0 && n < maxPairs; n++ {
		var pair []byte
		pair, rest, _ = bytes.Cut(rest, []byte{delimiter})
		if key, value, ok := bytes.Cut(pair, []byte("=")); ok {
			p.take(key, value)
		}
	}
	p.finish(string(part[4]))
	if l.TS == 0 {
		return "", errTime
	}
	return "", nil
}

// delimiterOf reads the delimiter that LEEF 2.0 names: itself, or x09 or 0x09.
func delimiterOf(b []byte) (byte, bool) {
	if len(b) == 1 {
		return b[0], true
	}
	b = bytes.TrimPrefix(bytes.TrimPrefix(b, []byte("0")), []byte("x"))
	var out [1]byte
	if len(b) != 2 {
		return 0, len(b) == 0
	}
	_, err := hex.Decode(out[:], b)
	return out[0], err == nil
}

// outer takes time and host of a syslog header in front over.
func (r *reader) outer(before []byte, l *record.Log) {
	before = bytes.TrimSpace(before)
	if len(before) == 0 {
		return
	}
	if h, err := r.header(append(bytes.Clone(before), ' ')); err == nil {
		r.take(h.when, l)
		l.Host = r.words.Of(h.host)
	}
}

// barred splits off n parts between bars; \| is none.
func barred(b []byte, n int) (parts [][]byte, rest []byte) {
	start := 0
	for i := 0; i < len(b) && len(parts) < n; i++ {
		switch b[i] {
		case '\\':
			i++
		case '|':
			parts = append(parts, b[start:i])
			start = i + 1
		}
	}
	return parts, b[start:]
}

// eachCEF calls f for each key=value. A value ends where the next key begins; \= is none.
func eachCEF(b []byte, f func(key, value []byte)) {
	key, from := []byte(nil), 0
	word := 0 // where the current word begins
	n := 0
	for i := 0; i < len(b) && n < maxPairs; i++ {
		switch b[i] {
		case '\\':
			i++
		case ' ':
			word = i + 1
		case '=':
			if i == word || !isKey(b[word:i]) {
				continue
			}
			if key != nil {
				f(key, bytes.TrimSpace(b[from:max(word, from)]))
				n++
			}
			key, from, word = b[word:i], i+1, i+1
		}
	}
	if key != nil {
		f(key, bytes.TrimSpace(b[from:]))
	}
}

func isKey(b []byte) bool {
	for _, c := range b {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c-'0' > 9 && c != '_' && c != '.' && c != '-' && c != '[' && c != ']' {
			return false
		}
	}
	return len(b) <= 64
}

// cefPlain undoes the escapes of CEF.
func cefPlain(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return kept(b)
	}
	return kept([]byte(strings.NewReplacer(`\\`, `\`, `\|`, `|`, `\=`, `=`, `\n`, "\n", `\r`, "\r").Replace(string(b))))
}

// pairs takes the fields of a CEF or LEEF line over.
type pairs struct {
	r             *reader
	l             *record.Log
	times         [3]when // best first: the device's, the start, the end
	source, dest  string  // user names
	outcome, kind string
	message       string
	host          string
}

func (p *pairs) take(key, value []byte) {
	switch string(key) {
	case "rt", "deviceReceiptTime", "devTime":
		p.times[0] = p.r.stamp(value)
	case "start", "startTime":
		p.times[1] = p.r.stamp(value)
	case "end", "endTime":
		p.times[2] = p.r.stamp(value)
	case "src", "sourceAddress":
		p.l.Src, _ = ingest.Addr(value)
	case "dst", "destinationAddress":
		p.l.Dst, _ = ingest.Addr(value)
	case "duser", "destinationUserName":
		p.dest = cefPlain(value)
	case "suser", "sourceUserName", "usrName":
		p.source = cefPlain(value)
	case "dvchost", "deviceHostName", "identHostName":
		p.host = cefPlain(value)
	case "act", "deviceAction", "action":
		p.kind = cefPlain(value)
	case "outcome", "eventOutcome":
		p.outcome = cefPlain(value)
	case "msg", "message":
		p.message = cefPlain(value)
	}
}

// finish decides between fields that say the same: who acted goes before whom it was done to.
func (p *pairs) finish(name string) {
	l := p.l
	if w := firstOf(p.times[:]); w.at != 0 {
		p.r.take(w, l)
	}
	l.User = p.source
	if l.User == "" {
		l.User = p.dest
	}
	if p.host != "" {
		l.Host = p.host
	}
	l.Action, l.Result, l.Message = p.kind, strings.ToLower(p.outcome), p.message
	if l.Action == "" {
		l.Action = name
	}
	if l.Message == "" {
		l.Message = name
	}
}

// stamp reads the times that CEF and LEEF allow: milliseconds since 1970, ISO, and "Oct 07 2024 22:14:15", with fraction, and with
// UTC or GMT; other names of zones are not known here, and such a time is not taken. No time when it cannot be read.
func (r *reader) stamp(b []byte) when {
	if ms, ok := ingest.Uint(b); ok && len(b) >= 12 && len(b) <= 13 {
		return when{at: record.Time(ms) * 1e6}
	}
	if w, ok := isoWhen(b, r.opts.Offset); ok {
		return w
	}
	if len(b) < 20 || len(b) > 32 {
		return when{}
	}
	offset, local := r.opts.Offset, true
	s := string(b)
	for _, utc := range [...]string{" UTC", " GMT"} {
		if cut, ok := strings.CutSuffix(s, utc); ok {
			s, offset, local = cut, 0, false
		}
	}
	t, err := time.Parse("Jan _2 2006 15:04:05.999999999", s)
	if err != nil {
		return when{}
	}
	return when{record.TimeOf(t) - offset, local}
}
