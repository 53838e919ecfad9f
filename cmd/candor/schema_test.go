package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// schemaFile describes what `candor check --json` prints. It is made from the Go types and their comments.
func schemaFile() string { return filepath.Join("..", "..", "docs", "check-v1.schema.json") }

// TestSchemaIsCurrent holds the published schema against the types.
func TestSchemaIsCurrent(t *testing.T) {
	golden(t, schemaFile(), makeSchema(t))
}

// TestOutputFitsSchema holds real output against the published schema: every field must be in it and of its type, and every
// required field must be there.
func TestOutputFitsSchema(t *testing.T) {
	text, err := os.ReadFile(schemaFile())
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(text, &s.root); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	length := "16m" // more than one quarter hour
	if testing.Short() {
		length = "2m"
	}
	candor(t, 0, "demo", "--for", length, "--out", filepath.Join(dir, "demo"))
	in := func(name string) string { return filepath.Join(dir, name) }
	writeCaptures(t, dir)
	bank := "--agreement=" + in("demo/bank.yaml")
	cases := []struct {
		name string
		code int
		args []string
	}{
		{"outside, held against the agreement", 1, []string{bank, in("demo/outside.pcap")}},
		{"inside, held against the agreement", 2, []string{bank, in("demo/inside.pcap")}},
		{"outside, without an agreement", 1, []string{in("demo/outside.pcap")}},
		{"inside, without an agreement", 0, []string{in("demo/inside.pcap")}},
		{"empty, without an agreement", 2, []string{in("empty")}},
		{"empty, held against the agreement", 2, []string{bank, in("empty")}},
		{"damaged", 1, []string{in("cut")}},
		{"a link type that is not read", 1, []string{in("wifi")}},
		{"losses counted by the capture", 1, []string{in("lost")}},
		{"several inputs, one of them no capture", 1, []string{bank, in("web"), in("later"), in("demo/bank.yaml")}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			out := candor(t, c.code, append([]string{"check", "--json"}, c.args...)...)
			doc := decodeStrict(t, out)
			for _, problem := range s.check(s.root, doc, "") {
				t.Error(problem)
			}
		})
	}
}

// TestSchemaRefuses proves that the check above can fail.
func TestSchemaRefuses(t *testing.T) {
	var s schema
	if err := json.Unmarshal(makeSchema(t), &s.root); err != nil {
		t.Fatal(err)
	}
	good := candor(t, 2, "check", "--json", tinyCapture(t))
	cases := []struct{ name, old, changed, want string }{
		{"unknown field", `"schema":`, `"scheme":`, "scheme: not in the schema"},
		{"missing field", `"ip_packets":`, `"x":`, "sight.ip_packets: missing"},
		{"wrong type", `"step_seconds": 900`, `"step_seconds": "900"`, "timeline.step_seconds: string, want integer"},
		{"fraction for a number", `"step_seconds": 900`, `"step_seconds": 900.5`, "timeline.step_seconds: number, want integer"},
		{"word that is no verdict", `"verdict": "cannot_say"`, `"verdict": "fine"`, `fine is none of`},
		{"null for a list", `"promises": []`, `"promises": null`, "promises: null, want array"},
		{"other schema", `candor/check/v1`, `candor/check/v2`, "is not candor/check/v1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(good, c.old) {
				t.Fatalf("no %s in the output", c.old)
			}
			doc := decodeStrict(t, strings.Replace(good, c.old, c.changed, 1))
			if got := strings.Join(s.check(s.root, doc, ""), "\n"); !strings.Contains(got, c.want) {
				t.Errorf("problems are %q, want %q", got, c.want)
			}
		})
	}
}

