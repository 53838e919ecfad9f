package judge_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/decode"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/verdict"
)

// A capture that is damaged in a known way must show that damage, and the damage must never make the rest look better: no
// vantage turns from yes to no or back, no answer becomes no, no promise becomes kept.

// long reports whether the long versions of tests are wanted.
func long() bool { return os.Getenv("CANDOR_LONG") == "1" }

// observed is a Result with the counters of the feed as a whole.
type observed struct {
	*judge.Result
	counts record.Counts
}

func observe(t testing.TB, a *agreement.Agreement, frames []pkt) observed {
	t.Helper()
	raw, _ := pcapng(frames)
	batches := collect(t, a, source.Options{}, raw, "-")
	o := observed{Result: fold(t, a, batches)}
	for _, b := range batches {
		for i := range b.Sight {
			if s := &b.Sight[i]; s.Segment == record.Nowhere {
				o.counts.Add(&s.Counts)
			}
		}
	}
	return o
}

func (o observed) verdict(c verdict.Code) verdict.Verdict {
	if d := findDefect(o.Result, string(c), ""); d != nil {
		return d.Verdict
	}
	return verdict.CannotSay
}

func (o observed) why(c verdict.Code) string {
	d := findDefect(o.Result, string(c), "")
	if d == nil {
		return "not judged"
	}
	return fmt.Sprintf("%s, %.1f bits, needs %q, signs %v", d.Verdict, d.Bits, d.Needs, d.Signs)
}

// alteration damages a capture in a known way. must says what is wrong with what came of it; empty when nothing is.
type alteration struct {
	name  string
	alter func(frames []pkt) []pkt
	must  func(before, after observed, frames []pkt) string
}

func alterations(a *agreement.Agreement, seeds int) []alteration {
	scope := record.AssumedScope()
	if a != nil {
		if s, err := a.Scope(""); err == nil {
			scope = s
		}
	}
	out := []alteration{
		{"one way: who began", func(f []pkt) []pkt { return oneSide(f, true) }, mustOneWay},
		{"one way: who was called", func(f []pkt) []pkt { return oneSide(f, false) }, mustOneWay},
		{"one way: the lower address", lowerSide, mustOneWay},
		{"one way: from ours", func(f []pkt) []pkt { return sentBy(f, &scope, true) }, mustOneWayOutward(&scope)},
		{"one way: to ours", func(f []pkt) []pkt { return sentBy(f, &scope, false) }, mustOneWayOutward(&scope)},
		{"cut at 64 bytes", cutAt64, mustTruncated},
	}
	for seed := range uint64(seeds) {
		out = append(out,
			alteration{fmt.Sprintf("twice, seed %d", seed), func(f []pkt) []pkt { return twice(f, seed) }, mustDuplicated},
			alteration{fmt.Sprintf("5 %% lost, seed %d", seed), func(f []pkt) []pkt { return lose(f, 0.05, seed) }, mustLossFive},
			alteration{fmt.Sprintf("20 %% lost, seed %d", seed), func(f []pkt) []pkt { return lose(f, 0.20, seed) }, mustLossTwenty},
		)
	}
	return out
}

const (
	leastConns = 50   // DESIGN.md 4, feed.one_way
	leastAcks  = 5000 // issue: 20 % loss is yes from here on
)

func mustOneWay(_, after observed, _ []pkt) string {
	if after.counts[record.TCPJudged] >= leastConns && after.verdict(verdict.FeedOneWay) != verdict.Yes {
		return "feed.one_way is " + after.why(verdict.FeedOneWay)
	}
	return ""
}

// mustOneWayOutward holds a mirror of one direction of the wire to the Internet: connections between our own hosts are seen
// both ways by it, so where there are many of those nothing can be asked for.
func mustOneWayOutward(scope *record.Scope) func(_, _ observed, frames []pkt) string {
	return func(before, after observed, frames []pkt) string {
		if insideShare(frames, scope) > 0.05 {
			return ""
		}
		return mustOneWay(before, after, frames)
	}
}

func mustTruncated(_, after observed, frames []pkt) string {
	cut := 0
	for i := range frames {
		if len(frames[i].data) > 64 {
			cut++
		}
	}
	if len(frames) >= 100 && 100*cut > len(frames) && after.verdict(verdict.FeedTruncated) != verdict.Yes {
		return "feed.truncated is " + after.why(verdict.FeedTruncated)
	}
	return ""
}

func mustDuplicated(_, after observed, frames []pkt) string {
	if 2*len(frames) >= 1000 && after.verdict(verdict.FeedDuplicated) != verdict.Yes {
		return "feed.duplicated is " + after.why(verdict.FeedDuplicated)
	}
	return ""
}

func mustLossFive(_, after observed, _ []pkt) string {
	if after.verdict(verdict.FeedLoss) == verdict.No {
		return "feed.loss is " + after.why(verdict.FeedLoss)
	}
	return ""
}

