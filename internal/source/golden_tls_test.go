package source_test

import (
	"testing"

	gt "candor/internal/source/goldentest"
)

// JA4 by its public description (https://github.com/FoxIO-LLC/ja4, technical_details/JA4.md), of the hello that [gt.Client13] gives: transport,
// version 13, name or none (d, i), two ciphers, so many extensions, first and last character of the first protocol; then the first 12 digits of
// the SHA-256 of "1301,1302" and of "000a,000d,002b,0033_0403,0804", both worked out with sha256sum.
const (
	ja4Client13 = "t13d020500_62ed6f6ca7ad_e12c865f31a5"
	ja4Tail13   = "_62ed6f6ca7ad_e12c865f31a5"
)

func tlsGoldens(t *testing.T) []golden {
	p := web()
	talk13 := func(says ...gt.Say) []byte {
		return file(p.Stream(append(says, gt.S(gt.Answer13()), gt.C(gt.Finish13()))...))
	}
	plain := gt.Client13("www.example.org", "h2", "http/1.1")
	hello := plain.Record()
	message := plain.Message()
	wide := gt.Client13("www.example.org", "h2")
	wide.Suites = append([]int{0x0a0a}, wide.Suites...)
	wide.Extensions = append([]gt.Extension{{Kind: 0x1a1a}}, wide.Extensions...)
	wide.Extensions[3], wide.Extensions[5] = gt.Groups(0x3a3a, 29), gt.Versions(0x2a2a, 0x0304)
	wide.Extensions = append(wide.Extensions, gt.Extension{Kind: 0xfafa, Data: []byte{0}})
	ech := gt.Client13("cover.example.net")
	ech.Extensions = append(ech.Extensions, gt.Extension{Kind: 0xfe0d, Data: gt.Join(gt.Hex("00 0001 0001 2a"), gt.Len16(gt.Zeros(32)), gt.Len16(gt.Zeros(64)))})
	retry := gt.Join(gt.U16(0x0303), gt.Hex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"), gt.Hex("00 1301 00"), gt.Len16(gt.U16(43, 2, 0x0304, 51, 2, 23)))
	done := webConn + " ssl SF"
	named := "tls www.example.org TLSv13 - established"
	h2 := "ja4 t13d0206h2" + ja4Tail13
	return append([]golden{
		{name: "tls13.pcap", file: talk13(gt.C(hello)), want: words(done, named, h2)},
		{name: "tls-hello-in-three-segments.pcap", file: talk13(gt.C(hello[:3]), gt.C(hello[3:90]), gt.C(hello[90:])), want: words(done, named, h2)},
		{
			name: "tls-hello-in-three-records.pcap", want: words(done, named, h2),
			file: talk13(gt.C(gt.TLSRecord(22, 0x0301, message[:2]), gt.TLSRecord(22, 0x0301, message[2:70]), gt.TLSRecord(22, 0x0301, message[70:]))),
		},
		{
			name: "tls-hello-retried.pcap", want: words(done, named, h2),
			file: talk13(gt.C(hello), gt.S(gt.TLSRecord(22, 0x0303, gt.Handshake(2, retry)), gt.TLSRecord(20, 0x0303, []byte{1})), gt.C(gt.TLSRecord(20, 0x0303, []byte{1}), gt.TLSRecord(22, 0x0303, message))),
		},
		// The reserved values of RFC 8701 do not count.
		{name: "tls-grease.pcap", file: talk13(gt.C(wide.Record())), want: words(done, named, h2)},
		{
			name: "tls-without-name.pcap", file: talk13(gt.C(gt.Client13("", "h2").Record())),
			want: words(done, "tls - TLSv13 - established", "ja4 t13i0205h2"+ja4Tail13),
		},
		{
			// One more extension, fe0d, in the second hash: sha256 of "000a,000d,002b,0033,fe0d_0403,0804".
			name: "tls-encrypted-client-hello.pcap", file: talk13(gt.C(ech.Record())),
			want: words(done, "tls cover.example.net TLSv13 - established", "ja4 t13d020600_62ed6f6ca7ad_c7112704c764"),
		},
		{
			name: "tls-refused-by-alert.pcap", file: file(p.Stream(gt.C(hello), gt.S(gt.TLSRecord(21, 0x0303, []byte{2, 40})))),
			want: words(done, "tls www.example.org - -", h2),
		},
		{name: "tls-server-only.pcap", file: file(p.Stream(gt.S(gt.Answer13()))), want: words(done, "tls - TLSv13 -")},
	}, append(hostileHelloGoldens(), tls12Goldens(t)...)...)
}

// hostileHelloGoldens: names and protocols are bytes of a stranger's choice. JA4 stays 36 letters and digits: where the first or last byte of the
// protocol is neither, they become the first digit of the first byte's hex and the last digit of the last byte's.
func hostileHelloGoldens() (out []golden) {
	for _, c := range []struct{ name, protocol, ja4 string }{
		{"tls-alpn-one-high-byte.pcap", "\xab", "ab"},
		{"tls-alpn-two-high-bytes.pcap", "\xab\xcd", "ad"},
		{"tls-alpn-digit-then-high-byte.pcap", "0\xab", "3b"},
		{"tls-alpn-ends-high.pcap", "01\xab\xcd", "3d"},
		{"tls-alpn-high-inside.pcap", "0\xab\xcd1", "01"},
		{"tls-alpn-one-letter.pcap", "h", "hh"},
		{"tls-alpn-quote-and-newline.pcap", "\"\n", "2a"},
		{"tls-alpn-underscore.pcap", "_h2_", "5f"},
	} {
		out = append(out, golden{
			name: c.name, file: file(web().Stream(gt.C(gt.Client13("www.example.org", c.protocol, "h2").Record()), gt.S(gt.Answer13()), gt.C(gt.Finish13()))),
			want: words(webConn+" ssl SF", "tls www.example.org TLSv13 - established", "ja4 t13d0206"+c.ja4+ja4Tail13),
		})
	}
	return append(out, golden{
		name: "tls-name-of-strange-bytes.pcap",
		file: file(web().Stream(gt.C(gt.Client13("a\n\x1b[31m\"b\\\xff").Record()), gt.S(gt.Answer13()), gt.C(gt.Finish13()))),
		want: words(webConn+" ssl SF", `tls a\x0a\x1b[31m"b\\\xff TLSv13 - established`, "ja4 "+ja4Client13),
	})
}

// tls12Goldens: up to TLS 1.2 certificates are in the clear.
func tls12Goldens(t *testing.T) []golden {
	t.Helper()
	chain, err := gt.Chain("www.example.org", "www.example.org", "alt.example.org")
	if err != nil {
		t.Fatal(err)
	}
	p := web()
	hello := gt.Hello{
		Suites:     []int{0xc02f, 0x009c},
		Extensions: []gt.Extension{gt.ServerName("www.example.org"), gt.Groups(29, 23), gt.Algorithms(0x0403, 0x0401), gt.Protocols("h2", "http/1.1")},
	}.Record()
	server := gt.Hello{Suite: 0xc02f, Extensions: []gt.Extension{gt.Protocols("h2")}}.Message()
	change, finished := gt.TLSRecord(20, 0x0303, []byte{1}), gt.TLSRecord(22, 0x0303, gt.Zeros(40))
	certificate := gt.TLSRecord(22, 0x0303, gt.CertificateMessage(chain...))
	key := gt.TLSRecord(22, 0x0303, gt.Handshake(16, gt.Len8(gt.Zeros(32))))
	hellos := "ja4 t12d0204h2_08dfa304a768_180a63e2578f"
	cert := "cert CN=www.example.org of 2 by CN=Golden CA for www.example.org,alt.example.org"
	return []golden{
		{
			name: "tls12-certificate-chain.pcap", want: words(webConn+" ssl SF", "tls www.example.org TLSv12 h2 established", hellos, cert),
			file: file(p.Stream(
				gt.C(hello), gt.S(gt.TLSRecord(22, 0x0303, server), certificate[:200]), gt.S(certificate[200:], gt.TLSRecord(22, 0x0303, gt.Handshake(14))),
				gt.C(key, change, finished), gt.S(change, finished), gt.C(gt.Sealed(64)),
			)),
		},
		{
			name: "tls12-server-messages-in-one-record.pcap", want: words(webConn+" ssl SF", "tls www.example.org TLSv12 h2 established", hellos, cert),
			file: file(p.Stream(
				gt.C(hello), gt.S(gt.TLSRecord(22, 0x0303, server, gt.CertificateMessage(chain...), gt.Handshake(14))), gt.C(key, change, finished), gt.S(change, finished),
			)),
		},
		{
			// A server that sends no certificate takes an older session up again.
			name: "tls12-resumed.pcap", want: words(webConn+" ssl SF", "tls www.example.org TLSv12 h2 resumed established", hellos),
			file: file(p.Stream(gt.C(hello), gt.S(gt.TLSRecord(22, 0x0303, server), change, finished), gt.C(change, finished))),
		},
	}
}
