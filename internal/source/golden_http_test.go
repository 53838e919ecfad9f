package source_test

import gt "candor/internal/source/goldentest"

func site() gt.Pair {
	return gt.Pair{Client: "10.1.0.7", Server: "203.0.113.80", ClientPort: 40001, ServerPort: 80}
}

func text(s string) []byte { return []byte(s) }

const siteConn = "conn tcp 10.1.0.7:40001 > 203.0.113.80:80"

func httpGoldens() []golden {
	p := site()
	request := func(path string) []byte {
		return text("GET " + path + " HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: golden/1\r\n\r\n")
	}
	ok := func(body string, head string) []byte { return text("HTTP/1.1 200 OK\r\n" + head + "\r\n" + body) }
	return append([]golden{
		{
			name: "http.pcap", file: file(p.Stream(gt.C(request("/a")), gt.S(ok("hello", "Content-Type: text/plain\r\nContent-Length: 5\r\n")))),
			want: words(siteConn+" http SF", "http GET www.example.org /a 200 0/5"),
		},
		{
			name: "http-pipelined.pcap",
			file: file(p.Stream(gt.C(request("/a"), request("/b")), gt.S(ok("one", "Content-Length: 3\r\n"), ok("four", "Content-Length: 4\r\n")))),
			want: words(siteConn+" http SF", "http GET www.example.org /a 200 0/3", "http GET www.example.org /b 200 0/4"),
		},
		{
			name: "http-chunked.pcap",
			file: file(p.Stream(gt.C(request("/a")), gt.S(ok("5\r\nhello\r\n", "Transfer-Encoding: chunked\r\n")), gt.S(text("6;x=y\r\n world\r\n0\r\n\r\n")), gt.C(request("/b")), gt.S(ok("", "Content-Length: 0\r\n")))),
			want: words(siteConn+" http SF", "http GET www.example.org /a 200 0/11", "http GET www.example.org /b 200 0/0"),
		},
		{
			name: "http-post-continued.pcap",
			file: file(p.Stream(
				gt.C(text("POST /up HTTP/1.1\r\nHost: www.example.org\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n")), gt.S(text("HTTP/1.1 100 Continue\r\n\r\n")),
				gt.C(text("some data")), gt.S(text("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")),
			)),
			want: words(siteConn+" http SF", "http POST www.example.org /up 201 9/0"),
		},
		{
			name: "http-until-closed.pcap", file: file(p.Stream(gt.C(request("/a")), gt.S(ok("as long as it goes on", "")))),
			want: words(siteConn+" http SF", "http GET www.example.org /a 200 0/21"),
		},
		{
			name: "http-head-in-many-segments.pcap",
			file: file(p.Stream(gt.C(request("/a")[:2]), gt.C(request("/a")[2:25]), gt.C(request("/a")[25:]), gt.S(text("HTTP")), gt.S(text("/1.1 204 No Content\r\n\r\n")))),
			want: words(siteConn+" http SF", "http GET www.example.org /a 204 0/0"),
		},
		{
			name: "http-forwarded-for.pcap",
			file: file(p.Stream(gt.C(text("GET / HTTP/1.1\r\nHost: www.example.org\r\nX-Forwarded-For: 198.51.100.9, 10.0.0.1\r\nVia: 1.1 cache\r\n\r\n")), gt.S(text("HTTP/1.1 204 No Content\r\n\r\n")))),
			want: words(siteConn+" http SF", "http GET www.example.org / 204 0/0 proxied X-FORWARDED-FOR -> 198.51.100.9, 10.0.0.1; VIA -> 1.1 cache", "sight http_proxied 1"),
		},
		{
			name: "http-whole-uri-to-proxy.pcap",
			file: file(p.Stream(gt.C(text("GET http://www.example.org/a HTTP/1.1\r\nHost: www.example.org\r\n\r\n")), gt.S(text("HTTP/1.1 204 No Content\r\n\r\n")))),
			want: words(siteConn+" http SF", "http GET www.example.org http://www.example.org/a 204 0/0", "sight through_proxy 1"),
		},
		{
			name: "http-2-without-tls.pcap",
			file: file(p.Stream(gt.C(text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), gt.Hex("000000 04 00 00000000")), gt.S(gt.Hex("000000 04 00 00000000")))),
			want: words(siteConn + " http SF"), // its messages are not read
		},
		{
			name: "http-websocket.pcap",
			file: file(p.Stream(
				gt.C(text("GET /ws HTTP/1.1\r\nHost: www.example.org\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")),
				gt.S(text("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")), gt.C(gt.Hex("8185 00000000"), text("hello")), gt.S(gt.Hex("8105"), text("hello")),
			)),
			want: words(siteConn+" http SF", "http GET www.example.org /ws 101 0/0"),
		},
		{
			name: "http-lines-without-return.pcap", file: file(p.Stream(gt.C(text("GET /a HTTP/1.1\nHost: www.example.org\n\n")), gt.S(text("HTTP/1.1 200 OK\nContent-Length: 2\n\nok")))),
			want: words(siteConn+" http SF", "http GET www.example.org /a 200 0/2"),
		},
		{
			name: "http-1.0-without-host.pcap", file: file(p.Stream(gt.C(text("GET /old HTTP/1.0\r\n\r\n")), gt.S(text("HTTP/1.0 200 OK\r\n\r\nold")))),
			want: words(siteConn+" http SF", "http GET - /old 200 0/3"),
		},
		{
			name: "http-response-only.pcap", file: file(p.Stream(gt.S(ok("hello", "Content-Length: 5\r\n")))),
			want: words(siteConn+" http SF", "http - - - 200 0/5"),
		},
		{
			name: "http-host-of-strange-bytes.pcap",
			file: file(p.Stream(gt.C(text("GET /\x00\xff HTTP/1.1\r\nHost: a\x1b[31m\r\n\r\n")), gt.S(text("HTTP/1.1 204 No Content\r\n\r\n")))),
			want: words(siteConn+" http SF", `http GET a\x1b[31m /\x00\xff 204 0/0`),
		},
	}, aroundTLSGoldens()...)
}