// promisedFields are the fields that programs outside rely on: they may be added to, never renamed or removed.
const promisedFields = `
schema sensor inputs segments defects promises answers findings window sight exit
inputs[].path inputs[].kind inputs[].feed inputs[].packets inputs[].bytes inputs[].records
inputs[].stopped.at inputs[].stopped.unread inputs[].stopped.because
window.first window.last window.seconds
sight.packets sight.bytes sight.hosts.direct sight.hosts.in_passing sight.network_cards sight.one_sided_tcp
sight.gap_fraction sight.duplicate_fraction sight.truncated_fraction sight.vlans sight.kinds
segments[].id segments[].promised segments[].seen segments[].in_passing segments[].verdict
defects[].code defects[].subject defects[].sensor defects[].verdict defects[].now defects[].accepted defects[].strength
defects[].periods[].from defects[].periods[].to defects[].periods[].verdict
defects[].bits defects[].signs[].sign defects[].signs[].value defects[].signs[].bits defects[].needs defects[].words defects[].do
promises[].id promises[].clause promises[].text promises[].promised promises[].seen promises[].verdict promises[].because
promises[].blind_spots promises[].measured_here
answers[].question answers[].subject answers[].from answers[].to answers[].verdict answers[].because
answers[].looked_at.hosts answers[].looked_at.of answers[].looked_at.hours answers[].power answers[].no_for
answers[].absent.count answers[].cannot_say_for[].host answers[].cannot_say_for[].blind_spots answers[].findings answers[].blind_spots
findings[].id findings[].kind findings[].by findings[].severity findings[].confidence findings[].source
findings[].host.id findings[].host.mac findings[].host.name findings[].destinations findings[].domain findings[].ports
findings[].first findings[].last findings[].evidence findings[].uids findings[].attack findings[].words
findings[].explained_by findings[].safelisted`

// TestPromisedFieldsStay looks every promised field up in the published schema, and the kinds in real output.
func TestPromisedFieldsStay(t *testing.T) {
	text, err := os.ReadFile(schemaFile())
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(text, &s.root); err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(promisedFields) {
		node := s.root
		for _, step := range strings.Split(path, ".") {
			name, isList := strings.CutSuffix(step, "[]")
			node = s.open(object(s.open(node)["properties"])[name])
			if isList {
				node = s.open(node["items"])
			}
		}
		if node == nil {
			t.Errorf("%s is no longer in the schema", path)
		}
	}
	out := decodeStrict(t, candor(t, 2, "check", "--json", tinyCapture(t)))
	for _, kind := range strings.Fields("conn dns tls http dhcp log alert") {
		if _, err := lookUp(out, "sight.kinds."+kind); err != nil {
			t.Error(err)
		}
	}
}

// makeSchema is the JSON Schema (2020-12) of judge.Result.
func makeSchema(t *testing.T) []byte {
	t.Helper()
	g := generator{notes: comments(t, "judge", "verdict", "record"), defs: map[string]any{}}
	root := g.of(reflect.TypeFor[judge.Result]())
	out := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": judge.Schema,
		"description": "What `candor check --json` prints. Fields may be added, never renamed or removed: readers ignore what they do not know.",
		"$ref":        root["$ref"], "$defs": g.defs,
	}
	object(object(object(g.defs["Result"])["properties"])["schema"])["const"] = judge.Schema
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type generator struct {
	notes map[string]string // by Type and Type.Field
	defs  map[string]any
}

// words are the closed sets among the types. Codes and questions are no closed sets: there may be more of them.
func words(t reflect.Type) []any {
	switch t {
	case reflect.TypeFor[verdict.Verdict]():
		return []any{verdict.CannotSay.String(), verdict.Yes.String(), verdict.No.String()}
	case reflect.TypeFor[verdict.Kept]():
		return []any{verdict.CannotTell.String(), verdict.IsKept.String(), verdict.IsBroken.String()}
	case reflect.TypeFor[verdict.Strength]():
		return []any{string(verdict.AlmostCertain), string(verdict.VeryLikely), string(verdict.NotDecided)}
	}
	return nil
}