func mustLossTwenty(before, after observed, _ []pkt) string {
	if before.counts[record.Acks] >= leastAcks && after.verdict(verdict.FeedLoss) != verdict.Yes {
		return fmt.Sprintf("feed.loss is %s; acknowledgements %d before, %d after", after.why(verdict.FeedLoss), before.counts[record.Acks], after.counts[record.Acks])
	}
	return mustLossFive(before, after, nil)
}

// worsened lists what damage must never do.
func worsened(before, after observed) []string {
	var out []string
	for i := range after.Defects {
		d := &after.Defects[i]
		old := findDefect(before.Result, string(d.Code), d.Subject)
		if old == nil || !strings.HasPrefix(string(d.Code), "vantage.") {
			continue
		}
		if turned(old.Verdict, d.Verdict) {
			out = append(out, fmt.Sprintf("%s turns: before %s, %.1f bits %v; after %s, %.1f bits %v", d.Name(), old.Verdict, old.Bits, old.Signs, d.Verdict, d.Bits, d.Signs))
		} else if turned(old.Now, d.Now) {
			out = append(out, fmt.Sprintf("%s turns now: before %s, after %s %v", d.Name(), old.Now, d.Now, d.Signs))
		}
	}
	for i := range after.Answers {
		if a, old := &after.Answers[i], &before.Answers[i]; a.Verdict == verdict.No && old.Verdict != verdict.No {
			out = append(out, fmt.Sprintf("the answer to %s becomes no", a.Question))
		}
	}
	for i := range after.Promises {
		if p, old := &after.Promises[i], &before.Promises[i]; p.Verdict == verdict.IsKept && old.Verdict != verdict.IsKept {
			out = append(out, fmt.Sprintf("promise %s becomes kept: before %s (%s), after seen %s", p.ID, old.Verdict, old.Because, p.Seen))
		}
	}
	return out
}

func turned(a, b verdict.Verdict) bool {
	return (a == verdict.Yes && b == verdict.No) || (a == verdict.No && b == verdict.Yes)
}

func holdAlterations(t *testing.T, a *agreement.Agreement, frames []pkt, seeds int) {
	t.Helper()
	frames = inTime(frames)
	before := observe(t, a, frames)
	if long() {
		t.Logf("%d frames, %d acknowledgements, %d TCP connections judged", len(frames), before.counts[record.Acks], before.counts[record.TCPJudged])
	}
	for _, alt := range alterations(a, seeds) {
		changed := alt.alter(frames)
		if len(changed) == 0 {
			continue
		}
		after := observe(t, a, changed)
		if long() {
			t.Logf("%s: one_way %s, loss %s, duplicated %s, truncated %s; %d acknowledgements, %d gaps, %d of %d connections one-sided", alt.name,
				after.verdict(verdict.FeedOneWay), after.verdict(verdict.FeedLoss), after.verdict(verdict.FeedDuplicated), after.verdict(verdict.FeedTruncated),
				after.counts[record.Acks], after.counts[record.Gaps], after.counts[record.OneWay], after.counts[record.TCPJudged])
		}
		if wrong := alt.must(before, after, frames); wrong != "" {
			t.Errorf("%s: %s", alt.name, wrong)
		}
		for _, wrong := range worsened(before, after) {
			t.Errorf("%s: %s", alt.name, wrong)
		}
	}
}

// TestMetamorphicLabs damages the lab captures, under their agreements.
func TestMetamorphicLabs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t, "data", "labs"), "*.zst"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no lab captures: %v", err)
	}
	for _, path := range files {
		file := filepath.Base(path)
		if !long() && !slices.Contains([]string{"A-core.pcap.zst", "B-wan.pcapng.zst", "C-r1.pcapng.zst", "F-mgmt.pcap.zst"}, file) {
			continue
		}
		t.Run(file, func(t *testing.T) {
			holdAlterations(t, labAgreement(t, file), load(t, path), seedsWanted())
		})
	}
}

// TestMetamorphicGiven damages captures of others, without an agreement.
func TestMetamorphicGiven(t *testing.T) {
	for _, path := range givenCaptures(t) {
		if !long() && !slices.Contains([]string{"http_espn.pcapng", "tesla.pcap", "metasploit.pcapng", "normal_00001_20230805152732.pcap"}, filepath.Base(path)) {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			holdAlterations(t, nil, load(t, path), seedsWanted())
		})
	}
}

func seedsWanted() int {
	if long() {
		return 3
	}
	return 1
}

