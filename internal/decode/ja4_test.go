package decode

import (
	"strings"
	"testing"
)

func list16(s string) (out []uint16) {
	for _, field := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' }) {
		out = append(out, be16(unhex(field)))
	}
	return out
}

// helloBytes is a client hello in one record, with these lists and the raw first protocol; protocol nil leaves the extension out.
func helloBytes(version int, ciphers, extensions, algorithms, versions []uint16, protocol []byte) []byte {
	lists := func(v []uint16) (b []byte) {
		for _, x := range v {
			b = append(b, u16(int(x))...)
		}
		return b
	}
	var ext []byte
	for _, e := range extensions {
		var data []byte
		switch e {
		case 0:
			data = join(u16(8), []byte{0}, u16(5), []byte("a.xyz"))
		case 13:
			data = join(u16(2*len(algorithms)), lists(algorithms))
		case 16:
			data = join(u16(1+len(protocol)), []byte{byte(len(protocol))}, protocol)
		case 43:
			data = join([]byte{byte(2 * len(versions))}, lists(versions))
		}
		ext = join(ext, u16(int(e)), u16(len(data)), data)
	}
	body := join(u16(version), make([]byte, 32), []byte{0}, u16(2*len(ciphers)), lists(ciphers), []byte{1, 0}, u16(len(ext)), ext)
	return join([]byte{22, 3, 1}, u16(4+len(body)), []byte{1, 0}, u16(len(body)), body)
}

