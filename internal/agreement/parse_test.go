package agreement_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"candor/internal/agreement"
)

var update = flag.Bool("update", false, "rewrite golden files")

// shared is the folder with given data and designs; the test is skipped where it is absent.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	root := os.Getenv("CANDOR_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("given data is not here: %v", err)
	}
	return path
}

func load(t *testing.T, path string) *agreement.Agreement {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse(filepath.Base(path), src)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return a
}

func example(t *testing.T, name string) *agreement.Agreement {
	t.Helper()
	return load(t, filepath.Join("..", "..", "examples", name))
}

func parse(t *testing.T, src string) *agreement.Agreement {
	t.Helper()
	a, err := agreement.Parse("test.yaml", []byte(src))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return a
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(got) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestGivenAgreementsParse(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(shared(t, "data", "labs"), "site-*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no given agreements: %v", err)
	}
	paths = append(paths, shared(t, "design", "agreement-example.yaml"))
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			a := load(t, path)
			scope, err := a.Scope("")
			if err != nil {
				t.Fatal(err)
			}
			if scope.Packets != "packets" || len(scope.Segments) < 2 || scope.Agreement != a.Metadata.ID {
				t.Errorf("scope %+v", scope)
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// What is written as an empty list is nothing; what is not written is the default.
func TestDefaultsAndEmptyLists(t *testing.T) {
	const body = "scope:\n  segments: [{id: a, networks: [10.0.0.0/24]}, {id: b, kind: servers, networks: [10.0.1.0/24]}]\n"
	plain := parse(t, body)
	if d := plain.Watched.Directions; len(d) != 2 || d[0] != agreement.ClientInternet || d[1] != agreement.ClientServer {
		t.Errorf("directions %v", d)
	}
	if plain.Metadata.ID != "agreement" || plain.Metadata.Revision != 1 || plain.Location().String() != "UTC" || plain.Sensors[0].ID != agreement.DefaultSensor {
		t.Errorf("defaults %+v", plain)
	}
	if s := plain.Data[1].Segments; len(s) != 1 || s[0] != "a" {
		t.Errorf("dns of segments %v", s)
	}
	for _, p := range plain.Promises("") {
		if !p.Default {
			t.Errorf("%s was not written, and is no default", p.ID)
		}
	}
	empty := parse(t, body+"  directions: []\ndata: []\n")
	if len(empty.Watched.Directions) != 0 || len(empty.Data) != 0 {
		t.Errorf("empty lists became %v, %v", empty.Watched.Directions, empty.Data)
	}
	if got := empty.Promises(""); len(got) != 1 || got[0].ID != "sensors/sensor/vantage" {
		t.Errorf("promises %+v", got)
	}
}
