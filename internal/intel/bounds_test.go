package intel

import (
	"fmt"
	"strings"
	"testing"

	"candor/internal/record"
)

// TestHostileBounds: whatever a list of a few megabytes holds, what is kept of it stays within its bounds. It ends soon only
// because every reader is linear: a quadratic one takes minutes here.
func TestHostileBounds(t *testing.T) {
	const size = 2 << 20
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	cases := map[string]string{
		"open quotes":        "ip,comment\n" + fill("198.51.100.7,\"x\n"),
		"quotes":             "ip,comment\n" + fill("198.51.100.7,\"\"\"\n"),
		"columns":            "ip,comment\n" + fill("1,"),
		"same key":           fill("198.51.100.7\n"),
		"ports of one":       "ip,port\n" + fill("198.51.100.7,1\n198.51.100.7,2\n"),
		"networks":           fill("198.51.100.0/24\n"),
		"types":              "ip,type\n" + fill("198.51.100.7,abc\n198.51.100.7,def\n"),
		"deep JSON":          `{"RelatedEvent":` + fill("[") + fill("]") + `}`,
		"a deep element":     `{"objects":[{"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}]}`,
		"a large pattern":    bundle(indicator("["+strings.Repeat("ipv4-addr:value='198.51.100.7' OR ", 1900)+"ipv4-addr:value='198.51.100.7']", "")),
		"a pattern of ANDs":  bundle(indicator("["+strings.Repeat("ipv4-addr:value='198.51.100.7' AND ", 1800)+"ipv4-addr:value='198.51.100.7']", "")),
		"beyond ASCII":       fill("bücher.example\n"),
		"private":            fill("10.0.0.1\n"),
		"one line":           fill("198.51.100.7 "),
		"long labels":        fill(strings.Repeat("é", 120) + ".example\n"),
		"attributes":         `{"Attribute":[` + fill(`{},`) + `{}]}`,
		"unexpected entries": `{"objects":[` + fill(`1,`) + `1]}`,
	}
	var types strings.Builder
	types.WriteString("ip,type,comment\n")
	for i := range 100_000 {
		fmt.Fprintf(&types, "198.51.100.%d,type%d,\n203.0.%d.%d,ip,words %d\n", i%256, i, i>>8, i&255, i)
	}
	cases["many types and words"] = types.String()
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			l, err := Read("list", strings.NewReader(text), Options{})
			if err != nil {
				if n := len(err.Error()); n > 500 {
					t.Errorf("an error of %d bytes", n)
				}
				return
			}
			kept := len(l.arena)
			for _, s := range l.Skipped {
				kept += len(s.First) * maxLine / 1000
			}
			if kept > len(text) || len(l.Skipped) > maxReasons+1 || len(l.Doubts) > maxDoubts || len(l.words) > maxWords {
				t.Errorf("%d bytes, %d reasons, %d doubts, %d words kept", kept, len(l.Skipped), len(l.Doubts), len(l.words))
			}
			if hits := setOf(t, Limits{}, l).DNS(&record.DNS{Query: strings.Repeat("a.", 126) + "b"}, 1, nil); len(hits) != 0 {
				t.Errorf("%d hits", len(hits))
			}
		})
	}
}
