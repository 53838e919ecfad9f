package agreement

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
)

// maxItems bounds each list; maxText each text, in bytes.
const (
	maxItems = 2000
	maxText  = 4000
)

// reader fills the structs of an agreement from a YAML tree, by the tags of their fields: `yaml` the key, `need` yes when
// it must be written, `form` the form of a text, `min` and `max` the bounds of a number.
type reader struct {
	*problems
	at map[string]place // where each value that was written stands, by path
}

func (r *reader) fail(n ast.Node, path string, f fault) { r.add(placeOf(n), path, f) }

// read fills one value. A null is as if it had not been written.
func (r *reader) read(n ast.Node, into reflect.Value, path string, tag reflect.StructTag) {
	if n == nil || n.Type() == ast.NullType {
		return
	}
	r.at[path] = placeOf(n)
	if limit, ok := into.Addr().Interface().(*Limit); ok && !isMapping(n) {
		r.readScalar(n, reflect.ValueOf(&limit.All).Elem(), path, tag)
		return
	}
	switch {
	case into.Kind() == reflect.Pointer:
		fresh := reflect.New(into.Type().Elem())
		r.read(n, fresh.Elem(), path, tag)
		into.Set(fresh)
	case into.Kind() == reflect.Slice:
		r.readList(n, into, path, tag)
	case into.Kind() == reflect.Struct && !isScalarType(into.Type()):
		r.readStruct(n, into, path)
	default:
		r.readScalar(n, into, path, tag)
	}
}

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

// isScalarType reports whether a struct type is written as one text.
func isScalarType(t reflect.Type) bool {
	if t == reflect.TypeFor[netip.Addr]() || t == reflect.TypeFor[netip.Prefix]() {
		return true
	}
	return reflect.PointerTo(t).Implements(reflect.TypeFor[textValue]())
}

func (r *reader) readList(n ast.Node, into reflect.Value, path string, tag reflect.StructTag) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fail(n, path, fault{"this is " + shapeOf(n), "a list", "write [ ] around it, or - before each item"})
		return
	}
	if len(list.Values) > maxItems {
		r.fail(n, path, fault{fmt.Sprintf("this list has %d items", len(list.Values)), fmt.Sprintf("at most %d", maxItems), "join networks, or split the agreement"})
		return
	}
	out := reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values))
	for i, item := range list.Values {
		place := fmt.Sprintf("%s[%d]", path, i)
		if item == nil || item.Type() == ast.NullType {
			r.fail(n, place, fault{"an item of this list is empty", "", "remove it"})
			continue
		}
		r.read(item, out.Index(i), place, tag)
	}
	into.Set(out)
}

// field is one key of a mapping.
type field struct {
	key   string
	index []int
	tag   reflect.StructTag
	typ   reflect.Type
}

// fieldsOf lists the keys of a struct, Item's clause last.
func fieldsOf(t reflect.Type) []field {
	var fields, clause []field
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				clause = append(clause, inner)
			}
			continue
		}
		if key := f.Tag.Get("yaml"); key != "" {
			fields = append(fields, field{key, []int{i}, f.Tag, f.Type})
		}
	}
	return append(fields, clause...)
}

func (r *reader) readStruct(n ast.Node, into reflect.Value, path string) {
	var pairs []*ast.MappingValueNode
	switch v := n.(type) {
	case *ast.MappingNode:
		pairs = v.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{v}
	default:
		r.fail(n, path, fault{"this is " + shapeOf(n), "keys with values: " + strings.Join(keysOf(into.Type()), ", "), "write key: value"})
		return
	}
	fields := fieldsOf(into.Type())
	written := map[string]bool{}
	for _, pair := range pairs {
		key := scalarText(pair.Key)
		f := find(fields, key)
		switch {
		case f == nil:
			r.unknown(pair.Key, key, path, keysOf(into.Type()))
		case written[key]:
			r.fail(pair.Key, join(path, key), fault{quoted(key) + " is written twice", "each key once", "remove one of the two"})
		default:
			r.read(pair.Value, into.FieldByIndex(f.index), join(path, key), f.tag)
		}
		written[key] = true
	}
	for _, f := range fields {
		if _, ok := r.at[join(path, f.key)]; !ok && f.tag.Get("need") == "yes" {
			r.fail(n, path, fault{quoted(f.key) + " is missing", typeWords(f.typ, f.tag), "write " + f.key + ": " + exampleOf(f)})
		}
	}
}

func (r *reader) unknown(n ast.Node, key, path string, keys []string) {
	do := "remove it, or see the reference of all fields"
	if near := nearest(key, keys); near != "" {
		do = "write " + near
	}
	r.fail(n, path, fault{"unknown key " + quoted(key), oneOf(keys), do})
}

func find(fields []field, key string) *field {
	for i := range fields {
		if fields[i].key == key {
			return &fields[i]
		}
	}
	return nil
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		keys = append(keys, f.key)
	}
	return keys
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// exampleOf is what could be written for a field.
func exampleOf(f field) string {
	if eg := f.tag.Get("eg"); eg != "" {
		return eg
	}
	if words := allowedOf(f.typ); words != nil {
		return words[0]
	}
	return "..."
}