// givenCaptures lists every capture among the given data, and the mix of applications used for measuring speed.
func givenCaptures(t testing.TB) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(shared(t, "data", "given"), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.Contains([]string{".pcap", ".pcapng", ".cap"}, filepath.Ext(path)) {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	if mix := filepath.Join(shared(t), "bench", "usermix.pcap"); long() && fileExists(mix) {
		out = append(out, mix)
	}
	return out
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Ways to damage a capture.

// talker is one side of a conversation.
type talker struct {
	a, b   decode.Addr
	pa, pb uint16
	proto  uint8
}

// eachConversation decodes frames and says of each TCP or UDP one which conversation it belongs to and whether the end with
// the lower address and port sent it; other frames are not told.
func eachConversation(frames []pkt, tell func(i int, key talker, lower bool, p *decode.Packet)) {
	var p decode.Packet
	for i := range frames {
		p.Frame(frames[i].link, frames[i].data, frames[i].wire)
		if !p.HasTransport || (p.Proto != decode.ProtoTCP && p.Proto != decode.ProtoUDP) || p.Cast != decode.Unicast {
			continue
		}
		k := talker{p.Src, p.Dst, p.SrcPort, p.DstPort, p.Proto}
		c := slices.Compare(p.Src[:], p.Dst[:])
		lower := c < 0 || (c == 0 && p.SrcPort <= p.DstPort)
		if !lower {
			k.a, k.b, k.pa, k.pb = k.b, k.a, k.pb, k.pa
		}
		tell(i, k, lower, &p)
	}
}

func keep(frames []pkt, drop map[int]bool) []pkt {
	var out []pkt
	for i := range frames {
		if !drop[i] {
			out = append(out, frames[i])
		}
	}
	return out
}

// oneSide keeps of each conversation what the end that sent its first packet sends, or what the other one sends. A SYN tells
// who begins; a SYN-ACK who does not.
func oneSide(frames []pkt, began bool) []pkt {
	first := map[talker]bool{} // whether the lower end began
	drop := map[int]bool{}
	eachConversation(frames, func(i int, k talker, lower bool, p *decode.Packet) {
		if _, known := first[k]; !known {
			first[k] = lower == (p.Flags&(decode.SYN|decode.ACK) != decode.SYN|decode.ACK)
		}
		if (first[k] == lower) != began {
			drop[i] = true
		}
	})
	return keep(frames, drop)
}

func lowerSide(frames []pkt) []pkt {
	drop := map[int]bool{}
	eachConversation(frames, func(i int, _ talker, lower bool, _ *decode.Packet) { drop[i] = !lower })
	return keep(frames, drop)
}

// sentBy is what a mirror of one direction of the wire to the Internet shows: unicast from our addresses to the Internet, or
// the other way. What stays inside is kept.
func sentBy(frames []pkt, scope *record.Scope, ours bool) []pkt {
	drop := map[int]bool{}
	eachConversation(frames, func(i int, _ talker, _ bool, p *decode.Packet) {
		src, dst := scope.Locate(p.Src.Netip()) == record.Internet, scope.Locate(p.Dst.Netip()) == record.Internet
		drop[i] = src != dst && src == ours
	})
	return keep(frames, drop)
}

// insideShare is the share of TCP conversations that do not cross the wire to the Internet.
func insideShare(frames []pkt, scope *record.Scope) float64 {
	all, inside := map[talker]bool{}, 0
	eachConversation(frames, func(_ int, k talker, _ bool, p *decode.Packet) {
		if p.Proto != decode.ProtoTCP || all[k] {
			return
		}
		all[k] = true
		if (scope.Locate(p.Src.Netip()) == record.Internet) == (scope.Locate(p.Dst.Netip()) == record.Internet) {
			inside++
		}
	})
	return float64(inside) / float64(max(len(all), 1))
}

func cutAt64(frames []pkt) []pkt {
	out := slices.Clone(frames)
	for i := range out {
		out[i].data = out[i].data[:min(len(out[i].data), 64)]
	}
	return out
}

// twice repeats every frame 0.1 to 1 ms later.
func twice(frames []pkt, seed uint64) []pkt {
	r := dice(seed)
	out := make([]pkt, 0, 2*len(frames))
	for i := range frames {
		again := frames[i]
		again.ts += 100_000 + r.Int64N(900_000)
		out = append(out, frames[i], again)
	}
	slices.SortStableFunc(out, func(a, b pkt) int { return int(min(1, max(-1, a.ts-b.ts))) })
	return out
}

// TestAlteredLabnet: the same on imaginary networks, whose agreements are known.
func TestAlteredLabnet(t *testing.T) {
	sites := []*labnet.Site{labnet.Firm(61).Scale(0.5)}
	if long() {
		sites = append(sites, labnet.Bank(62).Scale(0.2), labnet.Campus(63).Scale(0.5), labnet.Clinic(64).Scale(0.5))
	}
	for _, site := range sites {
		t.Run(site.Name(), func(t *testing.T) {
			a, err := agreement.Parse(site.Name(), site.Agreement())
			if err != nil {
				t.Fatal(err)
			}
			for _, place := range []labnet.TapName{site.Taps()[0], labnet.Outside} {
				if !slices.Contains(site.Taps(), place) {
					continue
				}
				from := time.Date(2026, 11, 18, 10, 0, 0, 0, site.Zone())
				s := &story{site: site, span: labnet.Span{From: from, To: from.Add(10 * time.Minute)}, tap: labnet.Tap{At: place}}
				_, frames := splitAt(t, s, 0)
				if len(a.Sensors) > 1 {
					a.Sensors = a.Sensors[:1] // the tap is the first one's
				}
				holdAlterations(t, a, frames, 1)
			}
		})
	}
}