// nullLists are the lists that are null, and not empty, where there is nothing to list.
func nullLists() map[string]bool {
	return map[string]bool{"Defect.Periods": true} // an observation without a packet has no periods
}

// of describes a type; structs go to $defs.
func (g *generator) of(t reflect.Type) map[string]any {
	if set := words(t); set != nil {
		return map[string]any{"type": "string", "enum": set}
	}
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return map[string]any{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		inner := g.of(t.Elem())
		if inner["$ref"] != nil {
			return map[string]any{"anyOf": []any{inner, map[string]any{"type": "null"}}}
		}
		inner["type"] = []any{inner["type"], "null"}
		return inner
	case reflect.Struct:
		g.object(t)
		return map[string]any{"$ref": "#/$defs/" + t.Name()}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": g.of(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": g.of(t.Elem())}
	case reflect.Interface:
		return map[string]any{}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.String:
		return map[string]any{"type": "string"}
	}
	panic("schema: no description for " + t.String())
}

func (g *generator) object(t reflect.Type) {
	if g.defs[t.Name()] != nil {
		return
	}
	properties, required := map[string]any{}, []any{}
	def := map[string]any{"type": "object", "properties": properties}
	g.defs[t.Name()] = def
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		p := g.of(f.Type)
		if nullLists()[t.Name()+"."+f.Name] {
			p["type"] = []any{p["type"], "null"}
		}
		if note := g.notes[t.Name()+"."+f.Name]; note != "" {
			p["description"] = note
		}
		properties[cmp.Or(name, f.Name)] = p
		if !strings.Contains(options, "omitempty") {
			required = append(required, cmp.Or(name, f.Name))
		}
	}
	def["required"] = required
	if note := g.notes[t.Name()]; note != "" {
		def["description"] = note
	}
}

// comments are the comments of the types and fields of some packages.
func comments(t *testing.T, packages ...string) map[string]string {
	t.Helper()
	out := map[string]string{}
	line := func(groups ...*ast.CommentGroup) string {
		var parts []string
		for _, g := range groups {
			parts = append(parts, strings.Fields(g.Text())...)
		}
		return strings.Join(parts, " ")
	}
	for _, pkg := range packages {
		files, err := filepath.Glob(filepath.Join("..", "..", "internal", pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files of package %s: %v", pkg, err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				general, ok := d.(*ast.GenDecl)
				if !ok || general.Tok != token.TYPE || strings.HasSuffix(file, "_test.go") {
					continue
				}
				for _, spec := range general.Specs {
					named := spec.(*ast.TypeSpec)
					st, ok := named.Type.(*ast.StructType)
					if !ok {
						continue
					}
					out[named.Name.Name] = line(general.Doc, named.Doc)
					for _, field := range st.Fields.List {
						for _, name := range field.Names {
							out[named.Name.Name+"."+name.Name] = line(field.Doc, field.Comment)
						}
					}
				}
			}
		}
	}
	return out
}

// schema checks documents against the part of JSON Schema that makeSchema uses. Unlike a reader, it refuses fields that are
// not in the schema.
type schema struct{ root map[string]any }

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// open follows references, and takes the one alternative that is not null.
func (s *schema) open(v any) map[string]any {
	node := object(v)
	if list, ok := node["anyOf"].([]any); ok {
		node = object(list[0])
	}
	if name, ok := node["$ref"].(string); ok {
		return object(object(s.root["$defs"])[strings.TrimPrefix(name, "#/$defs/")])
	}
	return node
}

