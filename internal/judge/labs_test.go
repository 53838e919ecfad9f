package judge_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/agreement"
	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/source"
	"candor/internal/verdict"
)

// shared is the folder of captures beside the project; tests that need it skip without it.
func shared(t testing.TB, parts ...string) string {
	t.Helper()
	base := os.Getenv("CANDOR_SHARED")
	if base == "" {
		base = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{base}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no captures to test on (set CANDOR_SHARED): %v", err)
	}
	return path
}

// check runs the whole way from files to a Result.
func check(t testing.TB, agreementPath string, paths ...string) *judge.Result {
	t.Helper()
	var a *agreement.Agreement
	if agreementPath != "" {
		text, err := os.ReadFile(agreementPath)
		if err != nil {
			t.Fatal(err)
		}
		if a, err = agreement.Parse(agreementPath, text); err != nil {
			t.Fatal(err)
		}
	}
	return checkAgainst(t, a, source.Options{}, paths...)
}

func checkAgainst(t testing.TB, a *agreement.Agreement, opts source.Options, paths ...string) *judge.Result {
	t.Helper()
	j, err := judge.New(judge.Config{Agreement: a, Sensor: opts.Sensor})
	if err != nil {
		t.Fatal(err)
	}
	scope := j.Scope()
	opts.Scope, opts.Sensor, opts.Feed, opts.Flow = scope, scope.Sensor, scope.Packets, flow.DefaultConfig()
	ctx := context.Background()
	src, err := source.Open(ctx, paths, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for {
		b, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		j.Observe(b)
	}
	return j.At(judge.Moment{Ended: true})
}

type truth struct{ file, code, subject, expected, reality, note string }

func readTruth(t *testing.T, path string) []truth {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []truth
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		c := strings.Split(lines.Text(), "\t")
		if len(c) < 5 || c[0] == "file" {
			continue
		}
		c = append(c, "")
		out = append(out, truth{c[0], c[1], strings.TrimPrefix(c[2], "-"), c[3], c[4], c[5]})
	}
	return out
}

// TestLabs holds every verdict against what was really so, at six sites of real network stacks tapped at several places.
func TestLabs(t *testing.T) {
	labs := shared(t, "data", "labs")
	derived := t.TempDir()
	haveDerived := deriveLabs(t, labs, derived)
	byFile := map[string][]truth{}
	var order []string
	for _, row := range readTruth(t, filepath.Join(labs, "truth.tsv")) {
		if byFile[row.file] == nil {
			order = append(order, row.file)
		}
		byFile[row.file] = append(byFile[row.file], row)
	}
	for _, file := range order {
		t.Run(file, func(t *testing.T) {
			path := filepath.Join(labs, file)
			if _, err := os.Stat(path); err != nil {
				if !haveDerived {
					t.Skip("derived captures need python3 and zstd")
				}
				path = filepath.Join(derived, file)
			}
			site := "site-" + strings.ToLower(file[:1]) + ".yaml"
			if file[0] == 'F' {
				site = "site-a-night.yaml"
			}
			holdTruth(t, check(t, filepath.Join(labs, site), path), byFile[file])
		})
	}
}

func deriveLabs(t *testing.T, labs, dir string) bool {
	cmd := exec.Command("python3", filepath.Join(labs, "derive.py"), "all", dir)
	cmd.Dir = labs
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("derive.py: %v: %s", err, out)
		return false
	}
	return true
}

func holdTruth(t *testing.T, r *judge.Result, rows []truth) {
	for _, row := range rows {
		if strings.HasPrefix(row.code, "finding.") {
			continue // a later issue
		}
		d := findDefect(r, row.code, row.subject)
		if d == nil {
			if row.expected != "cannot_say_ok" {
				t.Errorf("%s %s: not judged", row.code, row.subject)
			}
			continue
		}
		got := d.Verdict.String()
		if row.expected == "cannot_say_ok" {
			if got != "cannot_say" && row.reality != "-" && got != row.reality {
				t.Errorf("%s %s: %s, and in reality %s (%s) %v", row.code, row.subject, got, row.reality, row.note, d.Signs)
			}
			continue
		}
		if got != row.expected {
			t.Errorf("%s %s: %s, want %s (%s) bits %v needs %q signs %v", row.code, row.subject, got, row.expected, row.note, d.Bits, d.Needs, d.Signs)
		}
	}
}

func findDefect(r *judge.Result, code, subject string) *verdict.Defect {
	for i := range r.Defects {
		if d := &r.Defects[i]; string(d.Code) == code && d.Subject == subject {
			return d
		}
	}
	return nil
}
