package ingest_test

import (
	"math"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/ingest"
	"candor/internal/record"
)

func TestSeconds(t *testing.T) {
	for in, want := range map[string]record.Time{
		"0": 0, "1517336042.090842": 1517336042090842000, "0.000068": 68000, "22.335172": 22335172000, "-1.5": -1500000000, "12.": 12000000000,
		"1.1234567899": 1123456789, "4.294967e+09": 4294967000000000000, "1e-3": 1000000, "9200000000": 9200000000000000000, "5E0": 5000000000,
	} {
		if got, ok := ingest.Seconds([]byte(in)); !ok || got != want {
			t.Errorf("%s: %d, %v; want %d", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "-", ".5", "1.5x", "1e", "1e+99", "9999999999", "99999999999999999999999", "1 2", "XXXXXXXXXX.XXXXXX", "NaN", "1.2.3"} {
		if got, ok := ingest.Seconds([]byte(in)); ok {
			t.Errorf("%s: %d", in, got)
		}
	}
}

// TestSecondsExact: what Zeek writes with six decimals comes back to the microsecond.
func TestSecondsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(0, 4e15).Draw(t, "microseconds")
		text := strconv.FormatInt(us/1e6, 10) + "." + strconv.FormatInt(1e6+us%1e6, 10)[1:]
		if got, ok := ingest.Seconds([]byte(text)); !ok || got != record.Time(us*1000) {
			t.Fatalf("%s: %d, %v", text, got, ok)
		}
	})
}

func TestISOTime(t *testing.T) {
	at := func(s string) record.Time {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return record.TimeOf(v)
	}
	for in, want := range map[string]record.Time{
		"2021-06-06T15:57:37.272281+0200":  at("2021-06-06T13:57:37.272281Z"),
		"2021-06-06T15:57:37+02:00":        at("2021-06-06T13:57:37Z"),
		"2021-06-06T15:57:37-0330":         at("2021-06-06T19:27:37Z"),
		"2021-06-06T15:57:37Z":             at("2021-06-06T15:57:37Z"),
		"2021-06-06 15:57:37,5":            at("2021-06-06T14:57:37.5Z"), // the offset given below
		"2015-01-13T09:33:15.812714500Z":   at("2015-01-13T09:33:15.8127145Z"),
		"2020-02-29T00:00:00Z":             at("2020-02-29T00:00:00Z"),
		"2021-06-06T15:57:60Z":             at("2021-06-06T15:58:00Z"), // a leap second
		"2021-06-06T15:57:37.123456789+02": at("2021-06-06T13:57:37.123456789Z"),
	} {
		if got, ok := ingest.ISOTime([]byte(in), record.Hour); !ok || got != want {
			t.Errorf("%s: %v, %v; want %v", in, got.Std(), ok, want.Std())
		}
	}
	for _, in := range []string{"", "2021-06-06", "2021-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-06-06T24:00:00Z", "2021-06-06T15:57:37+2", "2021-06-06T15:57:37.Z", "2021-06-06T15:57:37 CEST", "9999-01-01T00:00:00Z", "XXXX-XX-XXTXX:XX:XXZ"} {
		if got, ok := ingest.ISOTime([]byte(in), 0); ok {
			t.Errorf("%s: %v", in, got.Std())
		}
	}
}

func TestFarDate(t *testing.T) {
	for text, want := range map[string]record.Time{
		"9999-12-31T23:59:59": math.MaxInt64, "2262-01-01 00:00:00": math.MaxInt64, "0001-01-01T00:00:00": math.MinInt64,
		"253402300799": math.MaxInt64, "253402300799.000000": math.MaxInt64, "-62135596800.0": math.MinInt64,
		"2026-11-24T10:00:00": 0, "9200000000": 0, "9999-12-31": 0, "": 0, "-": 0, ".": 0, "253402300799.x": 0, "never": 0, "99999999999999999": 0,
	} {
		if got, ok := ingest.FarDate([]byte(text)); got != want || ok != (want != 0) {
			t.Errorf("%q: %d %v, want %d", text, got, ok, want)
		}
	}
}

