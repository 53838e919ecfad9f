package block

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"candor/internal/record"
)

// TestDocs holds the tables of docs/blocks.md against the columns that are written.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/blocks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range append(record.Kinds(), record.KindSight) {
		_, rest, found := strings.Cut(string(text), "\n### "+string(kind)+".parquet\n")
		section, _, _ := strings.Cut(rest, "\n### ")
		if !found {
			t.Errorf("docs/blocks.md has no section for %s.parquet", kind)
			continue
		}
		var got, want []string
		for _, line := range strings.Split(section, "\n") {
			cells := strings.Split(line, "|")
			if len(cells) != 6 || strings.Contains(line, "---") || strings.TrimSpace(cells[1]) == "column" {
				continue
			}
			if strings.TrimSpace(cells[4]) == "" {
				t.Errorf("%s: %s says nothing", kind, cells[1])
			}
			got = append(got, fmt.Sprintf("%s: %s; bloom %s", strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2]), strings.TrimSpace(cells[3])))
		}
		for _, c := range Columns(kind) {
			bloom := ""
			if c.Bloom {
				bloom = "yes"
			}
			want = append(want, fmt.Sprintf("%s: %s; bloom %s", c.Name, c.Type, bloom))
		}
		if d := gocmp.Diff(want, got); d != "" {
			t.Errorf("%s (- written, + in docs/blocks.md):\n%s", kind, d)
		}
	}
	if Columns("pcap") != nil {
		t.Error("columns of what is no kind")
	}
}

// TestDocsFields asks that every field of the manifest is in docs/blocks.md.
func TestDocsFields(t *testing.T) {
	text, err := os.ReadFile("../../docs/blocks.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("manifest.go")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n## Manifest\n")
	table, _, _ = strings.Cut(table, "\n## ")
	fields := regexp.MustCompile("`json:\"([a-z_0-9]+)").FindAllSubmatch(source, -1)
	if len(fields) < 20 {
		t.Fatal("no fields found in manifest.go")
	}
	for _, f := range fields {
		if !strings.Contains(strings.ToLower(table), strings.ReplaceAll(string(f[1]), "sha256", "sha-256")) {
			t.Errorf("docs/blocks.md does not tell of the manifest's %s", f[1])
		}
	}
}

// TestCountNames holds the columns of the counters against the names of record's constants.
func TestCountNames(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "../record/counts.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	ast.Inspect(f, func(n ast.Node) bool {
		if g, ok := n.(*ast.GenDecl); ok && g.Tok == token.CONST && len(g.Specs) > 10 {
			for _, s := range g.Specs {
				want = append(want, snake(s.(*ast.ValueSpec).Names[0].Name))
			}
		}
		return true
	})
	names := countNames()
	if d := gocmp.Diff(want[:len(want)-1], names[:]); d != "" { // without countsEnd
		t.Error(d)
	}
}

func snake(name string) string {
	name = regexp.MustCompile("([a-z0-9])([A-Z])").ReplaceAllString(name, "${1}_$2")
	return strings.ToLower(regexp.MustCompile("([A-Z]+)([A-Z][a-z])").ReplaceAllString(name, "${1}_$2"))
}

// TestColumnsAreUnique: a query names a column, and so does exact.
func TestColumnsAreUnique(t *testing.T) {
	for _, p := range parts() {
		seen := map[string]bool{}
		for _, c := range p.list() {
			if seen[c.Name] {
				t.Errorf("%s: two columns %s", p.name(), c.Name)
			}
			seen[c.Name] = true
		}
	}
}
