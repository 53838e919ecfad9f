package visible_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"candor/internal/visible"
)

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", "dc-servers 5", "dc-servers 5"},
		{"letters of the world", "Zürich 名前 العربية", "Zürich 名前 العربية"},
		{"escape", "\x1b[31mred", `\x1b[31mred`},
		{"line break", "a\r\nb\tc", `a\x0d\x0ab\x09c`},
		{"nul and delete", "\x00\x7f", `\x00\x7f`},
		{"c1 control", "\u009b31m", `\u{9b}31m`},
		{"turned writing", "a\u202eb\u2066c\u200fd", `a\u{202e}b\u{2066}c\u{200f}d`},
		{"nothing to see", "a\u200bb\ufeffc\u00add\u3164e", `a\u{200b}b\u{feff}c\u{ad}d\u{3164}e`},
		{"other blanks", "a\u00a0b\u2003c\u2028d", `a\u{a0}b\u{2003}c\u{2028}d`},
		{"tag letters", "a\U000e0041", `a\u{e0041}`},
		{"invalid", "a\xff\xc3", `a\xff\xc3`},
		{"the replacement character itself", "a\ufffdb", "a\ufffdb"},
		{"private use", "\ue000", `\u{e000}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := visible.Text(tt.in); got != tt.want {
				t.Errorf("visible.Text(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
	long := visible.Text(strings.Repeat("é", 5000))
	if !strings.HasSuffix(long, " (and 5904 bytes more)") || len(long) > 4200 {
		t.Errorf("a long text ends with %q, %d bytes", long[len(long)-40:], len(long))
	}
}

// FuzzText holds that of any bytes nothing is left that would act.
func FuzzText(f *testing.F) {
	for _, s := range []string{"\x1b[2J<script>\u202e", "plain", "\u202e", strings.Repeat("\xff", 5000), "e\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := visible.Text(s)
		if !utf8.ValidString(got) {
			t.Fatalf("invalid UTF-8: %q", got)
		}
		for _, r := range got {
			if r != ' ' && (!unicode.IsGraphic(r) || unicode.IsSpace(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Fatalf("%U is left", r)
			}
		}
		if again := visible.Text(got); len(s) <= 4096/6 && again != got {
			t.Fatalf("seen twice it differs: %q, %q", got, again)
		}
	})
}
