package decode

import (
	"bytes"
	"strings"
)

// Limits of one HTTP/1 head.
const (
	DefaultHTTPHead = 64 << 10 // bytes, when the caller gives none
	maxHTTPHeaders  = 256      // headers looked at
	maxHTTPMethod   = 24       // letters
	maxHTTPProxied  = 8        // proxy headers kept
)

// HTTPHead is what requests and responses have in common.
type HTTPHead struct {
	HeadLen          int    // bytes of the head, its empty line included
	Version          string // "1.1"
	ContentType      string
	ContentLength    int64 // -1 when absent or not a number
	Chunked          bool
	TransferEncoding string
	Upgrade          string
	Close            bool // Connection: close
	Headers          int  // headers seen
	Overlong         bool // the head went over its limit in bytes or headers; what came before stands
}

// HTTPRequest is the head of one request (RFC 9112). Strings are printable: other bytes become \xNN.
type HTTPRequest struct {
	HTTPHead
	Method        string
	URI           string
	Host          string
	UserAgent     string
	Referer       string
	Via           string   // of a proxy on the way
	XForwardedFor string   //
	Proxied       []string // each header that a proxy adds, as Zeek writes it: "VIA -> 1.1 proxy"
	Dropped       int      // of these, beyond the limit
}

// HTTPResponse is the head of one response.
type HTTPResponse struct {
	HTTPHead
	StatusCode int
	StatusMsg  string
	Server     string
	Via        string
}

// ParseHTTPRequest reads the head of a request from the start of b. limit bounds its bytes (0: 64 KiB). r is reset first; with
// NeedMore the complete lines have been read. Lines may end in a bare LF. Empty lines before the request are passed.
func ParseHTTPRequest(b []byte, limit int, r *HTTPRequest) Status {
	*r = HTTPRequest{HTTPHead: HTTPHead{ContentLength: -1}, Proxied: r.Proxied[:0]}
	l := newHTTPLines(b, limit)
	l.skipEmpty()
	if !plausibleRequest(l.rest()) {
		return NotHTTP
	}
	line, ok := l.next()
	if !ok {
		return r.unfinished(&l)
	}
	if !r.requestLine(line) {
		return NotHTTP
	}
	if r.Version == "0.9" {
		r.HeadLen = l.off
		return Done
	}
	return r.headers(&l, r.header)
}

// plausibleRequest says whether b may begin a request line: a method in capitals, then a space.
func plausibleRequest(b []byte) bool {
	for i, c := range b {
		switch {
		case c == ' ':
			return i >= 3
		case c == '-' && i > 0, c == '_' && i > 0:
		case c < 'A' || c > 'Z' || i >= maxHTTPMethod:
			return false
		}
	}
	return true
}

// requestLine reads "METHOD uri HTTP/x.y". Spaces inside the URI are kept, as servers tolerate them. Without a version only a GET of a path
// is taken, which is HTTP/0.9.
func (r *HTTPRequest) requestLine(line []byte) bool {
	method, rest, _ := bytes.Cut(line, []byte(" "))
	uri := bytes.TrimSpace(rest)
	r.Version = "0.9"
	if at := bytes.LastIndexByte(uri, ' '); at >= 0 {
		if version, ok := httpVersion(uri[at+1:]); ok {
			r.Version = version
			uri = bytes.TrimRight(uri[:at], " ")
		}
	}
	if len(uri) == 0 || (r.Version == "0.9" && (string(method) != "GET" || uri[0] != '/')) {
		return false
	}
	r.Method = string(method)
	r.URI = text(uri)
	return true
}

// httpVersion reads "HTTP/1.1". A few devices write more digits and dots behind it, which are kept.
func httpVersion(b []byte) (string, bool) {
	if len(b) < 8 || len(b) > 12 || string(b[:5]) != "HTTP/" || b[6] != '.' {
		return "", false
	}
	for i, c := range b[5:] {
		if (c < '0' || c > '9') && (c != '.' || i == 0 || i == 2) {
			return "", false
		}
	}
	return string(b[5:]), true
}

// header takes over one header of a request; name is in lower case.
func (r *HTTPRequest) header(name, value []byte) {
	switch string(name) {
	case "host":
		if r.Host == "" {
			r.Host = text(value)
		}
	case "user-agent":
		r.UserAgent = text(value)
	case "referer":
		r.Referer = text(value)
	case "via":
		r.Via = text(value)
	case "x-forwarded-for":
		r.XForwardedFor = text(value)
	}
	switch string(name) {
	case "via", "x-forwarded-for", "forwarded", "x-forwarded-from", "client-ip", "xroxy-connection", "proxy-connection":
		if len(r.Proxied) >= maxHTTPProxied {
			r.Dropped++
			return
		}
		r.Proxied = append(r.Proxied, strings.ToUpper(string(name))+" -> "+text(value))
	}
}

