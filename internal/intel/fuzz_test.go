package intel

import (
	"strings"
	"testing"

	"candor/internal/record"
	"candor/internal/verdict"
)

// FuzzRead: whatever is read stays in its bounds, is counted, and every entry is found by its own text.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"# Updated: 2025-01-01\n198.51.100.7\nevil.example # x\nhxxp://a[.]b/c\n", "ip,comment\n198.51.100.7,\"a\nb\"\n", "#fields\tindicator\tindicator_type\n1.2.3.4\tIntel::ADDR\n",
		mispEvent, bundle(indicator("[ipv4-addr:value IN ('198.51.100.7','x') AND network-traffic:dst_port = 1]", "")), "[{}]", "\ufeff||x.example^\n0.0.0.0 y.example\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Read("list", strings.NewReader(text), Options{MaxBytes: 1 << 16, MaxIndicators: 100})
		if err != nil {
			return
		}
		total := 0
		for _, n := range l.Counts {
			total += n
		}
		if total != len(l.entries) || total > 100 {
			t.Errorf("%d counted, %d entries", total, len(l.entries))
		}
		s, err := NewSet(Limits{}, l)
		if err != nil {
			t.Fatal(err)
		}
		s.Status(0)
		if l.Quarantine != "" {
			return
		}
		for i := range l.entries {
			e := &l.entries[i]
			text := l.text(e)
			var hits []Hit
			switch e.kind {
			case Address, Domain:
				hits = s.host(text, probe{}, nil)
			case Network:
				hits = s.host(text[:strings.IndexByte(text, '/')], probe{}, nil)
			case URL:
				host, path, _ := strings.Cut(text, "/")
				hits = s.HTTP(&record.HTTP{Host: host, URI: "/" + path}, 0, nil)
			case JA4:
				hits = s.TLS(&record.TLS{JA4: text}, 0, nil)
			case Certificate:
				hits = s.TLS(&record.TLS{CertSHA256: text}, 0, nil)
			}
			if !contains(hits, l.text(e)) {
				t.Errorf("%s %q is not found", e.kind, text)
			}
		}
	})
}

func contains(hits []Hit, indicator string) bool {
	for _, h := range hits {
		if h.Indicator == indicator {
			return true
		}
	}
	return false
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{
		"[ipv4-addr:value = '198.51.100.7']", "([domain-name:value IN ('a','b')] FOLLOWEDBY [x509-certificate:hashes.'SHA-256' = 'a']) WITHIN 5 SECONDS",
		"[a:b[*].'c' NOT = 'd' OR (e:f >= 1 AND g:h LIKE 'i')]", "[network-traffic:dst_port IN (1,2)]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		list, reason := readPattern(pattern)
		if (reason == "") != (len(list) > 0) {
			t.Errorf("%d indicators, reason %q", len(list), reason)
		}
	})
}

func FuzzSafelist(f *testing.F) {
	f.Add(safeSample)
	f.Add("safelist:\n  - {source: 10.0.0.0/8, who: a, why: b, until: 2026-01-01}\n")
	f.Add("safelist: &a [*a]")
	f.Add("a:\n- - - - b: [{c: d}]\n\t")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSafelist("list", []byte(text))
		if err != nil {
			if strings.TrimSpace(err.Error()) == "" {
				t.Error("an error without words")
			}
			return
		}
		for i := range s.Entries {
			if e := &s.Entries[i]; e.Who == "" || e.Why == "" || e.Until == 0 || len(e.Sources)+len(e.Destinations)+len(e.Domains) == 0 && e.JA4 == "" {
				t.Errorf("entry without its duties: %+v", e)
			}
		}
		s.Match(&verdict.Finding{Kind: "beacon", Source: "10.0.0.1", Destinations: []string{"x"}}, 1)
	})
}
