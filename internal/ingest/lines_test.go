package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"candor/internal/ingest"
)

func gzipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestLines(t *testing.T) {
	const text = "one\ntwo\r\n\nfour"
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := gzipped(t, text)
	for name, c := range map[string]struct {
		data   []byte
		want   string
		broken string
	}{
		"plain":         {[]byte(text), "one|two||four", ""},
		"gzip":          {whole, "one|two||four", ""},
		"gzip twice":    {append(gzipped(t, "one\n"), gzipped(t, "two\n")...), "one|two", ""},
		"zstd":          {z.EncodeAll([]byte(text), nil), "one|two||four", ""},
		"empty":         {nil, "", ""},
		"gzip cut off":  {whole[:len(whole)-9], "one|two||four", "unexpected EOF"},
		"gzip broken":   {[]byte{0x1f, 0x8b, 9, 9, 9}, "", "gzip header is broken"},
		"zstd cut off":  {z.EncodeAll([]byte(text), nil)[:12], "", "unexpected EOF"},
		"long lines":    {[]byte(strings.Repeat("x", 100_000) + "\nend\n"), strings.Repeat("x", 100_000) + "|end", ""},
		"much too long": {[]byte(strings.Repeat("x", 3*ingest.MaxLine) + "\nend\n"), strings.Repeat("x", ingest.MaxLine) + "|end", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			l, err := ingest.Open(context.Background(), path)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for l.Next() {
				got = append(got, string(l.Line))
				if l.TooLong != (name == "much too long" && l.Number == 1) {
					t.Errorf("line %d: too long: %v", l.Number, l.TooLong)
				}
			}
			if strings.Join(got, "|") != c.want {
				t.Errorf("%d lines: %.100q", len(got), got)
			}
			broken := l.Broken()
			if (broken != nil) != (c.broken != "") || broken != nil && !strings.Contains(broken.Because, c.broken) {
				t.Errorf("broken: %+v, want %q", broken, c.broken)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLinesPlaces: number and offset of a line lead back to it.
func TestLinesPlaces(t *testing.T) {
	const text = "one\ntwo\r\n\nfour"
	l := ingest.FromReader("x", strings.NewReader(text))
	for l.Next() {
		if got := text[l.At:]; !strings.HasPrefix(got, string(l.Line)) {
			t.Errorf("line %d at %d: %q is not %q", l.Number, l.At, l.Line, got)
		}
		if l.Whole != (l.Number < 4) {
			t.Errorf("line %d whole: %v", l.Number, l.Whole)
		}
	}
	if l.Bytes() != int64(len(text)) {
		t.Errorf("%d bytes", l.Bytes())
	}
}

func TestLinesEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, bytes.Repeat([]byte("line\n"), 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := ingest.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for l.Next() { // ends when the file is closed below the reader
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := ingest.Open(context.Background(), filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

func TestAccount(t *testing.T) {
	var a, b ingest.Account
	for i := range 1000 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		a.AddUnknown(name, ingest.Damage{Line: uint64(i)}, []byte(name))
	}
	if len(a.Unknown) > 260 || a.Unknown["(more)"] == 0 || len(a.Shown) != ingest.MaxShown {
		t.Errorf("%d names, %d of them more, %d shown", len(a.Unknown), a.Unknown["(more)"], len(a.Shown))
	}
	for i := range 4 {
		b.AddDamage(ingest.Damage{Line: uint64(i), Because: "why"}, bytes.Repeat([]byte("x"), 1000))
	}
	c := b
	b.Merge(&c)
	if b.Damaged != 8 || len(b.Damage) != ingest.MaxShown || len(b.Damage[0].Text) != 200 {
		t.Errorf("%d damaged, %d shown", b.Damaged, len(b.Damage))
	}
	if s := b.Stopped(5, 6, nil); s == nil || s.At != 5 || s.Unread != 6 || !strings.Contains(s.Because, "8 of 0 lines") {
		t.Errorf("%+v", s)
	}
	if (&ingest.Account{}).Stopped(0, 0, nil) != nil {
		t.Error("stopped without damage")
	}
}