func (s *schema) check(node map[string]any, doc any, path string) []string {
	if doc == nil && node["anyOf"] != nil {
		return nil
	}
	node = s.open(node)
	kind := typeOf(doc)
	if want := allowedTypes(node["type"]); len(want) > 0 && !slices.Contains(want, kind) && (kind != "integer" || !slices.Contains(want, "number")) {
		return []string{fmt.Sprintf("%s: %s, want %s", path, kind, strings.Join(want, " or "))}
	}
	if set, ok := node["enum"].([]any); ok && !slices.Contains(set, doc) {
		return []string{fmt.Sprintf("%s: %v is none of %v", path, doc, set)}
	}
	if want, ok := node["const"]; ok && want != doc {
		return []string{fmt.Sprintf("%s: %v is not %v", path, doc, want)}
	}
	var out []string
	switch doc := doc.(type) {
	case []any:
		for i, e := range doc {
			out = append(out, s.check(object(node["items"]), e, fmt.Sprintf("%s[%d]", path, i))...)
		}
	case map[string]any:
		out = s.checkObject(node, doc, path)
	}
	return out
}

func (s *schema) checkObject(node, doc map[string]any, path string) []string {
	var out []string
	below := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	known := object(node["properties"])
	for name, value := range doc {
		rule, ok := known[name]
		if !ok {
			rule, ok = node["additionalProperties"]
		}
		if !ok {
			out = append(out, below(name)+": not in the schema")
			continue
		}
		out = append(out, s.check(object(rule), value, below(name))...)
	}
	required, _ := node["required"].([]any)
	for _, name := range required {
		if _, ok := doc[name.(string)]; !ok {
			out = append(out, below(name.(string))+": missing")
		}
	}
	slices.Sort(out)
	return out
}

func allowedTypes(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, e.(string))
		}
		return out
	}
	return nil
}

func typeOf(doc any) string {
	switch doc := doc.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if doc == float64(int64(doc)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

// candor runs a command line in this process, wants an exit code, and gives what it printed.
func candor(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	w := &world{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: func() time.Time { return capturedAt() }, args: args}
	if got := run(context.Background(), w); got != code {
		t.Fatalf("candor %s: exit %d, want %d\n%s", strings.Join(args, " "), got, code, errs.String())
	}
	return out.String()
}

func decodeStrict(t *testing.T, text string) any {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatalf("no JSON: %v", err)
	}
	return doc
}

func tinyCapture(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeCaptures(t, dir)
	return filepath.Join(dir, "web")
}

// writeCaptures writes one capture of each kind, named by it.
func writeCaptures(t *testing.T, dir string) {
	t.Helper()
	for kind, make := range captures() {
		data, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, kind), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// golden compares with a file, or rewrites it with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not current: make docs\n%s", file, firstDifference(string(got), string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d is now %q", i+1, g[i])
		}
	}
	return fmt.Sprintf("it ends at line %d", len(g))
}

// TestAskFitsSchema: the answer and the findings of ask have the fields of check.
func TestAskFitsSchema(t *testing.T) {
	var s schema
	if err := json.Unmarshal(makeSchema(t), &s.root); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeCaptures(t, dir)
	list := filepath.Join(dir, "bad.txt")
	if err := os.WriteFile(list, []byte("# updated: 2026-11-10\n198.51.100.80\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		asked string
		code  int
	}{{"known bad addresses?", 1}, {"does 192.168.7.20 talk to known bad hosts?", 1}, {"is 192.168.7.20 beaconing?", 2}, {"is 192.168.7.77 scanning?", 2}} {
		doc := object(decodeStrict(t, candor(t, c.code, "ask", "--json", "--intel", list, c.asked, filepath.Join(dir, "web"))))
		problems := s.check(map[string]any{"$ref": "#/$defs/Answer"}, doc["answer"], "answer")
		problems = append(problems, s.check(map[string]any{"type": "array", "items": map[string]any{"$ref": "#/$defs/Finding"}}, doc["findings"], "findings")...)
		for _, field := range strings.Fields("asked words question lookup subject subject_kind peer peer_kind from to matched ignored notes") {
			if _, ok := object(doc["understood"])[field]; !ok {
				problems = append(problems, "understood."+field+": missing")
			}
		}
		for _, p := range problems {
			t.Errorf("%s: %s", c.asked, p)
		}
	}
}
