package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// attacks lists all hostile traffic. What each is about stands in docs/hostile.md.
func attacks() []attack {
	const million = 1 << 20
	return slices.Concat(floods(million), messages(million), detections(million))
}

// floods want many entries in some table.
func floods(million int) []attack {
	return []attack{
		{name: "syn-random-sources", few: 40_000, many: million, lets: true, step: 1e4, make: func(f *forge, i int) {
			r := random(uint64(i))
			f.tcp(uint32(r), victim, uint16(r>>32), 443, flagSYN, uint32(r>>20), 0, nil)
		}},
		{name: "syn-all-ports", few: 40_000, many: million, step: 1e4, make: func(f *forge, i int) {
			f.tcp(stranger, victim, uint16(1024+i>>16), uint16(i), flagSYN, uint32(i), 0, nil)
		}},
		{name: "udp-random-tuples", few: 40_000, many: million, lets: true, step: 1e4, make: func(f *forge, i int) {
			r, q := random(uint64(i)), random(uint64(i)+1<<40)
			f.udp(uint32(r), uint32(r>>32), uint16(q), uint16(q>>16), nil)
		}},
		{name: "udp-due-at-once", few: 40_000, many: million, step: 10, make: func(f *forge, i int) {
			f.udp(stranger, victim+uint32(i>>16), uint16(i), 9, nil)
			if i%(million/4) == 0 {
				f.gap = 70e9
			}
		}},
		{name: "icmp-random-sources", few: 40_000, many: million, lets: true, step: 1e4, make: func(f *forge, i int) {
			f.ethernet(1, 2, 0x0800)
			f.ip4(uint32(random(uint64(i))), victim, 1, 1, 0, 8)
			f.buf = append(f.buf, 8, 0, 0, 0, byte(i>>8), byte(i), 0, 1)
		}},
		{name: "arp-random-cards", few: 20_000, many: million, lets: true, step: 1e4, make: func(f *forge, i int) { f.arp(uint64(i)) }},
		{name: "vlans-random", few: 20_000, many: million, lets: true, step: 1e4, make: func(f *forge, i int) { f.vlan(uint64(i)) }},
		{name: "hosts-70000-a-minute", few: 80_000, many: 30 * 70_000, lets: true, step: 60_000_000_000 / 70_000, make: func(f *forge, i int) {
			f.udp(10<<24|uint32(i%70_000), victim, 5000, 5001, nil)
		}},
		{name: "scan-of-a-slash-16", few: 40_000, many: 1 << 19, step: 1e5, make: func(f *forge, i int) {
			host, port := 10<<24|5<<16|uint32(i/2)&0xffff, uint16(1+i>>17)
			if i%2 == 0 {
				f.tcp(stranger, host, 50000, port, flagSYN, 1, 0, nil)
			} else {
				f.tcp(host, stranger, port, 50000, flagRST|flagACK, 0, 2, nil)
			}
		}},
		{name: "dhcp-random-cards", few: 20_000, many: million / 2, lets: true, step: 1e4, make: func(f *forge, i int) { f.lease(uint64(i)) }},
		{name: "clock-back-and-forth", few: 40_000, many: million, step: 1e4, make: func(f *forge, i int) {
			r := random(uint64(i))
			f.gap = int64(r%7200e9) - 3600e9
			if i%2 == 1 { // and back again, so that it stays near
				f.gap = 3600e9 - int64(random(uint64(i-1))%7200e9)
			}
			f.udp(stranger, victim, uint16(r), 9, nil)
		}},
		{name: "clock-leaps", few: 400, many: 20_000, step: 1e4, make: func(f *forge, i int) {
			f.gap = 3600e9
			if i%2 == 1 {
				f.gap = -3599e9
			}
			f.udp(stranger, victim, uint16(random(uint64(i))), 9, nil)
		}},
		{name: "pcapng-tiny-blocks", few: 40_000, many: 4 * million, ng: true, make: (*forge).tinyBlock},
		{name: "pcapng-many-interfaces", few: 2_000, many: 30_000, ng: true, make: (*forge).manyInterfaces},
	}
}

