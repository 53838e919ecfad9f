package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows is the table of docs/DESIGN.md: what each package may import of this module. Tests may import anything.
// A package that is not here may not exist; an arrow that nothing uses must go.
func arrows() map[string]string {
	return map[string]string{
		"verdict":   "",
		"freeze":    "",
		"record":    "",
		"agreement": "record verdict",
		"capture":   "",
		"confine":   "",
		"decode":    "",
		"sight":     "decode record",
		"flow":      "decode record sight",
		"ingest":    "record sight",
		"source":    "capture decode flow ingest record sight",
		"intel":     "record verdict",
		"coverage":  "agreement record verdict",
		"detect":    "intel record verdict",
		"answer":    "coverage detect record verdict",
		"judge":     "agreement answer coverage detect freeze intel record verdict",
		"visible":   "",
		"svg":       "visible",
		"term":      "judge verdict visible",
		"report":    "judge svg verdict visible",
		"block":     "record",
		"access":    "record",
		"transport": "block record",
		"store":     "access block record transport",
		"notice":    "judge record verdict",
		"sensor":    "block record",
		"service":   "access agreement answer coverage judge record store transport verdict",
		"hub":       "agreement block coverage intel judge notice record service store transport verdict",
		"api":       "access judge record service store verdict",
		"portal":    "access judge record report service store svg verdict visible",
		"labnet":    "record",
	}
}

// TestLayers fails on a forbidden import and on an allowed one that nothing uses.
func TestLayers(t *testing.T) {
	allowed := arrows()
	used := map[string]map[string]bool{}
	eachFile(t, func(path string, f *ast.File, _ *token.FileSet) {
		pkg := filepath.ToSlash(filepath.Dir(path))
		pkg, _, _ = strings.Cut(pkg, "/") // folders below a package are parts of it
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.ToSlash(filepath.Dir(path)), "termtest") {
			return
		}
		list, known := allowed[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the table", path, pkg)
		}
		if used[pkg] == nil {
			used[pkg] = map[string]bool{}
		}
		for _, imp := range f.Imports {
			name, ours := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), "candor/internal/")
			name, _, _ = strings.Cut(name, "/")
			if !ours || name == pkg {
				continue
			}
			used[pkg][name] = true
			if !slices.Contains(strings.Fields(list), name) {
				t.Errorf("%s: %s may not import %s", path, pkg, name)
			}
		}
	})
	for pkg, list := range allowed {
		if used[pkg] == nil {
			t.Errorf("package %s is in the table and does not exist", pkg)
			continue
		}
		for _, name := range strings.Fields(list) {
			if !used[pkg][name] {
				t.Errorf("%s is allowed to import %s and does not: remove the arrow", pkg, name)
			}
		}
	}
}

const (
	maxFileLines = 500
	maxFuncLines = 60
)

// TestSmall keeps files and functions small, and the package state empty: no init, no variable that is not a table of
// constants or an error.
func TestSmall(t *testing.T) {
	eachFile(t, func(path string, f *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		if n := set.Position(f.End()).Line; n > maxFileLines {
			t.Errorf("%s: %d lines, at most %d", path, n, maxFileLines)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				t.Errorf("%s: %s has %d lines, at most %d", path, fn.Name.Name, n, maxFuncLines)
			}
			if fn.Name.Name == "init" && fn.Recv == nil {
				t.Errorf("%s: init runs behind everybody's back", path)
			}
		}
	})
}

// TestMaps asks every package for its map: a package comment that says what lives here, what does not, and where to start.
func TestMaps(t *testing.T) {
	doc := map[string]string{}
	eachFile(t, func(path string, f *ast.File, _ *token.FileSet) {
		pkg := filepath.ToSlash(filepath.Dir(path))
		if !strings.HasSuffix(path, "_test.go") && !strings.Contains(pkg, "/") {
			doc[pkg] += f.Doc.Text()
		}
	})
	for pkg, text := range doc {
		if len(strings.Fields(text)) < 20 || !strings.Contains(strings.ToLower(text), "start") {
			t.Errorf("package %s: its comment is no map (what lives here, what does not, where to start)", pkg)
		}
	}
}

func eachFile(t *testing.T, f func(path string, file *ast.File, set *token.FileSet)) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || path == "layers_test.go" {
			return err
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		f(path, file, set)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
