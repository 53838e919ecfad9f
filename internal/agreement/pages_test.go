package agreement_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/record"
)

func TestExplainGolden(t *testing.T) {
	for _, name := range []string{"bank", "small-firm", "university"} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			a := example(t, name+".yaml")
			if err := agreement.Explain(&b, a); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "explain", name+".txt"), b.Bytes())
			for _, line := range strings.Split(b.String(), "\n") {
				if utf8.RuneCountInString(line) > 80 {
					t.Errorf("wider than 80 columns: %q", line)
				}
			}
			for _, p := range a.Promises("") { // nothing that was promised is left out
				if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), "("+p.ID) {
					t.Errorf("%s is not explained", p.ID)
				}
			}
		})
	}
}

func TestExplainIsSafeToPrint(t *testing.T) {
	a := parse(t, "metadata: {title: \"a\u202eb\u200b\"}\nscope: {segments: [{id: a, networks: [10.0.0.0/24]}]}\nexclusions: [{id: x, what: \"one\\ntwo\"}]")
	var b bytes.Buffer
	if err := agreement.Explain(&b, a); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\u202e\u200b") || !strings.Contains(b.String(), "one two") {
		t.Errorf("got %q", b.String())
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space") }

func TestExplainTellsThatItCouldNotWrite(t *testing.T) {
	if err := agreement.Explain(fullDisk{}, example(t, "small-firm.yaml")); err == nil {
		t.Error("no error")
	}
}

func TestReferenceGolden(t *testing.T) {
	golden(t, filepath.Join("..", "..", "docs", "agreement", "reference.md"), agreement.Reference())
}

// Every key that a struct reads stands in the reference, with its meaning.
func TestReferenceIsComplete(t *testing.T) {
	lines := strings.Split(string(agreement.Reference()), "\n")
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ.PkgPath() != reflect.TypeFor[agreement.Agreement]().PkgPath() {
			return
		}
		for i := range typ.NumField() {
			f := typ.Field(i)
			key, doc := f.Tag.Get("yaml"), f.Tag.Get("doc")
			if key == "" || key == "clause" {
				continue
			}
			if doc == "" {
				t.Errorf("%s.%s has no doc", typ.Name(), f.Name)
			}
			if typ != reflect.TypeFor[agreement.Limit]() && !hasRow(lines, key, doc) {
				t.Errorf("%s.%s (%s) is not in the reference", typ.Name(), f.Name, key)
			}
			visit(f.Type)
		}
	}
	visit(reflect.TypeFor[agreement.Agreement]())
}

func hasRow(lines []string, key, doc string) bool {
	for _, l := range lines {
		if strings.HasPrefix(l, "| `"+key+"` |") && strings.Contains(l, doc) {
			return true
		}
	}
	return false
}

func TestScopeOfExamples(t *testing.T) {
	uni := example(t, "university.yaml")
	if _, err := uni.Scope(""); !errors.Is(err, agreement.ErrWhichSensor) || !strings.Contains(err.Error(), "campus-core, lab and machines") {
		t.Errorf("got %v", err)
	}
	if _, err := uni.Scope("cellar"); !errors.Is(err, agreement.ErrNoSensor) {
		t.Errorf("got %v", err)
	}
	scope, err := uni.Scope("lab")
	if err != nil || scope.Packets != "packets-lab6" || scope.Sensor != "lab" || len(scope.Segments) != 5 {
		t.Errorf("got %+v, %v", scope, err)
	}
	places := map[string]record.SegmentID{
		"2001:db8:fe:1f::1": "offices", "2001:db8:fe:20::1": "lecture-halls", "198.51.100.130": "lecture-halls", "203.0.113.53": "machine-room",
		"10.99.0.4": "management", "192.0.2.1": record.Internet,
	}
	for text, want := range places {
		if got := scope.Locate(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s lies in %q, want %q", text, got, want)
		}
	}
	firm := example(t, "small-firm.yaml")
	scope, err = firm.Scope("")
	if err != nil || scope.Sensor != agreement.DefaultSensor || scope.Packets != "packets" || scope.Locate(netip.MustParseAddr("203.0.113.77")) != record.OwnPublic {
		t.Errorf("got %+v, %v", scope, err)
	}
}