// scalarText is the text of a scalar as it was written, without quotes; empty for anything else.
func scalarText(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		if v.Value != nil {
			return v.Value.Value
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		if t := n.GetToken(); t != nil {
			return t.Value
		}
	}
	return ""
}

func shapeOf(n ast.Node) string {
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a group of keys"
	case ast.ScalarNode:
		return "the single value " + quoted(scalarText(n))
	}
	return "something else"
}

func (r *reader) readScalar(n ast.Node, into reflect.Value, path string, tag reflect.StructTag) {
	if _, ok := n.(ast.ScalarNode); !ok {
		r.fail(n, path, fault{"this is " + shapeOf(n), "one value: " + typeWords(into.Type(), tag), "write one value"})
		return
	}
	text := scalarText(n)
	if f := setScalar(into, text, tag); f != nil {
		r.fail(n, path, *f)
	}
}

func setScalar(into reflect.Value, text string, tag reflect.StructTag) *fault {
	if words := allowedOf(into.Type()); words != nil {
		return setWord(into, text, words)
	}
	switch v := into.Addr().Interface().(type) {
	case textValue:
		return v.readText(text)
	case *netip.Addr:
		return setAddr(v, text)
	case *netip.Prefix:
		return setPrefix(v, text)
	}
	switch into.Kind() {
	case reflect.String:
		return setText(into, text, tag)
	case reflect.Bool:
		if text != "true" && text != "false" {
			return &fault{quoted(text) + " is neither true nor false", "true, false", "write true or false"}
		}
		into.SetBool(text == "true")
		return nil
	}
	return setNumber(into, text, tag)
}

func setWord(into reflect.Value, text string, words []string) *fault {
	for _, w := range words {
		if w == text {
			into.SetString(text)
			return nil
		}
	}
	do := "write one of them"
	if near := nearest(text, words); near != "" {
		do = "write " + near
	} else if len(words) == 1 {
		do = "write " + words[0]
	}
	return &fault{quoted(text) + " is not known here", oneOf(words), do}
}

func setAddr(into *netip.Addr, text string) *fault {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return &fault{quoted(text) + " is not an IP address", "one IPv4 or IPv6 address", "write it like 10.20.0.53 or 2001:db8::53"}
	}
	*into = a.Unmap()
	return nil
}

func setPrefix(into *netip.Prefix, text string) *fault {
	p, err := netip.ParsePrefix(text)
	if a, errAddr := netip.ParseAddr(text); errAddr == nil && a.Zone() == "" {
		p, err = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
	}
	if err != nil || p.Addr().Is4In6() {
		return &fault{quoted(text) + " is not a network", "an address with the length of its prefix, or one address", "write it like 10.10.0.0/22 or 2001:db8:1::/64"}
	}
	if p.Bits() == 0 {
		return &fault{quoted(text) + " is the whole Internet", "the customer's own networks", "write the networks one by one"}
	}
	*into = p.Masked()
	return nil
}

// form is a form of text.
type form struct {
	match *regexp.Regexp
	words string
}

// formOf is the form that a tag names; nil for free text.
func formOf(name string) *form {
	switch name {
	case "id":
		return &form{idForm, "1 to 64 letters, digits, dots, dashes and underscores, without spaces"}
	case "event":
		return &form{eventForm, "an event: two words with a dot between"}
	case "sha256":
		return &form{hashForm, "64 hexadecimal digits"}
	case "currency":
		return &form{currencyForm, "three capital letters"}
	}
	return nil
}

var (
	idForm       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	eventForm    = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}\.[a-z][a-z0-9_]{0,40}$`)
	hashForm     = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
)

func setText(into reflect.Value, text string, tag reflect.StructTag) *fault {
	if f := formOf(tag.Get("form")); f != nil && !f.match.MatchString(text) {
		do := "write it like " + tag.Get("eg")
		if tag.Get("eg") == "" {
			do = "write it in that form"
		}
		return &fault{quoted(text) + " has the wrong form", f.words, do}
	}
	if len(text) > maxText {
		return &fault{fmt.Sprintf("this text has %d bytes", len(text)), fmt.Sprintf("at most %d", maxText), "shorten it"}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return &fault{"this text has control characters in it", "text that can be printed", "remove them"}
	}
	into.SetString(strings.TrimSpace(text))
	return nil
}

func setNumber(into reflect.Value, text string, tag reflect.StructTag) *fault {
	least, most := bounds(tag)
	v, err := strconv.ParseFloat(text, 64)
	whole := into.Kind() != reflect.Float64
	if err != nil || math.IsNaN(v) || v < least || v > most || (whole && v != math.Trunc(v)) || strings.ContainsAny(text, "xXpP_") {
		return &fault{quoted(text) + " is not such a number", typeWords(into.Type(), tag), "write a number within these bounds"}
	}
	switch into.Kind() {
	case reflect.Int:
		into.SetInt(int64(v))
	case reflect.Uint16:
		into.SetUint(uint64(v))
	default:
		into.SetFloat(v)
	}
	return nil
}

// bounds are the least and greatest value of a number; 0 to a million without tags.
func bounds(tag reflect.StructTag) (least, most float64) {
	most = 1e6
	if v, err := strconv.ParseFloat(tag.Get("min"), 64); err == nil {
		least = v
	}
	if v, err := strconv.ParseFloat(tag.Get("max"), 64); err == nil {
		most = v
	}
	return least, most
}
