package ingest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/ingest"
)

func visited(line string) ([]string, error) {
	var j ingest.JSON
	var got []string
	err := j.Scan([]byte(line), func(path []byte, v ingest.Value) {
		s := fmt.Sprintf("%s=%s", path, v.Text)
		if v.Index >= 0 {
			s += fmt.Sprintf("[%d]", v.Index)
		}
		got = append(got, s)
	})
	return got, err
}

func TestJSON(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want []string
		err  error
	}{
		"flat":                        {`{"ts":1.5,"uid":"C1","ok":true,"no":false,"nil":null}`, []string{"ts=1.5", "uid=C1", "ok=true", "no=false", "nil=null"}, nil},
		"blanks":                      {"\t{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }\r\n", []string{"a=1", "b=1[0]", "b=2[1]"}, nil},
		"nested":                      {`{"flow":{"pkts":3,"x":{"y":"z"}},"after":1}`, []string{"flow.pkts=3", "flow.x.y=z", "after=1"}, nil},
		"objects in a list":           {`{"d":{"answers":[{"r":"a"},{"r":"b"}]}}`, []string{"d.answers.r=a[0]", "d.answers.r=b[1]"}, nil},
		"list in an object of a list": {`{"a":[{"b":[1,2]},{"c":3}]}`, []string{"a.b=1[0]", "a.b=2[1]", "a.c=3[1]"}, nil},
		"empty":                       {`{"a":{},"b":[],"c":""}`, []string{"c="}, nil},
		"escapes":                     {`{"a\"b":"\\ \/ \n é 😀 \ud83d"}`, []string{"a\"b=\\ / \n é 😀 \ufffd"}, nil},
		"numbers":                     {`{"a":-0.5e+10,"b":0,"c":1E2}`, []string{"a=-0.5e+10", "b=0", "c=1E2"}, nil},
		"cut in a text":               {`{"a":"b`, nil, ingest.ErrJSONCut},
		"cut in a word":               {`{"a":tr`, nil, ingest.ErrJSONCut},
		"cut in a number":             {`{"a":1.`, nil, ingest.ErrJSONCut},
		"cut after a name":            {`{"a"`, nil, ingest.ErrJSONCut},
		"rubbish behind":              {`{"a":1}{`, nil, ingest.ErrJSON},
		"leading zero":                {`{"a":01}`, nil, ingest.ErrJSON},
		"no comma":                    {`{"a":1 "b":2}`, nil, ingest.ErrJSON},
		"comma at the end":            {`{"a":1,}`, nil, ingest.ErrJSON},
		"control character":           {"{\"a\":\"\x01\"}", nil, ingest.ErrJSON},
		"list":                        {`[1]`, nil, ingest.ErrJSON},
		"nothing":                     {``, nil, ingest.ErrJSON},
		"too deep":                    {`{"a":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, nil, ingest.ErrJSONDeep},
		"too many":                    {`{"a":[` + strings.Repeat("1,", 20000) + `1]}`, nil, ingest.ErrJSONDeep},
		"long name":                   {`{"` + strings.Repeat("a", 2000) + `":1}`, nil, ingest.ErrJSONDeep},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := visited(c.line)
			if !errors.Is(err, c.err) {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if diff := cmp.Diff(c.want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzJSON: whatever is accepted is a JSON object for the library too, and the other way round but for the bounds.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{`{"ts":1.5,"a":[{"b":"\u00e9"}],"c":{"d":null}}`, `{"a":"\ud83d\ude00","b":-1e9}`, `{`, `{"a":tru}`, `{"a":1}x`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var j ingest.JSON
		err := j.Scan(line, func([]byte, ingest.Value) {})
		var object map[string]any
		isObject := json.Valid(line) && json.Unmarshal(line, &object) == nil && object != nil
		if err == nil && !isObject {
			t.Fatalf("accepted, but it is no JSON object: %q", line)
		}
		if err != nil && isObject && !errors.Is(err, ingest.ErrJSONDeep) {
			t.Fatalf("%v, but it is a JSON object: %q", err, line)
		}
	})
}