// aroundTLSGoldens: TLS that does not begin where the connection does, and lookups in TLS.
func aroundTLSGoldens() []golden {
	hello := gt.Client13("www.example.org", "h2").Record()
	rest := func(says ...gt.Say) []gt.Say { return append(says, gt.S(gt.Answer13()), gt.C(gt.Finish13())) }
	named, ja4 := "tls www.example.org TLSv13 - established", "ja4 t13d0206h2"+ja4Tail13
	proxy := gt.Pair{Client: "10.1.0.7", Server: "10.1.0.80", ClientPort: 40001, ServerPort: 3128}
	mail := gt.Pair{Client: "10.1.0.7", Server: "203.0.113.25", ClientPort: 40001, ServerPort: 25}
	front := gt.Pair{Client: "10.1.0.80", Server: "10.1.0.81", ClientPort: 40001, ServerPort: 8443}
	v2 := gt.Join(gt.Hex("0d0a0d0a000d0a515549540a 21 11 000c"), gt.IP("198.51.100.9"), gt.IP("203.0.113.80"), gt.U16(50000, 443))
	sealed := func(name, server string, port int, hello gt.Hello, want ...string) golden {
		pair := gt.Pair{Client: "10.1.0.7", Server: server, ClientPort: 40001, ServerPort: port}
		return golden{name: name, file: file(pair.Stream(rest(gt.C(hello.Record()))...)), want: want}
	}
	plain := "ja4 t13d0206h2" + ja4Tail13
	return []golden{
		{
			name: "connect-proxy.pcap",
			file: file(proxy.Stream(rest(gt.C(text("CONNECT www.example.org:443 HTTP/1.1\r\nHost: www.example.org:443\r\n\r\n")), gt.S(text("HTTP/1.1 200 Connection established\r\n\r\n")), gt.C(hello))...)),
			want: words("conn tcp 10.1.0.7:40001 > 10.1.0.80:3128 http,ssl SF", "http CONNECT www.example.org:443 www.example.org:443 200 0/0", named, ja4, "sight through_proxy 1"),
		},
		{
			name: "proxy-header-1-before-tls.pcap", file: file(front.Stream(rest(gt.C(text("PROXY TCP4 198.51.100.9 203.0.113.80 50000 443\r\n"), hello))...)),
			want: words("conn tcp 10.1.0.80:40001 > 10.1.0.81:8443 ssl SF", named, ja4),
		},
		{
			name: "proxy-header-1-in-its-own-segment.pcap",
			file: file(front.Stream(rest(gt.C(text("PROXY TCP4 198.51.100.9 203.0.113.80 50000 443\r\n")), gt.C(hello))...)),
			want: words("conn tcp 10.1.0.80:40001 > 10.1.0.81:8443 ssl SF", named, ja4),
		},
		{
			name: "proxy-header-2-before-tls.pcap", file: file(front.Stream(rest(gt.C(v2, hello))...)),
			want: words("conn tcp 10.1.0.80:40001 > 10.1.0.81:8443 ssl SF", named, ja4),
		},
		{
			name: "smtp-starttls.pcap",
			file: file(mail.Stream(rest(
				gt.S(text("220 mx.example.org ESMTP ready\r\n")), gt.C(text("EHLO client.example.net\r\n")), gt.S(text("250-mx.example.org\r\n250 STARTTLS\r\n")),
				gt.C(text("STARTTLS\r\n")), gt.S(text("220 2.0.0 Ready to start TLS\r\n")), gt.C(hello),
			)...)),
			want: words("conn tcp 10.1.0.7:40001 > 203.0.113.25:25 ssl,smtp SF", named, ja4),
		},
		sealed("dns-over-tls.pcap", "203.0.113.53", 853, gt.Client13("dns.example.net"), // by its port alone
			"conn tcp 10.1.0.7:40001 > 203.0.113.53:853 ssl SF", "tls dns.example.net TLSv13 - established", "ja4 "+ja4Client13, "sight dns_encrypted 1"),
		sealed("dns-over-tls-by-protocol.pcap", "203.0.113.53", 443, gt.Client13("", "dot"),
			"conn tcp 10.1.0.7:40001 > 203.0.113.53:443 ssl SF", "tls - TLSv13 - established", "ja4 t13i0205dt"+ja4Tail13, "sight dns_encrypted 1"),
		sealed("dns-over-https-known-name.pcap", "203.0.113.53", 443, gt.Client13("dns.google", "h2"),
			"conn tcp 10.1.0.7:40001 > 203.0.113.53:443 ssl SF", "tls dns.google TLSv13 - established", plain, "sight dns_encrypted 1"),
		sealed("dns-over-https-known-address.pcap", "1.1.1.1", 443, gt.Client13("", "h2"),
			"conn tcp 10.1.0.7:40001 > 1.1.1.1:443 ssl SF", "tls - TLSv13 - established", "ja4 t13i0205h2"+ja4Tail13, "sight dns_encrypted 1"),
	}
}
