package syslog

import (
	"fmt"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// when is a time stamp as a line gives it. The zero when is none.
type when struct {
	at    record.Time
	local bool // it names no zone: the offset given was taken for it, UTC without one
}

// isoWhen reads an ISO time stamp (ingest.ISOTime).
func isoWhen(b []byte, offset record.Time) (when, bool) {
	at, ok := ingest.ISOTime(b, offset)
	if !ok {
		return when{}, false
	}
	const clockEnds = len("2006-01-02T15:04:05") // behind it stand a fraction and a zone: Z, +02:00, -0500
	return when{at, !strings.ContainsAny(string(b[clockEnds:]), "Zz+-")}, true
}

// take is the time of a line. Of several the last one taken holds.
func (r *reader) take(w when, l *record.Log) {
	l.TS, r.local = w.at, w.local
}

// firstOf is the first time that could be read.
func firstOf(times []when) when {
	for _, w := range times {
		if w.at != 0 {
			return w
		}
	}
	return when{}
}

// zoneTaken says what was taken for the zone of lines that name none.
func zoneTaken(offset record.Time) string {
	sign, minutes := "+", int64(offset/record.Minute)
	switch {
	case minutes == 0:
		return "lines without a zone are in UTC"
	case minutes < 0:
		sign, minutes = "-", -minutes
	}
	return fmt.Sprintf("lines without a zone are in UTC%s%02d:%02d", sign, minutes/60, minutes%60)
}
