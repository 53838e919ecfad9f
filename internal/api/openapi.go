package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// openAPI writes the description of the routes (OpenAPI 3.1.1), the same bytes for the same routes.
func openAPI(routes []route) ([]byte, error) {
	b := &describer{schemas: map[string]any{}}
	paths := map[string]map[string]any{}
	for i := range routes {
		rt := &routes[i]
		if paths[rt.path] == nil {
			paths[rt.path] = map[string]any{}
		}
		paths[rt.path][strings.ToLower(rt.method)] = b.operation(rt)
	}
	b.schema(reflect.TypeFor[Problem]())
	return json.MarshalIndent(map[string]any{
		"openapi": "3.1.1",
		"info":    map[string]any{"title": "Candor hub", "version": "v1", "description": "What a hub knows and does. Every answer is yes, no or cannot say."},
		"paths":   paths,
		"components": map[string]any{
			"schemas":         b.schemas,
			"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer"}},
		},
		"security": []any{map[string]any{"token": []string{}}},
	}, "", " ")
}

type describer struct{ schemas map[string]any }

func (b *describer) operation(rt *route) map[string]any {
	out := map[string]any{"summary": rt.summary, "operationId": operationID(rt)}
	params := []any{}
	for _, p := range rt.params {
		params = append(params, map[string]any{
			"name": p.name, "in": p.in, "required": p.in == "path", "description": p.about, "schema": map[string]any{"type": p.kind},
		})
	}
	out["parameters"] = params
	if rt.body != nil {
		out["requestBody"] = map[string]any{"required": true, "content": content(rt.media, b.schema(reflect.TypeOf(rt.body)))}
	}
	answers := map[string]any{"default": map[string]any{
		"description": "What went wrong (RFC 9457).", "content": content("application/problem+json", map[string]any{"$ref": "#/components/schemas/Problem"}),
	}}
	switch {
	case rt.answer != nil:
		answers["200"] = map[string]any{"description": "Done.", "content": content(rt.gives, b.schema(reflect.TypeOf(rt.answer)))}
	case rt.gives != "":
		answers["200"] = map[string]any{"description": "Done.", "content": content(rt.gives, map[string]any{"type": "string"})}
	default:
		answers["204"] = map[string]any{"description": "Done."}
	}
	out["responses"] = answers
	return out
}

func content(media string, schema any) map[string]any {
	if media == "" {
		media = "application/json"
	}
	return map[string]any{media: map[string]any{"schema": schema}}
}

// operationID is the method and the words of the path.
func operationID(rt *route) string {
	words := strings.FieldsFunc(strings.TrimPrefix(rt.path, "/api/v1/"), func(r rune) bool { return r == '/' || r == '{' || r == '}' })
	if rt.method == http.MethodGet {
		return "get_" + strings.Join(words, "_")
	}
	return strings.ToLower(rt.method) + "_" + strings.Join(words, "_")
}

// schema describes a type as encoding/json writes it; structs are named and described once.
func (b *describer) schema(t reflect.Type) any {
	switch t.Kind() {
	case reflect.Pointer:
		return map[string]any{"anyOf": []any{b.schema(t.Elem()), map[string]any{"type": "null"}}}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.Slice, reflect.Array:
		return map[string]any{"type": "array", "items": b.schema(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": b.schema(t.Elem())}
	case reflect.Interface:
		return map[string]any{}
	case reflect.Struct:
		return b.object(t)
	}
	if t.Implements(reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()) {
		return map[string]any{"type": "string"}
	}
	return map[string]any{"type": "integer"}
}

func (b *describer) object(t reflect.Type) any {
	if t == reflect.TypeFor[time.Time]() {
		return map[string]any{"type": "string", "format": "date-time"}
	}
	name := t.Name()
	ref := map[string]any{"$ref": "#/components/schemas/" + name}
	if name == "" {
		return b.properties(t)
	}
	if _, known := b.schemas[name]; !known {
		b.schemas[name] = true // a type that holds itself
		b.schemas[name] = b.properties(t)
	}
	return ref
}

func (b *describer) properties(t reflect.Type) map[string]any {
	props, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" || f.Anonymous {
			continue
		}
		if name == "" {
			name = f.Name
		}
		props[name] = b.schema(f.Type)
		if !strings.Contains(opts, "omit") {
			required = append(required, name)
		}
	}
	return map[string]any{"type": "object", "properties": props, "required": required}
}