// messages want work or memory of what puts pieces together and reads them.
func messages(million int) []attack {
	return []attack{
		{name: "dns-million-names", few: 20_000, many: million, step: 1e4, make: func(f *forge, i int) {
			q := question(uint64(i/2), i%2 == 1)
			if i%2 == 0 {
				f.udp(inside, victim, uint16(1024+i/2%60000), 53, q)
			} else {
				f.udp(victim, inside, 53, uint16(1024+i/2%60000), q)
			}
		}},
		{name: "dns-unanswered", few: 20_000, many: million, step: 1e4, make: func(f *forge, i int) {
			f.udp(inside, victim, 40000, 53, question(uint64(i), false))
		}},
		{name: "dns-loops", few: 5_000, many: million / 8, step: 1e5, make: func(f *forge, i int) {
			f.udp(victim, inside, 53, uint16(i), loops(uint64(i)))
		}},
		{name: "http-endless-head", few: 5_000, many: million / 2, step: 1e5, make: func(f *forge, i int) {
			f.segment(i, 1<<30, 80, 1000, cycle("GET / HTTP/1.1\r\n", "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
		}},
		{name: "http-endless-heads", few: 5_000, many: million / 2, step: 1e5, make: func(f *forge, i int) {
			f.segment(i, 100, 80, 1000, cycle("GET / HTTP/1.1\r\n", "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
		}},
		{name: "http-byte-by-byte", few: 20_000, many: million, step: 1e5, make: func(f *forge, i int) {
			f.segment(i, 60_000, 80, 1, cycle("GET / HTTP/1.1\r\n", "X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"))
		}},
		{name: "http-many-requests", few: 5_000, many: million / 4, step: 1e5, make: func(f *forge, i int) {
			f.segment(i, 1<<30, 80, 1440, cycle("", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
		}},
		{name: "tls-byte-by-byte", few: 20_000, many: million, step: 1e5, make: func(f *forge, i int) { f.segment(i, 60_000, 443, 1, hello) }},
		{name: "tls-hello-of-16-MB", few: 5_000, many: million / 2, step: 1e5, make: func(f *forge, i int) { f.segment(i, 100, 443, 1000, hello) }},
		{name: "fragments-thousand", few: 20_000, many: million, step: 1e4, make: func(f *forge, i int) { f.fragment(i, 0) }},
		{name: "fragments-overlapping", few: 20_000, many: million, disagrees: true, step: 1e4, make: func(f *forge, i int) { f.fragment(i, 24) }},
		{name: "fragments-without-end", few: 20_000, many: million, step: 1e4, make: func(f *forge, i int) {
			r := random(uint64(i))
			f.ethernet(1, 2, 0x0800)
			f.ip4(uint32(r), victim, 17, uint16(r>>32), 0x2000, 16)
			f.udpHead(uint16(r>>48), 53, 1000)
			f.buf = append(f.buf, 1, 2, 3, 4, 5, 6, 7, 8)
		}},
		{name: "gre-in-gre", few: 20_000, many: million / 2, step: 1e4, make: func(f *forge, i int) { f.nested(i, 30) }},
		{name: "ipv6-extension-headers", few: 5_000, many: million / 8, step: 1e5, make: func(f *forge, i int) { f.extensions(uint64(i)) }},
		{name: "tcp-overlapping", few: 20_000, many: million / 2, disagrees: true, step: 1e4, make: func(f *forge, i int) {
			r := random(uint64(i))
			var data [100]byte
			be.PutUint64(data[:], r)
			f.tcp(inside, victim, 40000, 80, flagACK, 1000+uint32(r%65000), 5000, data[:])
		}},
		{name: "tcp-holes", few: 20_000, many: million / 2, step: 1e4, make: func(f *forge, i int) {
			f.tcp(inside+uint32(i%1000), victim, 40000, 80, flagACK, uint32(i/1000)*2000, 5000, make([]byte, 10))
		}},
	}
}

// detections want room in what detectors remember.
func detections(million int) []attack {
	hundred := make([]byte, 100)
	own := func(i int) string { return fmt.Sprintf("%016x.com", random(uint64(i/2))) }
	return []attack{
		{name: "million-destinations", few: 20_000, many: 2 * million, step: 1e6, make: func(f *forge, i int) {
			far := uint32(20<<24) + uint32(random(uint64(i/2))%(150<<24))
			if port := uint16(1024 + i/2%60000); i%2 == 0 {
				f.udp(inside, far, port, 4444, hundred)
			} else {
				f.udp(far, inside, 4444, port, hundred)
			}
		}},
		{name: "destinations-of-many", few: 20_000, many: 2 * million, step: 1e6, make: func(f *forge, i int) {
			near, far := uint32(10<<24)+uint32(random(uint64(i/2)+1<<40)%(1<<24)), uint32(20<<24)+uint32(random(uint64(i/2))%(150<<24))
			if i%2 == 0 {
				f.udp(near, far, 5000, 4444, hundred)
			} else {
				f.udp(far, near, 4444, 5000, hundred)
			}
		}},
		{name: "nxdomain-own-domains", few: 20_000, many: million, step: 1e5, make: func(f *forge, i int) { f.asks(i, inside, own(i)) }},
		{name: "nxdomain-many-clients", few: 20_000, many: million, step: 1e5, make: func(f *forge, i int) {
			f.asks(i, 10<<24|uint32(random(uint64(i/2)))>>8, own(i))
		}},
		{name: "dns-names-of-255", few: 10_000, many: million, step: 1e5, make: func(f *forge, i int) {
			f.asks(i, inside+uint32(i/2%1000), longest(uint64(i/2), fmt.Sprintf("%x.com", random(uint64(i/20000*1000+i/2%1000)))))
		}},
	}
}

// outcome is what a check of hostile traffic came to.
type outcome struct {
	Exit     int
	Evicted  verdict.Verdict
	Answers  []string // that are no: a yes needs only one finding
	Blind    bool     // every answer names state.evicted as its blind spot
	Packets  uint64
	MostRows int
	Disagree uint64 // connections whose overlapping data disagrees
}

// checkHostile runs the whole check.
func checkHostile(path string, cfg flow.Config) (*outcome, error) {
	j, err := judge.New(judge.Config{})
	if err != nil {
		return nil, err
	}
	src, err := source.Open(context.Background(), []string{path}, source.Options{Scope: j.Scope(), Flow: cfg})
	if err != nil {
		return nil, err
	}
	defer src.Close()
	out := &outcome{}
	for {
		b, err := src.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		out.MostRows = max(out.MostRows, b.Rows())
		for i := range b.Sight {
			out.Disagree += b.Sight[i].Counts[record.Inconsistent]
		}
		j.Observe(b)
		src.Recycle(b)
	}
	r := j.At(judge.Moment{Ended: true})
	if _, err := json.Marshal(r); err != nil {
		return nil, err
	}
	out.take(r)
	return out, nil
}

// take notes what a result says.
func (o *outcome) take(r *judge.Result) {
	o.Exit, o.Packets, o.Blind = r.Exit.Code, r.Inputs[0].Packets, true
	for i := range r.Defects {
		if d := &r.Defects[i]; d.Code == verdict.StateEvicted {
			o.Evicted = d.Verdict
		}
	}
	for i := range r.Answers {
		a := &r.Answers[i]
		if a.Verdict == verdict.No {
			o.Answers = append(o.Answers, string(a.Question))
		}
		o.Blind = o.Blind && slices.Contains(a.BlindSpots, string(verdict.StateEvicted))
	}
}

// honest says what must hold whenever something was let go.
func (o *outcome) honest(t *testing.T) {
	t.Helper()
	if o.Packets == 0 {
		t.Error("nothing was read")
	}
	if o.Evicted != verdict.Yes {
		return
	}
	if o.Exit == judge.ExitFine {
		t.Error("something was let go, and yet the exit code is 0")
	}
	if len(o.Answers) > 0 || !o.Blind {
		t.Errorf("something was let go: no answer is no, and each says why; not so: %v, blind spots named: %v", o.Answers, o.Blind)
	}
}

// TestHostile: small floods against small tables. What is let go is counted and said, and nothing is ruled out beyond it.
func TestHostile(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			cfg := flow.DefaultConfig()
			cfg.MaxConns, cfg.BytesTotal, cfg.MaxFragments, cfg.MaxLeases = 1<<12, 1<<18, 64, 64
			o, err := checkHostile(a.write(t, t.TempDir(), a.few), cfg)
			if err != nil {
				t.Fatal(err)
			}
			o.honest(t)
			if a.disagrees && o.Disagree == 0 {
				t.Error("overlapping data that disagrees was not counted")
			}
			if a.lets && o.Evicted != verdict.Yes {
				t.Errorf("state.evicted is %v, want yes", o.Evicted)
			}
		})
	}
}
