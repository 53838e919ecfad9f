package syslog

import (
	"strings"
	"testing"

	"candor/internal/ingest"
	"candor/internal/record"
)

// TestLinesWithoutAZone: which time stamps say no zone, and that each such line is counted once, by what was taken for it.
func TestLinesWithoutAZone(t *testing.T) {
	const said = " web1 sshd[9]: Accepted password for alice from 192.0.2.7 port 1"
	for name, c := range map[string]struct {
		line  string
		local bool
	}{
		"the old form":                    {"Oct  7 22:14:15" + said, true},
		"the old form with a year":        {"Oct  7 2024 22:14:15" + said, true},
		"the old form with a zone":        {"Oct  7 22:14:15+02:00" + said, false},
		"ISO without":                     {"2024-10-07T22:14:15.123456" + said, true},
		"ISO with Z":                      {"2024-10-07T22:14:15Z" + said, false},
		"ISO east":                        {"2024-10-07T22:14:15.5+02:00" + said, false},
		"ISO west":                        {"2024-10-07T22:14:15-0500" + said, false},
		"RFC 5424":                        {"<38>1 2024-10-07T22:14:15.003Z web1 sshd 99 ID1 - x", false},
		"CEF since 1970":                  {"CEF:0|a|b|1|2|login|3|rt=1728332055000 src=192.0.2.7", false},
		"CEF, local":                      {"CEF:0|a|b|1|2|login|3|rt=Oct 07 2024 22:14:15 src=192.0.2.7", true},
		"CEF, UTC":                        {"CEF:0|a|b|1|2|login|3|rt=Oct 07 2024 22:14:15 UTC src=192.0.2.7", false},
		"CEF, its own time holds":         {"Oct  7 22:14:15 gate CEF:0|a|b|1|2|login|3|rt=1728332055000", false},
		"CEF, only the header's":          {"Oct  7 22:14:15 gate CEF:0|a|b|1|2|login|3|src=192.0.2.7", true},
		"LEEF, local":                     {"LEEF:1.0|a|b|1|2|devTime=2024-10-07T22:14:15\tsrc=192.0.2.7", true},
		"Windows":                         {`{"EventID":4624,"TimeCreated":"2024-10-07T22:14:15Z"}`, false},
		"Windows, local":                  {`{"EventID":4624,"EventTime":"2024-10-07 22:14:15"}`, true},
		"Windows, local, and a zoned one": {`{"EventID":4624,"TimeCreated":"2024-10-07T22:14:15Z","timestamp":"2024-10-07 22:14:15"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := readLines(t, ingest.Options{Year: 2024}, nil, c.line, "2024-10-07T22:14:16Z"+said)
			if len(got.Logs) != 2 {
				t.Fatalf("%+v", got.account)
			}
			want := uint64(0)
			if c.local {
				want = 1
			}
			if n := got.account.Assumed["lines without a zone are in UTC"]; n != want {
				t.Errorf("%d lines without a zone, want %d", n, want)
			}
			notes := strings.Join(got.account.Notes(), "\n")
			if c.local != strings.Contains(notes, "taken for granted: lines without a zone are in UTC: 1") {
				t.Errorf("notes %q", notes)
			}
		})
	}
	for offset, want := range map[record.Time]string{
		0: "lines without a zone are in UTC", 2 * record.Hour: "lines without a zone are in UTC+02:00",
		-90 * record.Minute: "lines without a zone are in UTC-01:30",
	} {
		if got := zoneTaken(offset); got != want {
			t.Errorf("%d: %q, want %q", offset, got, want)
		}
	}
}