// TestJA4Published computes the fingerprints that are published with their lists: in the description of JA4, with its captures, and in Suricata's tests.
func TestJA4Published(t *testing.T) {
	const chrome = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
	const algorithms = "0403,0804,0401,0503,0805,0501,0806,0601"
	for _, c := range []struct {
		want       string
		transport  byte
		ciphers    string
		extensions string
		algorithms string
		protocol   string
	}{
		{"t13d1516h2_8daaf6152771_e5627efa2ab1", JA4TCP, chrome, "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015", algorithms, "h2"},
		{"t13d1516h2_8daaf6152771_02713d6af862", JA4TCP, chrome, "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,fe0d", algorithms, "h2"},
		{"t13d1516h2_8daaf6152771_02713d6af862", JA4TCP, "2a2a," + chrome, "caca,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,fe0d,1a1a", "5a5a," + algorithms, "h2"},
		{"q13d0310h3_55b375c5d22e_cd85d2d88918", JA4QUIC, "1301,1302,1303", "4469,000a,000d,0000,001b,002b,002d,0010,0033,0039", algorithms + ",0201", "h3"},
	} {
		var h ClientHello
		b := helloBytes(0x0303, list16(c.ciphers), list16(c.extensions), list16(c.algorithms), []uint16{0x8a8a, 0x0303, 0x0304}, []byte(c.protocol))
		if got := TLSClientHello(b, &h); got != Done {
			t.Fatalf("%s: %s", c.want, got)
		}
		if got := JA4(&h, c.transport); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	h := ClientHello{
		Version: 0x0303, HasSNI: true, ALPN: []string{"h3-16"}, CipherSuites: list16("1111,0a20,fafa,bada"),
		Extensions: list16("0000,0010,face,0121,1234"), SignatureAlgs: list16("6666"),
	}
	// Suricata counts bada and hashes it; fafa is the reserved one of the two
	if got := JA4(&h, JA4QUIC); got != "q12d0305h6_f500716053f9_2debc8880bae" {
		t.Errorf("%s, want Suricata's q12d0305h6_f500716053f9_2debc8880bae", got)
	}
}

func TestJA4Forms(t *testing.T) {
	many := make([]uint16, 200)
	for i := range many {
		many[i] = uint16(0x100 + i)
	}
	one, few := []uint16{0x1301}, []uint16{0, 13, 16, 43}
	for _, c := range []struct {
		name       string
		version    int
		ciphers    []uint16
		extensions []uint16
		versions   []uint16
		protocol   string
		want       string // the first part
	}{
		{"one letter", 0x0303, one, few, []uint16{0x0304}, "x", "t13d0104xx"},
		{"empty", 0x0303, one, few, []uint16{0x0304}, "", "t13d010400"},
		{"slash inside", 0x0303, one, few, []uint16{0x0304}, "http/1.1", "t13d0104h1"},
		{"last not a letter", 0x0303, one, few, []uint16{0x0304}, "\x30\xab", "t13d01043b"},
		{"first not a letter", 0x0303, one, few, []uint16{0x0304}, "\xab0", "t13d0104a0"},
		{"neither", 0x0303, one, few, []uint16{0x0304}, "\xab\xcd", "t13d0104ad"},
		{"letters, then others", 0x0303, one, few, []uint16{0x0304}, "01\xab\xcd", "t13d01043d"},
		{"capitals", 0x0303, one, few, []uint16{0x0304}, "AZ", "t13d0104AZ"},
		{"beside the digits", 0x0303, one, few, []uint16{0x0304}, "/:", "t13d01042a"},
		{"beside the letters", 0x0303, one, few, []uint16{0x0304}, "@h{", "t13d01044b"},
		{"a letter of another alphabet", 0x0303, one, few, []uint16{0x0304}, "h\xc3\xa9", "t13d010469"},
		{"one byte, not a letter", 0x0303, one, few, []uint16{0x0304}, "\xab", "t13d0104ab"},
		{"letters around others", 0x0303, one, few, []uint16{0x0304}, "0\xab\xcd1", "t13d010401"},
		{"backslash", 0x0303, one, few, []uint16{0x0304}, "\\h\\", "t13d01045c"},
		{"underscores", 0x0303, one, few, []uint16{0x0304}, "_", "t13d01045f"},
		{"a reserved one", 0x0303, one, few, []uint16{0x0304}, "\x0a\x0a", "t13d01040a"},
		{"no name", 0x0303, one, []uint16{13, 43, 16}, []uint16{0x0304}, "h2", "t13i0103h2"},
		{"no protocol", 0x0303, one, []uint16{13, 43, 0}, []uint16{0x0304}, "", "t13d010300"},
		{"counts over 99", 0x0303, many, append(many[:150:150], 43), []uint16{0x0304}, "", "t13i999900"},
		{"highest version offered", 0x0303, one, few, []uint16{0x0302, 0xfafa, 0x0303, 0x0301}, "h2", "t12d0104h2"},
		{"lower than the field", 0x0303, one, few, []uint16{0x0301}, "h2", "t10d0104h2"},
		{"no list of versions", 0x0302, one, few[:3], nil, "h2", "t11d0103h2"},
		{"only reserved versions", 0x0301, one, few, []uint16{0x7a7a}, "h2", "t10d0104h2"},
		{"an unknown version", 0x0303, one, few, []uint16{0x7f1c}, "h2", "t00d0104h2"},
		{"Facebook's version of a draft", 0x0303, one, few, []uint16{0xfb1a}, "h2", "t00d0104h2"},
		{"the same beside TLS 1.3, which is lower", 0x0303, one, few, []uint16{0xfb1a, 0x0304, 0x0303}, "h2", "t00d0104h2"},
		{"a draft beside TLS 1.3, the highest counts", 0x0303, one, few, []uint16{0x0304, 0x7f1c}, "h2", "t00d0104h2"},
		{"SSL 3", 0x0300, one, nil, nil, "", "ts3i010000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h ClientHello
			if got := TLSClientHello(helloBytes(c.version, c.ciphers, c.extensions, []uint16{0x0403}, c.versions, []byte(c.protocol)), &h); got != Done {
				t.Fatal(got)
			}
			got := JA4(&h, JA4TCP)
			if first, _, _ := strings.Cut(got, "_"); first != c.want || len(got) != 36 {
				t.Errorf("%s, want %s", got, c.want)
			}
			if none := strings.HasSuffix(got, "_000000000000"); none != (len(c.extensions) == 0) {
				t.Errorf("%s", got)
			}
		})
	}
	order := func(ciphers, extensions, algorithms string) string {
		return JA4(&ClientHello{Version: 0x0303, CipherSuites: list16(ciphers), Extensions: list16(extensions), SignatureAlgs: list16(algorithms)}, JA4TCP)
	}
	base := order("1301,1302", "000a,000d", "0403,0804")
	if order("1302,1301", "000d,000a", "0403,0804") != base {
		t.Error("the order of ciphers or extensions counts")
	}
	if order("1301,1302", "000a,000d", "0804,0403") == base {
		t.Error("the order of signature algorithms does not count")
	}
	if got := JA4(&ClientHello{}, JA4DTLS); got != "d00i000000_000000000000_000000000000" {
		t.Errorf("of nothing: %s", got)
	}
}

func FuzzJA4(f *testing.F) {
	f.Add([]byte("\x13\x01\x13\x02"), []byte{0, 0, 0, 16}, []byte("h2"))
	f.Add([]byte{}, []byte{0x0a, 0x0a}, []byte("\xff_"))
	f.Fuzz(func(t *testing.T, ciphers, extensions, protocol []byte) {
		half := func(b []byte) (out []uint16) {
			for ; len(b) > 1 && len(out) < 120; b = b[2:] {
				out = append(out, be16(b))
			}
			return out
		}
		var h ClientHello
		b := helloBytes(0x0303, half(ciphers), half(extensions), half(ciphers), half(extensions)[:min(100, len(extensions)/2)], protocol[:min(len(protocol), 255)])
		if TLSClientHello(b, &h) != Done {
			return
		}
		got := JA4(&h, JA4TCP)
		if len(got) != 36 || got[10] != '_' || got[23] != '_' {
			t.Fatal(got)
		}
		for i := range len(got) {
			if i != 10 && i != 23 && !alphanumeric(got[i]) {
				t.Fatal(got)
			}
		}
	})
}
