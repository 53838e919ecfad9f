package svg

import (
	"fmt"
	"strings"

	"candor/internal/visible"
)

// escape makes a text safe inside an element and inside a quoted attribute.
func escape(s string) string { return markup.Replace(visible.Text(s)) }

var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

// short cuts a label that would not fit into a drawing. The whole name stands in the tables beside it.
func short(s string, most int) string {
	r := []rune(visible.Text(s))
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most-1]) + "…"
}

// num prints a coordinate with at most two decimals.
func num(v float64) string {
	s := fmt.Sprintf("%.2f", v)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}
