package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/usage.txt, docs/check-v1.schema.json, the picture in README.md and cmp files in scripts")

// inRepo is a path from the root of the repository.
func inRepo(path ...string) string { return filepath.Join(append([]string{"..", ".."}, path...)...) }

func readRepo(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(inRepo(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are the documents that people write.
func pages(t *testing.T) []string {
	t.Helper()
	out := []string{"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for _, pattern := range []string{"docs/*.md", "docs/adr/*.md"} {
		found, err := filepath.Glob(inRepo(pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			out = append(out, strings.TrimPrefix(filepath.ToSlash(f), "../../"))
		}
	}
	return out
}

// TestUsage holds docs/usage.txt against what --help says.
func TestUsage(t *testing.T) {
	var b strings.Builder
	for _, command := range []string{
		"", "check", "ask", "records", "agreement", "agreement check", "agreement explain", "agreement init", "demo", "version",
	} {
		args := append(strings.Fields(command), "--help")
		fmt.Fprintf(&b, "$ candor %s\n%s\n", strings.Join(args, " "), candor(t, 0, args...))
	}
	golden(t, inRepo("docs", "usage.txt"), []byte(b.String()))
}

// codeLines are the lines of the code blocks of a language, without comments and empty lines.
func codeLines(text, language string) []string {
	var out []string
	inside := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case inside && line == "```":
			inside = false
		case line == "```"+language:
			inside = true
		case inside && line != "" && !strings.HasPrefix(line, "#"):
			out = append(out, line)
		}
	}
	return out
}

// TestReadmeCommands runs every command of README.md, in their order, in a folder such as a reader has after `make demo`. A
// command that says "# exit N" must end so, any other with 0.
func TestReadmeCommands(t *testing.T) {
	lines := codeLines(readRepo(t, "README.md"), "sh")
	if len(lines) < 8 {
		t.Fatalf("only %d commands found", len(lines))
	}
	program, err := exec.LookPath("candor") // put there by testscript.Main
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	examples, err := filepath.Abs(inRepo("examples"))
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.Mkdir(filepath.Join(dir, "bin"), 0o755), os.Symlink(program, filepath.Join(dir, "bin", "candor")),
		os.Symlink(examples, filepath.Join(dir, "examples")),
	)
	if err != nil {
		t.Fatal(err)
	}
	candor(t, 0, "demo", "--for", "2m", "--out", filepath.Join(dir, "demo"))
	if err := os.Link(filepath.Join(dir, "demo", "inside.pcap"), filepath.Join(dir, "capture.pcap")); err != nil {
		t.Fatal(err)
	}
	goals := makeTargets(t)
	for _, line := range lines {
		if goal, ok := strings.CutPrefix(line, "make "); ok {
			if !goals[strings.Fields(goal)[0]] {
				t.Errorf("%s: the Makefile has no such target", line)
			}
			continue
		}
		runLine(t, dir, line)
	}
}

func runLine(t *testing.T, dir, line string) {
	t.Helper()
	command, comment, _ := strings.Cut(line, " # exit ")
	want := 0
	if comment != "" {
		n, err := strconv.Atoi(comment)
		if err != nil {
			t.Fatalf("%s: no exit code", line)
		}
		want = n
	}
	if !strings.HasPrefix(command, "bin/candor ") {
		t.Errorf("%s: README shows only make and bin/candor as sh", line)
		return
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		t.Errorf("%s: exit %d, want %d\n%.2000s", command, got, want, out)
	}
}

func makeTargets(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z]+):`).FindAllStringSubmatch(readRepo(t, "Makefile"), -1) {
		out[m[1]] = true
	}
	return out
}

// TestMakeTargets looks up every `make x` that a page mentions.
func TestMakeTargets(t *testing.T) {
	goals := makeTargets(t)
	mention := regexp.MustCompile("(?m)(?:`|^)make ([a-z]+)")
	for _, page := range pages(t) {
		for _, m := range mention.FindAllStringSubmatch(readRepo(t, page), -1) {
			if !goals[m[1]] {
				t.Errorf("%s speaks of make %s, which is not in the Makefile", page, m[1])
			}
		}
	}
}

// TestPicture holds the terminal picture in README.md against a real run.
func TestPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("the whole demo takes its time under the race detector")
	}
	const begin, end = "<!-- picture -->\n```text\n", "```\n<!-- end of picture -->"
	readme := readRepo(t, "README.md")
	before, rest, ok := strings.Cut(readme, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("README.md holds no picture")
	}
	dir := t.TempDir()
	candor(t, 0, "demo", "--out", filepath.Join(dir, "demo"))
	page := candor(t, 1, "check", "--agreement", filepath.Join(dir, "demo", "bank.yaml"), filepath.Join(dir, "demo", "outside.pcap"))
	lines := strings.Split(strings.TrimSpace(page), "\n")
	defects := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "DEFECTS ") })
	if defects < 0 || defects+2 >= len(lines) {
		t.Fatal("the page lists no defects")
	}
	cut := defects + 2
	for cut < len(lines) && strings.HasPrefix(lines[cut], " ") { // the first defect with its signs
		cut++
	}
	picture := "$ bin/candor check --agreement demo/bank.yaml demo/outside.pcap\n" +
		strings.Join(lines[:cut], "\n") + "\n...\n" + lines[len(lines)-1] + "\n"
	golden(t, inRepo("README.md"), []byte(before+begin+picture+end+after))
}

// TestScreenshot keeps the picture of the page small, and of the first screen.
func TestScreenshot(t *testing.T) {
	const most = 300_000
	text := readRepo(t, "docs/img/outside.png")
	if len(text) > most {
		t.Errorf("%d bytes, at most %d", len(text), most)
	}
	c, err := png.DecodeConfig(strings.NewReader(text))
	if err != nil || c.Width != 1440 || c.Height != 900 {
		t.Errorf("%d x %d, want 1440 x 900 (%v)", c.Width, c.Height, err)
	}
}

// TestLinks follows every relative link, and every path in backquotes that starts with a folder of the repository.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#: ]+)\)`)
	path := regexp.MustCompile("`((?:internal|cmd|docs|examples|scripts)/[A-Za-z0-9_./-]+)`")
	for _, page := range pages(t) {
		text := readRepo(t, page)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(inRepo(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: link to %s leads nowhere", page, m[1])
			}
		}
		for _, m := range path.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(inRepo(strings.TrimSuffix(m[1], "/"))); err != nil {
				t.Errorf("%s: there is no %s", page, m[1])
			}
		}
	}
}

// TestDesignTable holds the table of packages in docs/DESIGN.md against the one that the compiler's imports are held against.
func TestDesignTable(t *testing.T) {
	got := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| ([a-z ]*|-) \\| (.+) \\|$").FindAllStringSubmatch(readRepo(t, "docs/DESIGN.md"), -1) {
		got[m[1]] = strings.TrimPrefix(m[2], "-")
	}
	want := arrowsOf(t)
	for _, pkg := range slices.Sorted(maps.Keys(want)) {
		switch list, ok := got[pkg]; {
		case !ok:
			t.Errorf("docs/DESIGN.md: the table has no %s", pkg)
		case list != want[pkg]:
			t.Errorf("docs/DESIGN.md: %s may import %q, internal/layers_test.go says %q", pkg, list, want[pkg])
		}
	}
	for pkg := range got {
		if _, ok := want[pkg]; !ok {
			t.Errorf("docs/DESIGN.md: %s is no package of internal/layers_test.go", pkg)
		}
	}
}

// arrowsOf reads the map that the function arrows of internal/layers_test.go returns.
func arrowsOf(t *testing.T) map[string]string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), inRepo("internal", "layers_test.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "arrows" {
			continue
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				key, err1 := strconv.Unquote(kv.Key.(*ast.BasicLit).Value)
				value, err2 := strconv.Unquote(kv.Value.(*ast.BasicLit).Value)
				if err := errors.Join(err1, err2); err != nil {
					t.Fatal(err)
				}
				out[key] = value
			}
			return true
		})
	}
	if len(out) < 10 {
		t.Fatalf("arrows holds %d packages", len(out))
	}
	return out
}

// domainWords are the words of the domain; code, pages and documents use no synonyms.
const domainWords = `agreement, promise, tenant, provider, sensor, hub, segment, feed, witness, capture, record, sight, batch, block, scope,
coverage, defect, blind spot, vantage, finding, question, answer, verdict, notice, case, clock, watch, drill, ledger, host, directly, in passing`

// TestWords wants every word of the domain explained in two sentences.
func TestWords(t *testing.T) {
	entry := regexp.MustCompile(`(?m)^- \*\*([a-z ]+)\*\*: (.+(?:\n  .+)*)$`)
	sentence := regexp.MustCompile(`[.?!](?:\s|$)`)
	got := map[string]bool{}
	for _, m := range entry.FindAllStringSubmatch(readRepo(t, "docs/WORDS.md"), -1) {
		got[m[1]] = true
		if n := len(sentence.FindAllString(m[2], -1)); n != 2 {
			t.Errorf("docs/WORDS.md: %s has %d sentences, want 2", m[1], n)
		}
	}
	want := map[string]bool{}
	for word := range strings.SplitSeq(domainWords, ",") {
		want[strings.TrimSpace(word)] = true
	}
	for word := range want {
		if !got[word] {
			t.Errorf("docs/WORDS.md: %s is missing", word)
		}
	}
	for word := range got {
		if !want[word] {
			t.Errorf("docs/WORDS.md: %s is no word of the domain", word)
		}
	}
}

// TestDecisions wants each decision on one page, with its parts.
func TestDecisions(t *testing.T) {
	files, err := filepath.Glob(inRepo("docs", "adr", "*.md"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d decisions (%v)", len(files), err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(filepath.Base(file), fmt.Sprintf("%04d-", i+1)) {
			t.Errorf("%s: numbers have no holes", file)
		}
		if n := bytes.Count(text, []byte("\n")); n > 60 {
			t.Errorf("%s: %d lines are more than a page", file, n)
		}
		for _, part := range []string{"\nDate: 20", "\n## Context\n", "\n## Decision\n", "\n## Consequences\n"} {
			if !bytes.Contains(text, []byte(part)) {
				t.Errorf("%s: %q is missing", file, strings.TrimSpace(part))
			}
		}
	}
}

// TestQuestionsAndCodes: the pages name every question and every exit code.
func TestQuestionsAndCodes(t *testing.T) {
	design, readme := readRepo(t, "docs/DESIGN.md"), readRepo(t, "README.md")
	for _, q := range questionNames() {
		if !strings.Contains(design, "`"+q+"`") {
			t.Errorf("docs/DESIGN.md does not name the question %s", q)
		}
	}
	for _, code := range []int{0, 1, 2, exitUsage, exitNoInput, exitInternal} {
		row := fmt.Sprintf("| %d |", code)
		if !strings.Contains(readme, row) || !strings.Contains(design, row) {
			t.Errorf("exit code %d is not explained in both README.md and docs/DESIGN.md", code)
		}
	}
}
