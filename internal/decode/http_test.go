package decode

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestHTTPRequests(t *testing.T) {
	head := func(version string, headers int) HTTPHead {
		return HTTPHead{Version: version, ContentLength: -1, Headers: headers}
	}
	for _, c := range []struct {
		name, in string
		status   Status
		want     HTTPRequest // HeadLen is checked against the empty line
	}{
		{"get", "GET /a?b=c HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: x/1\r\nReferer: http://a.test/\r\n\r\nrest", Done, HTTPRequest{
			HTTPHead: head("1.1", 3), Method: "GET", URI: "/a?b=c", Host: "www.example.com", UserAgent: "x/1", Referer: "http://a.test/",
		}},
		{"bare line feeds", "GET / HTTP/1.0\nHOST:a\n\n", Done, HTTPRequest{HTTPHead: head("1.0", 1), Method: "GET", URI: "/", Host: "a"}},
		{"empty lines before", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", Done, HTTPRequest{HTTPHead: head("1.1", 0), Method: "GET", URI: "/"}},
		{"post", "POST /p HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 12\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", Done, HTTPRequest{
			HTTPHead: HTTPHead{Version: "1.1", ContentType: "text/plain", ContentLength: 12, Chunked: true, TransferEncoding: "gzip, Chunked", Headers: 3}, Method: "POST", URI: "/p",
		}},
		{"through a proxy", "GET http://a.test/ HTTP/1.1\r\nVia: 1.1 px\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n", Done, HTTPRequest{
			HTTPHead: head("1.1", 2), Method: "GET", URI: "http://a.test/", Via: "1.1 px", XForwardedFor: "10.0.0.1", Proxied: []string{"VIA -> 1.1 px", "X-FORWARDED-FOR -> 10.0.0.1"},
		}},
		{"connect", "CONNECT a.test:443 HTTP/1.1\r\n\r\n", Done, HTTPRequest{HTTPHead: head("1.1", 0), Method: "CONNECT", URI: "a.test:443"}},
		{"upgrade", "GET / HTTP/1.1\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n", Done, HTTPRequest{
			HTTPHead: HTTPHead{Version: "1.1", ContentLength: -1, Upgrade: "websocket", Close: true, Headers: 2}, Method: "GET", URI: "/",
		}},
		{"spaces in the uri", "GET /a b HTTP/1.1\r\n\r\n", Done, HTTPRequest{HTTPHead: head("1.1", 0), Method: "GET", URI: "/a b"}},
		{"version of three numbers", "GET / HTTP/1.0.8\r\n\r\n", Done, HTTPRequest{HTTPHead: head("1.0.8", 0), Method: "GET", URI: "/"}},
		{"0.9", "GET /\r\n", Done, HTTPRequest{HTTPHead: head("0.9", 0), Method: "GET", URI: "/"}},
		{"folded and odd headers", "GET / HTTP/1.1\r\nX: 1\r\n folded\r\nnonsense\r\nHost: a\x00b\r\n\r\n", Done, HTTPRequest{HTTPHead: head("1.1", 4), Method: "GET", URI: "/", Host: `a\x00b`}},
		{"lengths that are none", "GET / HTTP/1.1\r\nContent-Length: -5\r\nContent-Length: 99999999999999999999\r\n\r\n", Done, HTTPRequest{HTTPHead: head("1.1", 2), Method: "GET", URI: "/"}},
		{"not yet", "GET / HTTP/1.1\r\nHost: a\r\nUser-Ag", NeedMore, HTTPRequest{HTTPHead: head("1.1", 1), Method: "GET", URI: "/", Host: "a"}},
		{"half a method", "PROPF", NeedMore, HTTPRequest{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"nothing", "", NeedMore, HTTPRequest{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"sip", "INVITE sip:a@b SIP/2.0\r\n\r\n", NotHTTP, HTTPRequest{HTTPHead: HTTPHead{Version: "0.9", ContentLength: -1}}},
		{"lower case", "get / HTTP/1.1\r\n\r\n", NotHTTP, HTTPRequest{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"response", "HTTP/1.1 200 OK\r\n\r\n", NotHTTP, HTTPRequest{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"smtp", "EHLO example.com\r\n", NotHTTP, HTTPRequest{HTTPHead: HTTPHead{Version: "0.9", ContentLength: -1}}},
		{"tls", "\x16\x03\x01", NotHTTP, HTTPRequest{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"letters without end", strings.Repeat("A", 30), NotHTTP, HTTPRequest{HTTPHead: HTTPHead{ContentLength: -1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r HTTPRequest
			if got := ParseHTTPRequest([]byte(c.in), 0, &r); got != c.status {
				t.Fatalf("%s, want %s", got, c.status)
			}
			if c.status == Done {
				c.want.HeadLen = len(strings.TrimSuffix(c.in, "rest"))
			}
			if len(r.Proxied) == 0 {
				r.Proxied = nil
			}
			if diff := cmp.Diff(c.want, r); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHTTPResponses(t *testing.T) {
	for _, c := range []struct {
		name, in string
		status   Status
		want     HTTPResponse
	}{
		{"ok", "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\nVia: 1.1 px\r\n\r\nhello", Done, HTTPResponse{
			HTTPHead:   HTTPHead{HeadLen: 100, Version: "1.1", ContentType: "text/html; charset=utf-8", ContentLength: 5, Headers: 4},
			StatusCode: 200, StatusMsg: "OK", Server: "x", Via: "1.1 px",
		}},
		{"no reason", "HTTP/1.0 404\n\n", Done, HTTPResponse{HTTPHead: HTTPHead{HeadLen: 14, Version: "1.0", ContentLength: -1}, StatusCode: 404}},
		{"long reason", "HTTP/1.1 302 Moved  for now\r\n\r\n", Done, HTTPResponse{HTTPHead: HTTPHead{HeadLen: 31, Version: "1.1", ContentLength: -1}, StatusCode: 302, StatusMsg: "Moved  for now"}},
		{"not yet", "HTTP/1.1 2", NeedMore, HTTPResponse{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"first letters", "HT", NeedMore, HTTPResponse{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"code of letters", "HTTP/1.1 abc\r\n\r\n", NotHTTP, HTTPResponse{HTTPHead: HTTPHead{Version: "1.1", ContentLength: -1}}},
		{"version 12", "HTTP/12 200 OK\r\n\r\n", NotHTTP, HTTPResponse{HTTPHead: HTTPHead{ContentLength: -1}}},
		{"request", "GET / HTTP/1.1\r\n\r\n", NotHTTP, HTTPResponse{HTTPHead: HTTPHead{ContentLength: -1}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r HTTPResponse
			if got := ParseHTTPResponse([]byte(c.in), 0, &r); got != c.status {
				t.Fatalf("%s, want %s", got, c.status)
			}
			if c.name == "ok" {
				c.want.HeadLen = len(c.in) - 5
			}
			if diff := cmp.Diff(c.want, r); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHTTPLimits(t *testing.T) {
	var r HTTPRequest
	long := "GET /" + strings.Repeat("a", 300)
	if got := ParseHTTPRequest([]byte(long), 200, &r); got != NotHTTP || !r.Overlong {
		t.Errorf("a line over the limit: %s %v", got, r.Overlong)
	}
	if got := ParseHTTPRequest([]byte("GET / HTTP/1.1\r\nHost: a\r\nX: "+strings.Repeat("a", 300)), 200, &r); got != Done || !r.Overlong || r.Host != "a" {
		t.Errorf("a header over the limit: %s %+v", got, r)
	}
	if got := ParseHTTPRequest([]byte("GET / HTTP/1.1\r\n"+strings.Repeat("Via: 1\r\n", 300)+"\r\n"), 0, &r); got != Done || !r.Overlong || r.Headers != maxHTTPHeaders || len(r.Proxied) != maxHTTPProxied {
		t.Errorf("too many headers: %s, %d headers, %d kept", got, r.Headers, len(r.Proxied))
	}
}

// What net/http writes is read, and every shorter piece of it asks for more.
func TestHTTPReadsWhatOthersWrite(t *testing.T) {
	word := rapid.StringMatching(`[a-z0-9]{1,20}`)
	rapid.Check(t, func(t *rapid.T) {
		host, path, agent := word.Draw(t, "host")+".test", word.Draw(t, "path"), word.Draw(t, "agent")
		body := strings.Repeat("b", rapid.IntRange(1, 50).Draw(t, "body"))
		request, err := http.NewRequest(rapid.SampledFrom([]string{"POST", "PUT", "PATCH"}).Draw(t, "method"), "http://"+host+"/"+path, strings.NewReader(body))
		must(t, err)
		request.Header.Set("User-Agent", agent)
		var b bytes.Buffer
		must(t, request.Write(&b))
		var r HTTPRequest
		if got := ParseHTTPRequest(b.Bytes(), 0, &r); got != Done {
			t.Fatalf("%s: %q", got, b.String())
		}
		if r.Method != request.Method || r.URI != "/"+path || r.Host != host || r.UserAgent != agent || r.ContentLength != int64(len(body)) || r.HeadLen != b.Len()-len(body) {
			t.Fatalf("%+v", r)
		}
		n := rapid.IntRange(0, r.HeadLen-1).Draw(t, "cut")
		if got := ParseHTTPRequest(b.Bytes()[:n], 0, &r); got != NeedMore {
			t.Fatalf("the first %d bytes: %s", n, got)
		}
	})
}

func FuzzHTTP(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\nVia: b\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "GET /\r\n", "\r\n\r\nPOST x HTTP/1.0\r\n:\r\n \r\n\r\n",
	} {
		f.Add([]byte(s), 0)
		f.Add([]byte(s), 20)
	}
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		var q HTTPRequest
		var s HTTPResponse
		first, second := ParseHTTPRequest(b, limit, &q), ParseHTTPResponse(b, limit, &s)
		if first == Done && second == Done {
			t.Fatalf("both request and response: %q", b)
		}
		for _, h := range []*HTTPHead{&q.HTTPHead, &s.HTTPHead} {
			if h.HeadLen < 0 || h.HeadLen > len(b) || h.ContentLength < -1 || h.Headers > maxHTTPHeaders {
				t.Fatalf("%+v", h)
			}
			printable(t, h.ContentType+h.Upgrade+h.TransferEncoding+h.Version)
		}
		printable(t, q.Method+q.URI+q.Host+q.UserAgent+q.Referer+fmt.Sprint(q.Proxied)+s.StatusMsg+s.Server)
	})
}

func BenchmarkHTTPRequest(b *testing.B) {
	in := []byte("GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n")
	b.ReportAllocs()
	var r HTTPRequest
	for b.Loop() {
		ParseHTTPRequest(in, 0, &r)
	}
}
