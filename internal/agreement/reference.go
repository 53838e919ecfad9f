package agreement

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
)

// Reference is the documentation of every field, as markdown. It is made from the structs and their tags, so it says
// what Parse does.
func Reference() []byte {
	var b strings.Builder
	b.WriteString(`# The agreement: reference of all fields

This page is made from the code of package agreement. To change it, change the tags there and run
` + "`go test ./internal/agreement -run Reference -update`" + `.

An agreement is one YAML file of at most 1 MiB. Unknown keys, keys written twice, anchors, aliases, merge keys and tags are
refused. Only ` + "`scope.segments`" + ` must be written; everything else has a default. Lengths of time are written 30s, 15m,
1h or as ISO 8601 periods: P3D, P12M. Shares are numbers from 0 to 1. **needed** marks what must be written when the group
around it is written.

Every group of keys may carry ` + "`clause`" + `: where the contract says so, for example ` + "`B03`" + `.

`)
	writeFields(&b, "", reflect.TypeFor[Agreement](), 2)
	return []byte(b.String())
}

// writeFields writes a section for a struct, then one for each struct in it.
func writeFields(b *strings.Builder, path string, t reflect.Type, level int) {
	title := path
	if title == "" {
		title = "The file"
	}
	fmt.Fprintf(b, "%s %s\n\n| key | value | default | meaning | example |\n|---|---|---|---|---|\n", strings.Repeat("#", min(level, 5)), title)
	var inner []field
	for _, f := range fieldsOf(t) {
		if f.key == "clause" {
			continue
		}
		def := f.tag.Get("def")
		if f.tag.Get("need") == "yes" {
			def = "**needed**"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", f.key, cell(typeWords(f.typ, f.tag)), cell(def), cell(f.tag.Get("doc")), code(f.tag.Get("eg")))
		if structOf(f.typ) != nil {
			inner = append(inner, f)
		}
	}
	b.WriteString("\n")
	for _, f := range inner {
		name := join(path, f.key)
		if f.typ.Kind() == reflect.Slice {
			name += "[]"
		}
		writeFields(b, name, structOf(f.typ), level+1)
	}
}

// structOf is the struct of keys that a field holds, itself, by pointer or in a list; nil for values.
func structOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || isScalarType(t) || t == reflect.TypeFor[Limit]() {
		return nil
	}
	return t
}

func cell(text string) string { return strings.ReplaceAll(text, "|", "\\|") }

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// typeWords says what may be written for a type.
func typeWords(t reflect.Type, tag reflect.StructTag) string {
	if words := allowedOf(t); words != nil {
		if len(words) == 1 {
			return words[0]
		}
		return oneOf(words)
	}
	switch t {
	case reflect.TypeFor[Ratio]():
		return "share, 0 to 1"
	case reflect.TypeFor[Period]():
		return "length of time"
	case reflect.TypeFor[Date]():
		return "day, year-month-day"
	case reflect.TypeFor[MonthDay]():
		return "day of the year, month-day"
	case reflect.TypeFor[Hours]():
		return "HH:MM-HH:MM"
	case reflect.TypeFor[Snaplen]():
		return "full, or bytes from 64 to 262144"
	case reflect.TypeFor[Limit]():
		return "length of time, or one for each of: " + strings.Join(keysOf(t), ", ")
	case reflect.TypeFor[netip.Addr]():
		return "IP address"
	case reflect.TypeFor[netip.Prefix]():
		return "network or IP address"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeWords(t.Elem(), tag)
	case reflect.Slice:
		return "list; each " + typeWords(t.Elem(), tag)
	case reflect.Struct:
		return "group of keys"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		if f := formOf(tag.Get("form")); f != nil {
			return f.words
		}
		return "text"
	}
	least, most := bounds(tag)
	kind := "whole number"
	if t.Kind() == reflect.Float64 {
		kind = "number"
	}
	return fmt.Sprintf("%s from %s to %s", kind, number(least), number(most))
}
