package flow

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"candor/internal/decode"
	"candor/internal/record"
	"candor/internal/sight"
)

// httpTalk is an HTTP/1 connection: requests that wait for their responses, and where each direction stands.
type httpTalk struct {
	waiting []httpExchange // in the order of requests
	depth   int
	dir     [2]httpDirection
}

type httpExchange struct {
	rec      record.HTTP
	answered bool // the head of the response was read
}

type httpDirection struct {
	responses bool // set once begun
	body      bodyMode
	length    uint64 // bytes of chunks passed so far
}

// bodyMode is what follows a head.
type bodyMode uint8

const (
	noBody     bodyMode = iota
	sizedBody           // by Content-Length
	chunkSizes          // chunked: a size line comes next
	chunkTail           // chunked: the trailer section
	openBody            // until the connection closes
)

const (
	maxExchanges = 64
	maxChunkLine = 256
	forever      = 1 << 62 // of stream.skip
)

// readHTTP reads heads and chunk sizes of a direction; bodies are passed without being kept.
func (t *Table) readHTTP(c *conn, tk *talk, from int, ts record.Time, data []byte) int {
	if tk.http == nil {
		tk.http = t.talks.newHTTP()
	}
	d := &tk.http.dir[from]
	switch d.body {
	case chunkSizes:
		return t.readChunkSize(tk, from, ts, data)
	case chunkTail:
		return t.readTrailer(tk, from, data)
	}
	if len(data) < len("HTTP/") && bytes.HasPrefix([]byte("HTTP/"), data) {
		return 0
	}
	if d.responses = bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 9)], "\r\n"), []byte("HTTP/")); d.responses {
		return t.readResponse(c, tk, from, ts, data)
	}
	return t.readRequest(c, tk, from, ts, data)
}

func (t *Table) readRequest(c *conn, tk *talk, from int, ts record.Time, data []byte) int {
	h, s, req := tk.http, &tk.dir[from], &t.parsed.req
	status := decode.Done
	if !t.parsed.isReq {
		status = decode.ParseHTTPRequest(data, t.cfg.HeadLimit, req)
	}
	switch status {
	case decode.NeedMore:
		return 0
	case decode.Done:
	default:
		return t.missHTTP(ts, s, data, req.Overlong)
	}
	c.services |= svcHTTP
	if req.Dropped > 0 {
		t.sight.Unread(ts, sight.ShortHTTP, 1)
	}
	t.sight.Requested(ts, c.ends[from], c.ends[1-from], req.Via != "" || req.XForwardedFor != "")
	if req.Method == "CONNECT" || strings.HasPrefix(req.URI, "http://") {
		t.sight.AskedProxy(ts, c.ends[from])
	}
	h.depth++
	r := record.HTTP{
		Ends: t.ends(c), TransDepth: h.depth, HasRequest: true,
		Method: req.Method, Host: req.Host, URI: req.URI, Referrer: req.Referer, Version: req.Version, UserAgent: req.UserAgent,
		Proxied: slices.Clone(req.Proxied),
	}
	r.TS = ts
	if len(h.waiting) >= maxExchanges {
		t.sight.Count(ts, record.OverBudget, 1)
		t.emitHTTP(h)
	}
	h.waiting = append(h.waiting, httpExchange{rec: r})
	s.passed = 0
	switch {
	case req.Overlong:
		t.overBudget(ts, s)
		return 0
	case req.Chunked:
		h.dir[from].body, h.dir[from].length = chunkSizes, 0
	case req.ContentLength > 0:
		h.dir[from].body = sizedBody
		s.skip = uint64(req.ContentLength)
	}
	return req.HeadLen
}

