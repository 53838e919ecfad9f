package flow

import (
	"bufio"
	"fmt"
	"hash/maphash"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"candor/internal/decode"
	"candor/internal/record"
)

// said is one message as both programs report it: a DNS query or reply, a TLS client hello with a server name, an HTTP request.
type said struct {
	kind string // "query", "reply", "server_name", "request"
	ends tuple
	text string // name and type; name and number of answers; name; method, host and URI
}

func (s said) String() string { return fmt.Sprintf("%s %s %q", s.kind, s.ends, s.text) }

// where is what tshark knows of a message beside it: what the classes of differences go by.
type where struct {
	frame  int
	layers string // frame.protocols: ":eth:ethertype:ip:udp:dns:"
	copied bool   // the frame is a byte-identical copy of one up to 2 ms before
	more   bool   // not the first question, or client hello, of its message or connection
	bad    bool   // tshark calls the frame malformed
}

const unitSeparator = "\x1f"

// The fields that messages are made from. DNS fields repeat per message, names per question: count.queries says which belong together.
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
	fResponse
	fQueries
	fAnswers
	fName
	fType
	fSNI
	fMethod
	fURI
	fHost
	fMalformed
	numFields
)

var messageFields = [numFields]string{
	"frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "tcp.stream",
	"dns.flags.response", "dns.count.queries", "dns.count.answers", "dns.qry.name", "dns.qry.type", "tls.handshake.extensions_server_name",
	"http.request.method", "http.request.uri", "http.host", "_ws.malformed",
}