func TestAddr(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.2.15": "10.0.2.15", "255.255.255.255": "255.255.255.255", "fe80::1%eth0": "fe80::1", "[::1]": "::1", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:718:2:1663:dc58:6d9:ef13:51a5": "2001:718:2:1663:dc58:6d9:ef13:51a5", "0.0.0.0": "0.0.0.0",
	} {
		if got, ok := ingest.Addr([]byte(in)); !ok || got != netip.MustParseAddr(want) {
			t.Errorf("%s: %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "-", "10.0.2", "10.0.2.256", "10.0.2.15.1", "10..2.15", "010.0.0.1", "bro", "LOCAL", "1.2.3.4.", ".1.2.3.4"} {
		if got, ok := ingest.Addr([]byte(in)); ok {
			t.Errorf("%s: %v", in, got)
		}
	}
}

// TestAddrAsNetip: the reader without allocations agrees with the library about every text.
func TestAddrAsNetip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9]{0,3}(\.[0-9]{0,3}){2,4}`).Draw(t, "text")
		want, err := netip.ParseAddr(text)
		got, ok := ingest.Addr([]byte(text))
		if ok != (err == nil) || ok && got != want {
			t.Fatalf("%s: %v, %v; the library says %v, %v", text, got, ok, want, err)
		}
	})
}

func TestMAC(t *testing.T) {
	want := record.MAC{0x3c, 0x52, 0x82, 0x1a, 0x90, 0x4e}
	for _, in := range []string{"3c:52:82:1a:90:4e", "3C-52-82-1A-90-4E"} {
		if got, ok := ingest.MAC([]byte(in)); !ok || got != want {
			t.Errorf("%s: %v, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "3c:52:82:1a:90", "3c:52:82:1a:90:4g", "3c52821a904e", "3c:52:82:1a:90 4e"} {
		if _, ok := ingest.MAC([]byte(in)); ok {
			t.Errorf("%s", in)
		}
	}
}

func TestCount64(t *testing.T) {
	for in, want := range map[string]uint64{"0": 0, "12": 12, "12.0": 12, "18446744073709551615": 1<<64 - 1} {
		if got, ok := ingest.Count64([]byte(in)); !ok || got != want {
			t.Errorf("%s: %d, %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "-1", "1.5", "18446744073709551616", "1e3", "+1"} {
		if got, ok := ingest.Count64([]byte(in)); ok {
			t.Errorf("%s: %d", in, got)
		}
	}
}

func TestSniff(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want ingest.Kind
	}{
		"zeek":            {"#separator \\x09\n#path\tconn\n", ingest.ZeekTSV},
		"zeek after junk": {"### BTest baseline data\n\t#separator \\x09\n", ingest.ZeekTSV},
		"zeek json":       {`{"ts":1517336042.279652,"uid":"C1"}`, ingest.ZeekJSON},
		"zeek iso":        {`{"_path":"conn","ts":"2020-01-01T00:00:00Z"}`, ingest.ZeekJSON},
		"suricata":        {`{"timestamp":"2021-06-06T15:57:37.272281+0200","flow_id":1,"event_type":"flow"}`, ingest.Suricata},
		"winlogbeat":      {`{"@timestamp":"2021-06-06T15:57:37Z","winlog":{"event_id":4624}}`, ingest.WindowsJSON},
		"nxlog":           {`{"EventTime":"2021-06-06 15:57:37","EventID":4625}`, ingest.WindowsJSON},
		"rfc3164":         {"<34>Oct  7 22:14:15 host su: hello", ingest.Syslog},
		"no priority":     {"Oct  7 22:14:15 host sshd[1]: hello", ingest.Syslog},
		"rfc5424":         {"<165>1 2003-10-11T22:14:15.003Z host app - ID47 - hello", ingest.Syslog},
		"rsyslog":         {"2024-01-01T00:00:00.123456+01:00 host sshd[1]: hello", ingest.Syslog},
		"cef":             {"CEF:0|V|P|1|2|n|3|rt=1", ingest.CEF},
		"cef in syslog":   {"<34>Oct  7 22:14:15 host CEF:0|V|P|1|2|n|3|rt=1", ingest.CEF},
		"leef":            {"LEEF:2.0|V|P|1|2|^|src=1", ingest.LEEF},
		"with a mark":     {"\xef\xbb\xbf" + `{"event_type":"dns","timestamp":"x"}`, ingest.Suricata},
		"empty":           {"", ingest.Unknown},
		"a capture":       {"\xd4\xc3\xb2\xa1\x02\x00\x04\x00", ingest.Unknown},
		"text":            {"hello\nworld\n", ingest.Unknown},
		"other json":      {`{"a":1}`, ingest.Unknown},
	} {
		if got := ingest.Sniff([]byte(c.head)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	var w ingest.Words
	for i := range 10000 {
		if got := w.Of([]byte(strconv.Itoa(i))); got != strconv.Itoa(i) {
			t.Fatalf("%d: %s", i, got)
		}
	}
	word := []byte("ShADadfF")
	w.Of(word)
	if n := testing.AllocsPerRun(100, func() { w.Of(word) }); n != 0 {
		t.Errorf("%.0f allocations for a known word", n)
	}
}
