package judge_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"candor/internal/agreement"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/record"
	"candor/internal/source"
)

// A story is an imaginary site, a place to listen, an agreement, and what Candor must say. testdata/story/*.txtar hold:
//
//	story        site, seed, tap, from (at the site), for, what is wrong with the tap, and a promised log that is handed over: log
//	             (its id), log every, log until; beside: zeek hands over Zeek's logs of the same traffic, whose clock is ahead by beside late
//	replace      "old => new" lines that change the site's agreement (optional)
//	expect.json  a part of the Result: objects must hold these fields, lists these elements
func TestStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "story", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tell(t, archive)
		})
	}
}

func tell(t *testing.T, archive *txtar.Archive) {
	parts := map[string]string{}
	for _, f := range archive.Files {
		parts[f.Name] = string(f.Data)
	}
	s := parseStory(t, parts["story"])
	text := string(s.site.Agreement())
	for line := range strings.Lines(parts["replace"]) {
		old, changed, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " => ")
		if !ok || !strings.Contains(text, old) {
			t.Fatalf("replace %q: not in the agreement:\n%s", old, text)
		}
		text = strings.ReplaceAll(text, old, changed)
	}
	var a *agreement.Agreement
	if !s.alone {
		var err error
		if a, err = agreement.Parse("story", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	r := s.observe(t, a)
	var want, got any
	if err := json.Unmarshal([]byte(parts["expect.json"]), &want); err != nil {
		t.Fatalf("expect.json: %v", err)
	}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for _, problem := range missingParts("", want, got) {
		t.Error(problem)
	}
	if t.Failed() {
		for i := range r.Defects {
			if d := &r.Defects[i]; d.Code != "detector.not_built" {
				t.Logf("%s: %s now %s, %+.1f bits, needs %q %v", d.Name(), d.Verdict, d.Now, d.Bits, d.Needs, d.Signs)
			}
		}
	}
}

// story is one run of a site.
type story struct {
	site  *labnet.Site
	tap   labnet.Tap
	span  labnet.Span
	alone bool // without an agreement
	by    record.Sensor
	log   promisedLog
	zeek  bool          // Zeek's logs of the same packets are handed over beside them
	late  time.Duration // by which the clock of those is ahead
}

// promisedLog is a log of sign-ins that is handed over with the capture.
type promisedLog struct {
	id    record.Feed // empty: none is
	every time.Duration
	until time.Time
}

// file writes the log.
func (l *promisedLog) file(t testing.TB, from time.Time) map[record.Feed]string {
	if l.id == "" {
		return nil
	}
	path := filepath.Join(t.TempDir(), "auth.log")
	if err := os.WriteFile(path, []byte(authLog(from, l.until, l.every)), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[record.Feed]string{l.id: path}
}

func sites() map[string]func(uint64) *labnet.Site {
	return map[string]func(uint64) *labnet.Site{
		"bank": labnet.Bank, "firm": labnet.Firm, "campus": labnet.Campus, "proxyfirm": labnet.ProxyFirm,
		"dualpath": labnet.DualPath, "library": labnet.Library, "clinic": labnet.Clinic,
	}
}

func parseStory(t *testing.T, text string) *story {
	f := map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			f[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	number := func(key string) float64 {
		if f[key] == "" {
			return 0
		}
		v, err := strconv.ParseFloat(f[key], 64)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		return v
	}
	build := sites()[f["site"]]
	if build == nil {
		t.Fatalf("no site %q", f["site"])
	}
	s := &story{site: build(uint64(number("seed"))), alone: f["agreement"] == "none", by: record.Sensor(f["sensor"])}
	if v := number("volume"); v > 0 {
		s.site.Scale(v)
	}
	at := func(text string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04", text, s.site.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	length, err := time.ParseDuration(f["for"])
	if err != nil {
		t.Fatal(err)
	}
	s.span.From = at(f["from"])
	s.span.To = s.span.From.Add(length)
	s.tap = labnet.Tap{
		At: labnet.TapName(f["tap"]), Snap: int(number("snap")), Loss: number("loss"), Rate: int64(number("rate")),
		Twice: f["twice"] == "yes", NoDNS: f["dns"] == "filtered", NoIPv6: f["ipv6"] == "filtered", Tagged: f["tags"] == "yes",
	}
	if id, ok := f["log"]; ok {
		s.log = promisedLog{id: record.Feed(id), until: at(f["log until"])}
		if s.log.every, err = time.ParseDuration(f["log every"]); err != nil {
			t.Fatal(err)
		}
	}
	s.zeek = f["beside"] == "zeek"
	if late, ok := f["beside late"]; ok {
		if s.late, err = time.ParseDuration(late); err != nil {
			t.Fatal(err)
		}
	}
	if to, ok := f["moved to"]; ok {
		s.tap.Moved = &labnet.Move{At: at(f["moved at"]), To: labnet.TapName(to)}
	}
	return s
}

// observe runs the site and judges what the tap sees, packet by packet, without a file.
func (s *story) observe(t testing.TB, a *agreement.Agreement) *judge.Result {
	if s.zeek {
		return s.observeTwice(t, a)
	}
	r, w := io.Pipe()
	tap := s.tap
	buffered := bufio.NewWriterSize(w, 1<<18)
	tap.Out = buffered
	go func() {
		_, err := s.site.Run(context.Background(), s.span, tap)
		if err == nil {
			err = buffered.Flush()
		}
		w.CloseWithError(err)
	}()
	return checkAgainst(t, a, source.Options{Stdin: r, Sensor: s.by, Logs: s.log.file(t, s.span.From)}, "-")
}

// observeTwice judges packets with Zeek's logs of them beside.
func (s *story) observeTwice(t testing.TB, a *agreement.Agreement) *judge.Result {
	path := filepath.Join(t.TempDir(), "tap.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	tap := s.tap
	buffered := bufio.NewWriterSize(f, 1<<18)
	tap.Out = buffered
	_, err = s.site.Run(context.Background(), s.span, tap)
	if err = errors.Join(err, buffered.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	logs := asZeekLate(t, path, scopeOf(t, a), nil, s.late)
	return checkAgainst(t, a, source.Options{Sensor: s.by, Logs: s.log.file(t, s.span.From)}, path, logs)
}

// missingParts says what of want is not in got.
func missingParts(path string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %v, want an object", path, got)}
		}
		var out []string
		for k, v := range w {
			out = append(out, missingParts(path+"."+k, v, g[k])...)
		}
		return out
	case []any:
		g, _ := got.([]any)
		var out []string
		for _, element := range w {
			if best := nearest(path, element, g); best != nil {
				out = append(out, best...)
			}
		}
		return out
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return []string{fmt.Sprintf("%s: %v, want %v", path, got, want)}
	}
	return nil
}

// nearest looks for an element in a list and says what the most similar one lacks.
func nearest(path string, want any, list []any) []string {
	best := []string{fmt.Sprintf("%s: no element like %v", path, want)}
	similar := 0
	for _, g := range list {
		lacks := missingParts(path, want, g)
		if len(lacks) == 0 {
			return nil
		}
		if n := sameKeys(want, g); n > similar {
			similar, best = n, lacks
			best[0] += fmt.Sprintf(" (of %s)", keyOf(want))
		}
	}
	return best
}

// sameKeys counts the fields that name an element and are equal.
func sameKeys(want, got any) int {
	w, ok1 := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if !ok1 || !ok2 {
		return 0
	}
	n := 0
	for _, k := range []string{"code", "subject", "id", "question"} {
		if w[k] != nil && w[k] == g[k] {
			n++
		}
	}
	return n
}

func keyOf(v any) string {
	m, _ := v.(map[string]any)
	b, _ := json.Marshal(map[string]any{"code": m["code"], "subject": m["subject"], "id": m["id"], "question": m["question"]})
	return string(b)
}

func recordSensor(id string) record.Sensor { return record.Sensor(id) }