// tsharkMessages reads a capture with reassembly of fragments and streams, out of order too: tshark then shows each message once.
func tsharkMessages(t *testing.T, path string, copied []bool) map[said][]where {
	t.Helper()
	args := []string{
		"-r", path, "-n", "-o", "tcp.reassemble_out_of_order:TRUE", "-Y", "dns || mdns || llmnr || tls.handshake.extensions_server_name || http.request",
		"-T", "fields", "-E", "occurrence=a", "-E", "aggregator=" + unitSeparator, "-E", "separator=/t",
	}
	for _, f := range messageFields {
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
	r := tsharkReader{messages: map[said][]where{}, hellos: map[string]bool{}, copied: copied}
	sc := bufio.NewScanner(out)
	sc.Buffer(nil, 4<<20)
	for sc.Scan() {
		line := strings.Split(sc.Text(), "\t")
		if len(line) < int(numFields) {
			t.Fatalf("tshark: a line of %d fields: %q", len(line), sc.Text())
		}
		var f [numFields][]string
		for i := range f {
			if line[i] != "" {
				f[i] = strings.Split(line[i], unitSeparator)
			}
		}
		r.frame(&f)
	}
	if err := cmd.Wait(); err != nil {
		t.Logf("tshark: %v", err) // a damaged file: everything before the damage was shown
	}
	return r.messages
}

type tsharkReader struct {
	messages map[said][]where
	hellos   map[string]bool // streams whose client hello was seen
	copied   []bool
}

func (r *tsharkReader) frame(f *[numFields][]string) {
	number, _ := strconv.Atoi(f[fNumber][0])
	w := where{frame: number, layers: ":" + f[fLayers][0] + ":", bad: len(f[fMalformed]) > 0}
	w.copied = number-1 < len(r.copied) && r.copied[number-1]
	ends := outerEnds(f, w.layers)
	add := func(kind, text string) {
		s := said{kind, ends, plain(text)}
		r.messages[s] = append(r.messages[s], w)
	}
	first := 0
	for i, response := range f[fResponse] {
		n, _ := strconv.Atoi(nth(f[fQueries], i))
		n = min(n, len(f[fName])-first) // a header may promise more than there is
		for q := range n {
			w.more = q > 0
			name := dnsName(nth(f[fName], first+q))
			if isTrue(response) {
				add("reply", name+" "+nth(f[fAnswers], i))
			} else {
				add("query", name+" "+nth(f[fType], first+q))
			}
		}
		if n == 0 {
			w.more = false
			w.bad = w.bad || !isTrue(response)
			if isTrue(response) {
				add("reply", "? "+nth(f[fAnswers], i))
			}
		}
		first += n
	}
	for _, name := range f[fSNI] {
		stream := nth(f[fStream], 0)
		w.more = stream != "" && r.hellos[stream]
		r.hellos[stream] = true
		add("server_name", name)
	}
	w.more = false
	for i, method := range f[fMethod] {
		host := nth(f[fHost], i)
		if len(f[fHost]) != len(f[fMethod]) {
			host = strings.Join(f[fHost], ",")
		}
		add("request", method+" "+host+" "+nth(f[fURI], i))
	}
}

func nth(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func isTrue(s string) bool { return s == "1" || s == "True" }

// outerEnds is the 5-tuple of the outermost IP header, whose fields come first.
func outerEnds(f *[numFields][]string, layers string) tuple {
	var k tuple
	src, dst := f[fIPSrc], f[fIPDst]
	if v4, v6 := strings.Index(layers, ":ip:"), strings.Index(layers, ":ipv6:"); v4 < 0 || v6 >= 0 && v6 < v4 {
		src, dst = f[fIP6Src], f[fIP6Dst]
	}
	k.a, _ = netip.ParseAddr(nth(src, 0))
	k.b, _ = netip.ParseAddr(nth(dst, 0))
	sp, dp := f[fUDPSrc], f[fUDPDst]
	k.proto = decode.ProtoUDP
	if tcp, udp := strings.Index(layers, ":tcp:"), strings.Index(layers, ":udp:"); udp < 0 || tcp >= 0 && tcp < udp {
		sp, dp = f[fTCPSrc], f[fTCPDst]
		k.proto = decode.ProtoTCP
	}
	a, _ := strconv.Atoi(nth(sp, 0))
	b, _ := strconv.Atoi(nth(dp, 0))
	k.ap, k.bp = uint16(a), uint16(b)
	return k.canonical()
}

// dnsName gives the root its name.
func dnsName(s string) string {
	if s == "<Root>" {
		return "."
	}
	return s
}

// plain makes texts comparable: what is not printable ASCII becomes a question mark, one a byte, however a program escapes it.
func plain(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+3 < len(s) && s[i+1] == 'x':
			b.WriteByte('?')
			i += 4
		case c == '\\' && i+1 < len(s) && s[i+1] == '\\':
			b.WriteByte('\\')
			i += 2
		case strings.HasPrefix(s[i:], "\ufffd"):
			b.WriteByte('?')
			i += len("\ufffd")
		case c < 0x20 || c >= 0x7f:
			b.WriteByte('?')
			i++
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// recordMessages gives the messages in our records.
func recordMessages(b *record.Batch) map[said]int {
	n := map[said]int{}
	ends := func(e *record.Ends) tuple { return tuple{e.OrigH, e.RespH, e.OrigP, e.RespP, e.Proto}.canonical() }
	for i := range b.DNS {
		r := &b.DNS[i]
		if r.Variant == "nbns" {
			continue // tshark has fields of their own for these
		}
		if r.HasQuery {
			n[said{"query", ends(&r.Ends), plain(r.Query) + " " + strconv.Itoa(int(r.QType))}]++
		}
		if r.HasReply {
			n[said{"reply", ends(&r.Ends), plain(r.Query) + " " + strconv.Itoa(len(r.Answers))}]++
		}
	}
	for i := range b.TLS {
		if r := &b.TLS[i]; r.ServerName != "" {
			n[said{"server_name", ends(&r.Ends), plain(r.ServerName)}]++
		}
	}
	for i := range b.HTTP {
		if r := &b.HTTP[i]; r.HasRequest {
			n[said{"request", ends(&r.Ends), plain(r.Method + " " + r.Host + " " + r.URI)}]++
		}
	}
	return n
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

func TestDumpDiff(t *testing.T) {
	list := os.Getenv("DIFF")
	if list == "" {
		t.Skip()
	}
	for _, file := range strings.Fields(list) {
		path := shared(t, file)
		frames := readCapture(t, path)
		want := tsharkMessages(t, path, copies(frames))
		got := recordMessages(run(DefaultConfig(), frames))
		total, equal := 0, 0
		var lines []string
		for s, ws := range want {
			total += len(ws)
			equal += min(len(ws), got[s])
			if len(ws) != got[s] {
				w := ws[len(ws)-1]
				lines = append(lines, fmt.Sprintf("%v ours %d tshark %d frame %d copied %v more %v bad %v %s", s, got[s], len(ws), w.frame, w.copied, w.more, w.bad, w.layers))
			}
		}
		for s, n := range got {
			if len(want[s]) == 0 {
				lines = append(lines, fmt.Sprintf("%v ours %d tshark 0", s, n))
			}
		}
		slices.Sort(lines)
		fmt.Printf("## %s %d of %d\n", filepath.Base(file), equal, total)
		for _, l := range lines {
			fmt.Println(l)
		}
	}
}
