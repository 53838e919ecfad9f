package agreement_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/agreement"
)

func TestErrorsGolden(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("testdata", "errors", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = agreement.Parse(name, src)
			if err == nil {
				t.Fatal("this agreement was accepted")
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".err", []byte(err.Error()+"\n"))
			for _, line := range strings.Split(err.Error(), "\n") {
				if len(line) > 250 || strings.ContainsAny(line, "\x1b\t\r\u202e") {
					t.Errorf("not fit for a terminal: %q", line)
				}
			}
		})
	}
}

func TestErrorHasPlaceAndCure(t *testing.T) {
	src := "scope:\n  segments:\n    - {id: users, kind: client, networks: [10.0.0.0/24]}\n"
	_, err := agreement.Parse("a.yaml", []byte(src))
	var wrong *agreement.Error
	if !errors.As(err, &wrong) || len(wrong.Problems) != 1 {
		t.Fatalf("got %v", err)
	}
	p := wrong.Problems[0]
	if p.Line != 3 || p.Column != 25 || p.Path != "scope.segments[0].kind" || p.Allowed != "one of: clients, servers, special" || p.Do != "write clients" {
		t.Errorf("got %+v", p)
	}
	if !strings.Contains(err.Error(), "a.yaml:3:25: scope.segments[0].kind") {
		t.Errorf("got %v", err)
	}
}

func TestBoundsOfTheFile(t *testing.T) {
	const head = "scope: {segments: [{id: a, networks: [10.0.0.0/24]}]}\n"
	tests := []struct{ name, src, want string }{
		{"too many bytes", head + strings.Repeat("#", 1<<20), "at most 1 MiB"},
		{"too many tokens", head + strings.Repeat("a: b\n", 30_000), "words and marks"},
		{"list too long", "scope: {segments: [{id: a, networks: [" + strings.Repeat("10.0.0.1, ", 2500) + "10.0.0.2]}]}", "at most 2000"},
		{"text too long", "metadata: {title: " + strings.Repeat("x", 5000) + "}\n" + head, "at most 4000"},
		{"deep list on one line", strings.Repeat("- ", 20_000), "nested too deeply"},
		{"deep brackets", strings.Repeat("[", 20_000), "nested too deeply"},
		{"no UTF-8", "metadata: {title: \xff}\n" + head, "UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := agreement.Parse("a.yaml", []byte(tt.src))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %.300v, want %q", err, tt.want)
			}
		})
	}
}

func TestHarmlessOdditiesAreAccepted(t *testing.T) {
	const body = "scope: {segments: [{id: a, networks: [10.0.0.0/24]}]}\n"
	tests := []struct{ name, src string }{
		{"byte order mark", "\ufeff" + body},
		{"document marker", "---\n" + body},
		{"nothing written", body + "metadata:\n"},
		{"windows line ends", strings.ReplaceAll(body, "\n", "\r\n")},
		{"single address", strings.ReplaceAll(body, "10.0.0.0/24", "10.0.0.1")},
		{"nested networks", "scope: {segments: [{id: a, networks: [10.0.0.0/24]}, {id: b, networks: [10.0.0.0/25]}]}"},
		{"many keys on one line", "levels: [" + manyLevels() + "]\n" + body},
		{"clause everywhere", "term: {clause: K01}\n" + body},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { parse(t, tt.src) })
	}
}

func manyLevels() string {
	var levels []string
	for i := range 40 {
		levels = append(levels, fmt.Sprintf("{id: l%d, promise: p, start: a.b, stop: a.c, limit: 1h}", i))
	}
	return strings.Join(levels, ", ")
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/errors/*.yaml", "../../examples/*.yaml"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			src, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte("a: |\n  b\n? c\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		a, err := agreement.Parse("f.yaml", src)
		if err == nil {
			for _, id := range append(a.SensorIDs(), "") {
				a.Promises(id)
			}
			if _, err := a.Scope(a.SensorIDs()[0]); err != nil {
				t.Fatal(err)
			}
			if err := agreement.Explain(&strings.Builder{}, a); err != nil {
				t.Fatal(err)
			}
			return
		}
		var wrong *agreement.Error
		if !errors.As(err, &wrong) || len(wrong.Problems) == 0 {
			t.Fatalf("not an *Error with problems: %v", err)
		}
		for _, p := range wrong.Problems {
			if p.Line < 1 || p.Column < 1 || p.Wrong == "" || !strings.Contains(err.Error(), fmt.Sprintf("f.yaml:%d:%d: ", p.Line, p.Column)) {
				t.Fatalf("no place: %+v", p)
			}
		}
	})
}