// ParseHTTPResponse reads the head of a response, as ParseHTTPRequest does.
func ParseHTTPResponse(b []byte, limit int, r *HTTPResponse) Status {
	*r = HTTPResponse{HTTPHead: HTTPHead{ContentLength: -1}}
	l := newHTTPLines(b, limit)
	l.skipEmpty()
	if start := l.rest(); !strings.HasPrefix("HTTP/", string(start[:min(5, len(start))])) {
		return NotHTTP
	}
	line, ok := l.next()
	if !ok {
		return r.unfinished(&l)
	}
	if !r.statusLine(line) {
		return NotHTTP
	}
	return r.headers(&l, r.header)
}

// statusLine reads "HTTP/x.y code reason".
func (r *HTTPResponse) statusLine(line []byte) bool {
	version, rest, _ := bytes.Cut(line, []byte(" "))
	var ok bool
	if r.Version, ok = httpVersion(version); !ok {
		return false
	}
	code, reason, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	if len(code) != 3 {
		return false
	}
	for _, c := range code {
		if c < '0' || c > '9' {
			return false
		}
		r.StatusCode = r.StatusCode*10 + int(c-'0')
	}
	r.StatusMsg = text(bytes.TrimSpace(reason))
	return true
}

func (r *HTTPResponse) header(name, value []byte) {
	switch string(name) {
	case "server":
		r.Server = text(value)
	case "via":
		r.Via = text(value)
	}
}

// unfinished says what a line that has not ended means: more is needed, unless the limit was reached. A line that long is no HTTP that
// could be read.
func (h *HTTPHead) unfinished(l *httpLines) Status {
	if l.limited {
		h.Overlong = true
		return NotHTTP
	}
	return NeedMore
}

// headers reads header lines up to the empty line and hands each to own after the common ones.
func (h *HTTPHead) headers(l *httpLines, own func(name, value []byte)) Status {
	var lower [32]byte
	for {
		line, ok := l.next()
		switch {
		case !ok && !l.limited:
			return NeedMore
		case !ok || h.Headers >= maxHTTPHeaders && len(line) > 0:
			h.Overlong = true
			h.HeadLen = l.off
			return Done
		case len(line) == 0:
			h.HeadLen = l.off
			return Done
		}
		h.Headers++
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found || line[0] == ' ' || line[0] == '\t' { // a folded line, or none: passed
			continue
		}
		name, value = bytes.TrimRight(name, " \t"), bytes.TrimSpace(value)
		if len(name) > len(lower) {
			continue
		}
		for i, c := range name {
			lower[i] = lowerByte(c)
		}
		h.common(lower[:len(name)], value)
		own(lower[:len(name)], value)
	}
}

// common takes over a header that requests and responses share.
func (h *HTTPHead) common(name, value []byte) {
	switch string(name) {
	case "content-type":
		h.ContentType = text(value)
	case "content-length":
		h.ContentLength = contentLength(value)
	case "transfer-encoding":
		h.TransferEncoding = text(value)
		h.Chunked = strings.HasSuffix(strings.ToLower(h.TransferEncoding), "chunked")
	case "upgrade":
		h.Upgrade = text(value)
	case "connection":
		h.Close = strings.Contains(strings.ToLower(string(value)), "close")
	}
}

// contentLength reads a decimal number of at most 18 digits, else gives -1.
func contentLength(b []byte) int64 {
	if len(b) == 0 || len(b) > 18 {
		return -1
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// httpLines walks the lines of a head.
type httpLines struct {
	b       []byte // bounded by the limit
	off     int
	limited bool // b was longer than the limit
}

func newHTTPLines(b []byte, limit int) httpLines {
	if limit <= 0 {
		limit = DefaultHTTPHead
	}
	if len(b) >= limit {
		return httpLines{b: b[:limit], limited: true}
	}
	return httpLines{b: b}
}

func (l *httpLines) rest() []byte { return l.b[l.off:] }

// skipEmpty passes a few empty lines, which some clients send between requests.
func (l *httpLines) skipEmpty() {
	for l.off < 4 && l.off < len(l.b) && (l.b[l.off] == '\r' || l.b[l.off] == '\n') {
		l.off++
	}
}

// next gives the next line without its end; ok is false when it has not ended.
func (l *httpLines) next() (line []byte, ok bool) {
	at := bytes.IndexByte(l.b[l.off:], '\n')
	if at < 0 {
		return nil, false
	}
	line = l.b[l.off : l.off+at]
	l.off += at + 1
	return bytes.TrimSuffix(line, []byte("\r")), true
}