func (t *Table) readResponse(c *conn, tk *talk, from int, ts record.Time, data []byte) int {
	h, s, resp := tk.http, &tk.dir[from], &t.parsed.resp
	switch decode.ParseHTTPResponse(data, t.cfg.HeadLimit, resp) {
	case decode.NeedMore:
		return 0
	case decode.Done:
	default:
		return t.missHTTP(ts, s, data, resp.Overlong)
	}
	c.services |= svcHTTP
	code := resp.StatusCode
	if code >= 100 && code < 200 && code != 101 && !resp.Overlong {
		return resp.HeadLen // more of the response follows
	}
	if len(h.waiting) == 0 {
		h.depth++
		r := record.HTTP{Ends: t.ends(c), TransDepth: h.depth, Version: resp.Version}
		r.TS = ts
		h.waiting = append(h.waiting, httpExchange{rec: r})
	}
	x := &h.waiting[0]
	x.answered = true
	x.rec.HasResponse = true
	x.rec.StatusCode, x.rec.StatusMsg, x.rec.RespMIME = code, resp.StatusMsg, resp.ContentType
	s.passed = 0
	method := x.rec.Method
	switch {
	case resp.Overlong:
		t.overBudget(ts, s)
		return 0
	case code == 101, method == "CONNECT" && code/100 == 2: // another protocol follows
		t.endHTTP(tk)
		t.again(tk)
		if s.dead {
			return 0
		}
		return resp.HeadLen
	case method == "HEAD", code == 204, code == 304, resp.ContentLength == 0 && !resp.Chunked:
		t.emitHTTP(h)
	case resp.Chunked:
		h.dir[from].body, h.dir[from].length = chunkSizes, 0
	case resp.ContentLength > 0:
		h.dir[from].body = sizedBody
		s.skip = uint64(resp.ContentLength)
	default:
		h.dir[from].body = openBody
		s.skip = forever
	}
	return resp.HeadLen
}

// missHTTP is miss of what is no head. overlong: because its first line did not end within the limit.
func (t *Table) missHTTP(ts record.Time, s *stream, data []byte, overlong bool) int {
	if overlong {
		t.overBudget(ts, s)
		return 0
	}
	return t.miss(s, data)
}

// bodyPassed takes note that a body of known length, or a chunk, has gone by.
func (t *Table) bodyPassed(tk *talk, from int) {
	h := tk.http
	if h == nil || h.dir[from].body != sizedBody {
		return
	}
	t.bodyEnded(tk, from, tk.dir[from].passed)
}

// bodyEnded completes a request or response.
func (t *Table) bodyEnded(tk *talk, from int, length uint64) {
	h := tk.http
	h.dir[from].body = noBody
	tk.dir[from].passed = 0
	n := len(h.waiting)
	if n == 0 {
		return
	}
	if h.dir[from].responses {
		h.waiting[0].rec.ResponseBodyLen = length
		t.emitHTTP(h)
		return
	}
	h.waiting[n-1].rec.RequestBodyLen = length
}

// readChunkSize reads one "size;extensions" line and passes the chunk and the line end behind it.
func (t *Table) readChunkSize(tk *talk, from int, ts record.Time, data []byte) int {
	s, d := &tk.dir[from], &tk.http.dir[from]
	end := bytes.IndexByte(data[:min(len(data), maxChunkLine)], '\n')
	if end < 0 {
		if len(data) >= maxChunkLine {
			t.overBudget(ts, s)
		}
		return 0
	}
	field, _, _ := strings.Cut(string(data[:end]), ";")
	size, err := strconv.ParseUint(strings.TrimSpace(field), 16, 48)
	if err != nil {
		t.giveUp(s)
		return 0
	}
	if size == 0 {
		d.body = chunkTail
		return end + 1
	}
	d.length += size
	s.skip = size + 2
	return end + 1
}

// readTrailer passes trailer lines up to the empty one.
func (t *Table) readTrailer(tk *talk, from int, data []byte) int {
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		return 0
	}
	if len(bytes.TrimSuffix(data[:end], []byte("\r"))) == 0 {
		t.bodyEnded(tk, from, tk.http.dir[from].length)
	}
	return end + 1
}

// emitHTTP emits the oldest exchange.
func (t *Table) emitHTTP(h *httpTalk) {
	t.out.HTTP = append(t.out.HTTP, h.waiting[0].rec)
	h.waiting = slices.Delete(h.waiting, 0, 1)
	t.emitted(record.KindHTTP)
}

// endHTTP emits what has no complete response, with the bytes that came.
func (t *Table) endHTTP(tk *talk) {
	h := tk.http
	if h == nil {
		return
	}
	for s := range h.dir {
		d := &h.dir[s]
		n := len(h.waiting)
		if n == 0 || d.body == noBody {
			continue
		}
		length := tk.dir[s].passed
		if d.body == chunkSizes || d.body == chunkTail {
			length = d.length
		}
		switch {
		case d.responses && h.waiting[0].answered:
			h.waiting[0].rec.ResponseBodyLen = length
		case !d.responses:
			h.waiting[n-1].rec.RequestBodyLen = length
		}
	}
	for len(h.waiting) > 0 {
		t.emitHTTP(h)
	}
	t.talks.dropHTTP(tk)
}
