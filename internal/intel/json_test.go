package intel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const mispEvent = `{"Event":{"info":"Bot of the bank","date":"2025-01-03","publish_timestamp":"1735862400","Orgc":{"name":"x"},
"Attribute":[
 {"type":"ip-dst","value":"198.51.100.7","to_ids":true,"comment":"first one","timestamp":"1735689600","category":"Network activity"},
 {"type":"ip-dst|port","value":"198.51.100.8|8443","to_ids":true,"timestamp":1735689600},
 {"type":"domain|ip","value":"evil.example|198.51.100.9","to_ids":true,"last_seen":"2025-01-02T03:04:05.000000+00:00"},
 {"type":"url","value":"http://evil2.example/gate","to_ids":"1"},
 {"type":"hostname","value":"www.evil3.example","to_ids":true},
 {"type":"sha256","value":"00","to_ids":true},
 {"type":"x509-fingerprint-sha1","value":"da39a3ee5e6b4b0d3255bfef95601890afd80709","to_ids":true},
 {"type":"ip-src","value":"8.8.8.8","to_ids":false},
 {"type":"ip-src","value":"198.51.100.10","to_ids":true,"deleted":true},
 {"type":"domain","value":7,"to_ids":true},
 {"type":"domain","value":"198.51.100.11","to_ids":true}],
"ShadowAttribute":[{"type":"ip-dst","value":"198.51.100.66","to_ids":true}],
"RelatedEvent":[{"Event":{"info":"other","date":"2030-01-01","Attribute":[{"type":"ip-dst","value":"198.51.100.67","to_ids":true}]}}],
"Object":[{"name":"x509","Attribute":[{"type":"x509-fingerprint-sha256","value":"` + sampleHash + `","to_ids":true,"object_relation":"x"}]},
 {"name":"ja4-plus","Attribute":[{"type":"text","object_relation":"ja4-fingerprint","value":"` + sampleJA4 + `"}]}]}}`

