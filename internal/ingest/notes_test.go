package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/ingest"
)

func TestNotes(t *testing.T) {
	var many ingest.Account
	for i := range 12 {
		ingest.Count(&many.Unknown, fmt.Sprintf("log%02d", i), uint64(20-i))
	}
	var shown ingest.Account
	for i := range 9 {
		shown.AddUnknown("odd\xff", ingest.Damage{Line: uint64(i + 1), Because: "not understood"}, []byte("text \xfe"+strings.Repeat("x", 500)))
	}
	line := "not understood: text \ufffd" + strings.Repeat("x", 194)
	for name, c := range map[string]struct {
		account ingest.Account
		want    []string
	}{
		"nothing":           {ingest.Account{Lines: 5, Records: 5, Known: map[string]uint64{"weird": 3}}, nil},
		"most first":        {ingest.Account{Unknown: map[string]uint64{"rdp": 1, "smb": 5, "ftp": 1}}, []string{"not known here: smb: 5", "not known here: ftp: 1", "not known here: rdp: 1"}},
		"left out, late":    {ingest.Account{Skipped: map[string]uint64{"files": 2}, Late: 7}, []string{"left out: files: 2", "told late, because their lines stand far from their place in time: 7"}},
		"taken for granted": {ingest.Account{Assumed: map[string]uint64{"lines without a zone are in UTC": 3}}, []string{"taken for granted: lines without a zone are in UTC: 3"}},
		"many names": {many, []string{
			"not known here: log00: 20", "not known here: log01: 19", "not known here: log02: 18", "not known here: log03: 17", "not known here: log04: 16",
			"not known here: log05: 15", "not known here: log06: 14", "not known here: log07: 13", "not known here: 4 more names: 42",
		}},
		"lines are shown": {shown, []string{"not known here: odd\ufffd: 9", "line 1, " + line, "line 2, " + line, "line 3, " + line, "line 4, " + line, "line 5, " + line}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.account.Notes()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
