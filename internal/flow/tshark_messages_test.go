package flow

import (
	"bufio"
	"fmt"
	"hash/maphash"
	"net/netip"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"candor/internal/decode"
	"candor/internal/record"
)

// said is one message as both programs report it: a DNS query or reply, a TLS client hello with a server name, an HTTP request.
type said struct {
	kind string // query, reply, server_name or request
	ends tuple
	text string // query: name and type; reply: name and number of answers, or "cut"; server name; request: method, host and URI
}

func (s said) String() string { return fmt.Sprintf("%s %s %q", s.kind, s.ends, s.text) }

// shown is what tshark knows of a message beside it, and heard what we know: what the classes of differences go by.
type (
	shown struct {
		frame  int
		layers string // ":eth:ethertype:ip:udp:dns:"
		copied bool   // the frame is a byte-identical copy of one up to 2 ms before
		again  bool   // not the first client hello of its connection, or question of its reply
		bad    bool   // tshark calls the frame malformed
		part   bool   // the frame is a fragment that was not put together with the others, or was cut by the capture
		joined bool   // put together from fragments
	}
	heard struct {
		uid        record.UID
		cut        bool
		unanswered bool // a request without a response
	}
)

const unitSeparator = "\x1f"

// The fields that messages are made from. DNS fields repeat per message, names per question: fQueries says how many belong to each.
const (
	fNumber = iota
	fLayers
	fIPSrc
	fIPDst
	fIP6Src
	fIP6Dst
	fTCPSrc
	fTCPDst
	fUDPSrc
	fUDPDst
	fStream
	fMore
	fOffset
	fOffset6
	fJoined
	fJoined6
	fShort
	fMalformed
	fResponse
	fQueries
	fAnswers
	fName
	fType
	fOwner
	fSNI
	fMethod
	fURI
	fHost
	numFields
)

var messageFields = [numFields]string{
	"frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "tcp.stream",
	"ip.flags.mf", "ip.frag_offset", "ipv6.fraghdr.offset", "ip.fragment.count", "ipv6.fragment.count", "_ws.short", "_ws.malformed",
	"dns.flags.response", "dns.count.queries", "dns.count.answers", "dns.qry.name", "dns.qry.type", "dns.resp.name",
	"tls.handshake.extensions_server_name", "http.request.method", "http.request.uri", "http.host",
}

// tsharkMessages reads a capture with reassembly of fragments and of streams, out of order too: tshark then shows each message once.
func tsharkMessages(t *testing.T, path string, copied []bool) map[said][]shown {
	t.Helper()
	r := tsharkReader{messages: map[said][]shown{}, hellos: map[string]bool{}, copied: copied}
	filter := "dns || mdns || llmnr || tls.handshake.extensions_server_name || http.request"
	tsharkLines(t, path, messageFields[:], func(f [][]string) { r.frame(f) }, "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", filter)
	return r.messages
}