func TestReadMISP(t *testing.T) {
	want := []string{
		`address 198.51.100.7 attribute 1 2025-01-01 "first one"`, "address 198.51.100.8:8443 attribute 2 2025-01-01",
		"domain evil.example attribute 3 2025-01-02 sub", "address 198.51.100.9 attribute 3 2025-01-02", "url evil2.example/gate attribute 4",
		"domain www.evil3.example attribute 5", "certificate " + strings.ToLower(sampleHash) + " attribute 12", "ja4 " + sampleJA4 + " attribute 13",
	}
	wantSkips := []string{
		"1 a field of an unexpected type", "1 deleted", "1 not meant for detection (to_ids is false)", "1 not of the kind its type says",
		"1 SHA-1 (records carry SHA-256 of certificates)", "1 type sha256",
	}
	forms := map[string]string{
		"event": mispEvent, "response": `{"response":[` + mispEvent + `]}`, "list": "[ " + mispEvent + "]", "bare": strings.TrimSuffix(strings.TrimPrefix(mispEvent, `{"Event":`), "}"),
	}
	for name, text := range forms {
		t.Run(name, func(t *testing.T) {
			l := mustRead(t, text, Options{})
			if diff := cmp.Diff(want, dump(l)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			got := map[string]bool{}
			for _, s := range skips(l) {
				got[s] = true
			}
			for _, s := range wantSkips {
				if !got[s] {
					t.Errorf("not skipped: %s, in %v", s, skips(l))
				}
			}
			if l.Format != "misp" || l.Title != "Bot of the bank" || l.Date != parseDate("2025-01-03") {
				t.Errorf("format %s, title %q, date %v", l.Format, l.Title, l.Date.Std())
			}
		})
	}
	two := mustRead(t, "["+mispEvent+","+strings.ReplaceAll(mispEvent, "198.51.100.", "198.51.101.")+"]", Options{})
	if two.Title != "Bot of the bank, and 1 more events" || two.Counts[Address] != 6 || two.Duplicates != 5 {
		t.Errorf("two events: %q, %v, %d duplicates", two.Title, two.Counts, two.Duplicates)
	}
}

func bundle(objects ...string) string {
	return `{"type":"bundle","id":"bundle--1","objects":[` + strings.Join(objects, ",") + `]}`
}

func indicator(pattern, more string) string {
	return fmt.Sprintf(`{"type":"indicator","id":"indicator--1","pattern_type":"stix","pattern":%q,"valid_from":"2025-01-02T00:00:00Z"%s}`, pattern, more)
}

func TestReadSTIX(t *testing.T) {
	l := mustRead(t, bundle(
		`{"type":"malware","name":"x","modified":"2025-02-01T00:00:00.000Z"}`,
		indicator("[ipv4-addr:value = '198.51.100.7']", `,"name":"C2 server","labels":["botnet"],"valid_until":"2025-03-01T00:00:00Z"`),
		indicator("[ipv4-addr:value = '198.51.100.8']", `,"revoked":true`),
		`{"type":"indicator","pattern_type":"yara","pattern":"rule x {}"}`,
		indicator("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", ""),
		`"what"`,
		`{"type":"ipv4-addr","value":"198.51.100.9"}`,
	), Options{})
	want := []string{`address 198.51.100.7 object 2 2025-01-02 until 2025-03-01 "C2 server (botnet)"`}
	if diff := cmp.Diff(want, dump(l)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantSkips := []string{"1 a field of an unexpected type", "1 pattern of type yara", "1 pattern: file:hashes.MD5", "1 revoked"}
	if diff := cmp.Diff(wantSkips, skips(l)); diff != "" {
		t.Errorf("skipped (-want +got):\n%s", diff)
	}
	if l.Format != "stix" || l.Date != parseDate("2025-02-01") {
		t.Errorf("format %s, date %v", l.Format, l.Date.Std())
	}
}

func TestPattern(t *testing.T) {
	cases := []struct{ pattern, want string }{
		{"[ipv4-addr:value = '198.51.100.7']", "198.51.100.7"},
		{"[ipv4-addr:value='198.51.100.0/24' OR ipv6-addr:value = '2001:db8::/32']", "198.51.100.0/24 2001:db8::/32"},
		{"[ipv4-addr:value ISSUBSET '198.51.100.0/24']", "198.51.100.0/24"},
		{"[domain-name:value IN ('a.example', 'b.example')]", "a.example b.example"},
		{"[url:value = 'http://a.example/it\\'s']", "http://a.example/it's"},
		{"[x509-certificate:hashes.'SHA-256' = 'ab']", "ab"},
		{"[x509-certificate:hashes.\"SHA-256\" = 'ab']", "ab"},
		{"[network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:dst_port = 443]", "198.51.100.7:443"},
		{"[network-traffic:dst_port = 443 AND network-traffic:protocols[*] = 'tcp' AND ipv4-addr:value = '198.51.100.7']", "198.51.100.7:443"},
		{"[(ipv4-addr:value = '198.51.100.7' OR ipv4-addr:value = '198.51.100.8') AND network-traffic:dst_port = 80]", "198.51.100.7:80 198.51.100.8:80"},
		{"[ipv4-addr:value = '198.51.100.7'] OR [domain-name:value = 'a.example']", "198.51.100.7 a.example"},
		{"([ipv4-addr:value = '198.51.100.7'] AND [domain-name:value = 'a.example']) WITHIN 600 SECONDS", "a.example(part)"},
		{"[domain-name:value = 'a.example' AND ipv4-addr:value = '198.51.100.7']", "a.example(part)"},
		{"[ipv4-addr:value = '198.51.100.7'] REPEATS 5 TIMES", "198.51.100.7(part)"},
		{"[ipv4-addr:value = '198.51.100.7'] FOLLOWEDBY [url:value = 'http://a.example/x']", "http://a.example/x(part)"},
		{"[ipv4-addr:value = '198.51.100.7'] START t'2025-01-01T00:00:00Z' STOP t'2025-02-01T00:00:00Z'", "198.51.100.7(part)"},
		{"[network-traffic:extensions.'tls-ext'.ja4 = 'x']", "x"},
		{"[domain-name:value = 'a.example' AND file:name = 'x']", "!pattern: file:name"},
		{"[domain-name:value = 'a.example' AND domain-name:resolves_to_refs[*].value = '198.51.100.7']", "!pattern: domain-name:resolves_to_refs[*].value"},
		{"[domain-name:value LIKE '%.example']", "!pattern: operator LIKE"},
		{"[domain-name:value MATCHES 'x']", "!pattern: operator MATCHES"},
		{"[domain-name:value != 'a.example']", "!pattern: operator !="},
		{"[NOT domain-name:value = 'a.example']", "!pattern: NOT and EXISTS"},
		{"[domain-name:value NOT = 'a.example']", "!pattern: NOT and EXISTS"},
		{"[network-traffic:dst_port = 443]", "!pattern: only a port or protocol"},
		{"[network-traffic:dst_port = 443 OR ipv4-addr:value = '198.51.100.7']", "!pattern: a port or protocol alone"},
		{"[network-traffic:dst_port IN ()]", "!pattern: no or too many values"},
		{"[ipv4-addr:value = 'x'", "!pattern: not a STIX pattern"},
		{"[ipv4-addr:value = 'x]", "!pattern: not a STIX pattern"},
		{"[ipv4-addr:value = 'x'] extra", "!pattern: not a STIX pattern"},
		{"[]", "!pattern: operator "},
		{"", "!pattern: not a STIX pattern"},
		{strings.Repeat("(", 1000), "!pattern: nested too deeply"},
		{"[" + strings.Repeat("(", 1000), "!pattern: nested too deeply"},
		{strings.Repeat("x", maxPattern+1), "!pattern: too long"},
	}
	for _, c := range cases {
		t.Run(plainWords(c.pattern, 60), func(t *testing.T) {
			list, reason := readPattern(c.pattern)
			var words []string
			for _, f := range list {
				w := f.value
				if f.port != 0 {
					w += fmt.Sprintf(":%d", f.port)
				}
				if f.partial {
					w += "(part)"
				}
				words = append(words, w)
			}
			got := strings.Join(words, " ")
			if reason != "" {
				got = "!" + reason
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