func TestSmallFirmFitsIntoFifteenLines(t *testing.T) {
	a := example(t, "small-firm.yaml")
	if len(a.Data) != 2 || a.Data[1].ID != "dns" || len(a.Sensors[0].Covers) != 2 || a.Parties.Customer.Name != a.Metadata.Title {
		t.Errorf("defaults: %+v", a)
	}
	lines := bytes.Count(read(t, filepath.Join("..", "..", "examples", "small-firm.yaml")), []byte("\n"))
	if lines > 15 {
		t.Errorf("%d lines", lines)
	}
}

func TestInitCanBeParsed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := agreement.Answers{
			Customer: rapid.String().Draw(t, "customer"), Provider: rapid.String().Draw(t, "provider"),
			TimeZone: rapid.SampledFrom([]string{"", "UTC", "America/Chicago"}).Draw(t, "zone"),
		}
		n := rapid.IntRange(1, 8).Draw(t, "segments")
		for i := range n {
			x.Segments = append(x.Segments, agreement.SegmentAnswer{
				ID: rapid.String().Draw(t, "id"), Kind: record.SegmentKind(rapid.SampledFrom([]string{"", "clients", "servers", "special", "odd"}).Draw(t, "kind")),
				Networks: []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.0.%d.0/24", i)), netip.MustParsePrefix(fmt.Sprintf("fd00:%x::/64", i+1))},
				Hosts:    rapid.IntRange(0, 200).Draw(t, "hosts"),
			})
		}
		if rapid.Bool().Draw(t, "public") {
			x.OwnPublic = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/28")}
			x.Resolvers = []netip.Addr{netip.MustParseAddr("fd00:1::53")}
		}
		a, err := agreement.Parse("init.yaml", agreement.InitFrom(x))
		if err != nil {
			t.Fatalf("%v", err)
		}
		for i, s := range a.Watched.Segments {
			if s.Expected.Hosts != x.Segments[i].Hosts || s.Networks[1] != x.Segments[i].Networks[1] {
				t.Fatalf("segment %d: %+v from %+v", i, s, x.Segments[i])
			}
		}
		if len(a.Watched.Segments) != n || len(a.Watched.OwnPublic) != len(x.OwnPublic) || len(a.Watched.Resolvers) != len(x.Resolvers) {
			t.Fatalf("lost something: %+v", a.Watched)
		}
	})
}

func TestInitGolden(t *testing.T) {
	golden(t, filepath.Join("testdata", "init.yaml"), agreement.InitFrom(agreement.Answers{
		Customer: "O'Neill & Söhne: Bäckerei", TimeZone: "Europe/Berlin", OwnPublic: []netip.Prefix{netip.MustParsePrefix("203.0.113.9/32")},
		Segments: []agreement.SegmentAnswer{{ID: "Büro 1", Kind: record.Clients, Networks: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}, Hosts: 12}},
	}))
}

func TestSuggest(t *testing.T) {
	seen := []agreement.Seen{
		{Addr: netip.MustParseAddr("10.1.1.5"), Direct: true},
		{Addr: netip.MustParseAddr("10.1.1.6"), Direct: true},
		{Addr: netip.MustParseAddr("10.1.1.6"), Direct: true},
		{Addr: netip.MustParseAddr("::ffff:10.1.1.7"), Direct: true, Server: true},
		{Addr: netip.MustParseAddr("10.1.2.5"), Direct: true, Server: true},
		{Addr: netip.MustParseAddr("fd00:1::5"), Direct: true},
		{Addr: netip.MustParseAddr("10.9.9.9")},
		{Addr: netip.MustParseAddr("192.0.2.1"), Direct: true},
		{Addr: netip.MustParseAddr("fe80::1"), Direct: true},
		{},
	}
	var got []string
	for _, s := range agreement.Suggest(seen).Segments {
		got = append(got, fmt.Sprintf("%s %s %s %d", s.ID, s.Kind, s.Networks[0], s.Hosts))
	}
	want := "clients-10.1.1.0 clients 10.1.1.0/24 3; servers-10.1.2.0 servers 10.1.2.0/24 1; clients-fd00-1 clients fd00:1::/64 1"
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("got %s\nwant %s", text, want)
	}
	if _, err := agreement.Parse("s.yaml", agreement.InitFrom(agreement.Suggest(seen))); err != nil {
		t.Error(err)
	}
	passing := agreement.Suggest([]agreement.Seen{{Addr: netip.MustParseAddr("10.9.9.9")}})
	if len(passing.Segments) != 1 {
		t.Errorf("seen in passing only: %+v", passing)
	}
}