// tsharkLines runs tshark and hands on each frame's fields, each a list.
func tsharkLines(t *testing.T, path string, fields []string, each func(f [][]string), more ...string) {
	t.Helper()
	args := append([]string{"-r", path, "-n", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=" + unitSeparator, "-E", "separator=/t"}, more...)
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	cmd := exec.Command("tshark", args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 4<<20)
	f := make([][]string, len(fields))
	for sc.Scan() {
		line := strings.Split(sc.Text(), "\t")
		if len(line) != len(fields) {
			t.Fatalf("tshark: a line of %d fields: %q", len(line), sc.Text())
		}
		for i := range f {
			f[i] = nil
			if line[i] != "" {
				f[i] = strings.Split(line[i], unitSeparator)
			}
		}
		each(f)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Logf("tshark: %v", err) // a damaged file: everything before the damage was shown
	}
}

type tsharkReader struct {
	messages map[said][]shown
	hellos   map[string]bool // streams whose client hello was seen
	copied   []bool
}

func (r *tsharkReader) frame(f [][]string) {
	number, _ := strconv.Atoi(f[fNumber][0])
	w := shown{frame: number, layers: ":" + f[fLayers][0] + ":", bad: len(f[fMalformed]) > 0}
	w.copied = number-1 < len(r.copied) && r.copied[number-1]
	w.joined = len(f[fJoined])+len(f[fJoined6]) > 0
	w.part = !w.joined && (len(f[fShort]) > 0 || isTrue(nth(f[fMore], 0)) || nth(f[fOffset], 0) > "0" || len(f[fOffset6]) > 0)
	ends := innerEnds(f, w.layers)
	add := func(kind, text string) {
		s := said{kind, ends, text}
		r.messages[s] = append(r.messages[s], w)
	}
	first := 0
	for i, response := range f[fResponse] {
		kind := "query"
		if isTrue(response) {
			kind = "reply"
		}
		n, _ := strconv.Atoi(nth(f[fQueries], i))
		n = min(n, len(f[fName])-first) // a header may promise more than there is
		for q := range max(n, 1) {
			name, kinds := shownName(nth(f[fOwner], 0)), ""
			if n > 0 {
				name, kinds = shownName(nth(f[fName], first+q)), nth(f[fType], first+q)
			}
			if kind == "reply" {
				kinds, w.again = nth(f[fAnswers], i), q > 0
				if w.part {
					kinds = "cut" // the number in the header is a claim
				}
			}
			add(kind, name+" "+kinds)
		}
		first += n
	}
	w.again = false
	for i, method := range f[fMethod] {
		host := nth(f[fHost], i)
		if len(f[fHost]) != len(f[fMethod]) {
			host = strings.Join(f[fHost], ",")
		}
		add("request", shownText(method+" "+host+" "+nth(f[fURI], i)))
	}
	for _, name := range f[fSNI] {
		stream := nth(f[fStream], 0)
		if ends.proto == decode.ProtoUDP {
			stream = ends.String()
		}
		w.again = r.hellos[stream]
		r.hellos[stream] = true
		add("server_name", shownText(name))
	}
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func isTrue(s string) bool { return s == "1" || s == "True" }

// innerEnds is the 5-tuple of the innermost IP header, whose fields come last.
func innerEnds(f [][]string, layers string) tuple {
	var k tuple
	last := func(l []string) string { return nth(l, max(len(l)-1, 0)) }
	src, dst := f[fIPSrc], f[fIPDst]
	if strings.LastIndex(layers, ":ip:") < strings.LastIndex(layers, ":ipv6:") {
		src, dst = f[fIP6Src], f[fIP6Dst]
	}
	k.a, _ = netip.ParseAddr(last(src))
	k.b, _ = netip.ParseAddr(last(dst))
	sp, dp := f[fUDPSrc], f[fUDPDst]
	k.proto = decode.ProtoUDP
	if strings.LastIndex(layers, ":tcp:") > strings.LastIndex(layers, ":udp:") {
		sp, dp = f[fTCPSrc], f[fTCPDst]
		k.proto = decode.ProtoTCP
	}
	a, _ := strconv.Atoi(last(sp))
	b, _ := strconv.Atoi(last(dp))
	k.ap, k.bp = uint16(a), uint16(b)
	return k.canonical()
}

// shownName makes a name of tshark's comparable: the root is a dot, bytes in octal become question marks.
func shownName(s string) string {
	if s == "<Root>" {
		return "."
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch {
		case i+3 < len(s) && s[i] == '\\' && isDigits(s[i+1:i+4]):
			b.WriteByte('?')
			i += 4
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return shownText(b.String())
}

func isDigits(s string) bool { return strings.Trim(s, "01234567") == "" }

// shownText makes a text of tshark's comparable: a character that is not printable ASCII, or was escaped, becomes a question mark.
func shownText(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case strings.HasPrefix(s[i:], `\u`) && len(s)-i >= 6:
			r, n = '?', 6
		case r < 0x20 || r >= 0x7f:
			r = '?'
		}
		b.WriteRune(r)
		i += n
	}
	return b.String()
}

// heardText does the same with a text of ours, in which other bytes stand as \xNN. tshark takes bytes that have the form of one UTF-8 character
// as one, as UTF-8 was first defined: up to six bytes, the shortest form or not.
func heardText(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var raw []byte
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], `\x`) && len(s)-i >= 4:
			n, _ := strconv.ParseUint(s[i+2:i+4], 16, 8)
			raw = append(raw, byte(n))
			i += 4
		case strings.HasPrefix(s[i:], `\\`):
			raw = append(raw, '\\')
			i += 2
		default:
			raw = append(raw, s[i])
			i++
		}
	}
	var b strings.Builder
	for len(raw) > 0 {
		r, n := looseRune(raw)
		if r < 0x20 || r >= 0x7f {
			r = '?'
		}
		b.WriteRune(r)
		raw = raw[n:]
	}
	return b.String()
}

// looseRune reads one character as far as its bytes have the form of one.
func looseRune(b []byte) (r rune, n int) {
	size := 1
	switch c := b[0]; {
	case c < 0x80:
		return rune(c), 1
	case c&0xe0 == 0xc0:
		r, size = rune(c&0x1f), 2
	case c&0xf0 == 0xe0:
		r, size = rune(c&0x0f), 3
	case c&0xf8 == 0xf0:
		r, size = rune(c&0x07), 4
	case c&0xfc == 0xf8:
		size = 5
	case c&0xfe == 0xfc:
		size = 6
	}
	for n = 1; n < size; n++ {
		if n >= len(b) || b[n]&0xc0 != 0x80 {
			return utf8.RuneError, n
		}
		r = r<<6 | rune(b[n]&0x3f)
	}
	if size == 1 {
		r = utf8.RuneError
	}
	return r, n
}

// recordMessages gives the messages in our records.
func recordMessages(b *record.Batch) map[said][]heard {
	out := map[said][]heard{}
	add := func(kind string, e *record.Ends, text string, h heard) {
		s := said{kind, tuple{e.OrigH, e.RespH, e.OrigP, e.RespP, e.Proto}.canonical(), heardText(text)}
		h.uid = e.UID
		out[s] = append(out[s], h)
	}
	for i := range b.DNS {
		r := &b.DNS[i]
		if r.Variant == "nbns" {
			continue // tshark has fields of their own for these
		}
		if r.HasQuery {
			add("query", &r.Ends, fmt.Sprintf("%s %d", r.Query, r.QType), heard{cut: r.Cut})
		}
		if r.HasReply {
			answers := strconv.Itoa(len(r.Answers))
			if r.Cut {
				answers = "cut"
			}
			add("reply", &r.Ends, r.Query+" "+answers, heard{cut: r.Cut})
		}
	}
	for i := range b.TLS {
		if r := &b.TLS[i]; r.ServerName != "" {
			add("server_name", &r.Ends, r.ServerName, heard{})
		}
	}
	for i := range b.HTTP {
		if r := &b.HTTP[i]; r.HasRequest {
			add("request", &r.Ends, r.Method+" "+r.Host+" "+r.URI, heard{unanswered: !r.HasResponse})
		}
	}
	return out
}

// copies says which frames are byte-identical to one at most 2 ms before.
func copies(frames []frame) []bool {
	seed := maphash.MakeSeed()
	last := map[uint64]record.Time{}
	out := make([]bool, len(frames))
	for i, f := range frames {
		h := maphash.Bytes(seed, f.data)
		before, ok := last[h]
		out[i] = ok && f.ts >= before && f.ts-before <= 2e6
		last[h] = f.ts
	}
	return out
}
