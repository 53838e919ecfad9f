package judge

import (
	"net/netip"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/labnet"
	"candor/internal/record"
)

// quarters are the windows of a span, each with a host and a count of its own. Every seventh shows nothing.
func quarters(terms *coverage.Terms, from time.Time, n int) []*coverage.Evidence {
	var out []*coverage.Evidence
	for i := range n {
		at := record.TimeOf(from) + record.Time(i)*record.Quarter
		e := coverage.NewEvidence(terms, record.Span{From: at, To: at + record.Quarter})
		if i%7 != 6 {
			s := record.Sight{Minutes: 1, Span: record.Span{From: at, To: at + record.Minute}}
			s.Counts[record.Frames] = uint64(i)
			e.Add(&s)
			s.Segment = "office"
			s.Hosts = []record.HostSeen{{Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), First: at, Last: at}}
			e.Add(&s)
		}
		e.Seen = e.Window
		e.Ended = i == n-1
		out = append(out, e)
	}
	return out
}

// joinedBack is what a slider gives, made anew for each window.
func joinedBack(terms *coverage.Terms, windows []*coverage.Evidence, work time.Duration) *coverage.Evidence {
	last := windows[len(windows)-1]
	e := coverage.NewEvidence(terms, last.Window)
	for i := len(windows) - 1; i >= 0; i-- {
		e.Join(windows[i])
		e.Window.From = windows[i].Window.From
		if terms.Work(e.Seen) >= work {
			break
		}
	}
	e.Ended = last.Ended
	return e
}

func TestSliderJoinsBack(t *testing.T) {
	text := labnet.Bank(1).Agreement()
	a, err := agreement.Parse("bank.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	friday := time.Date(2026, 11, 13, 11, 30, 0, 0, time.UTC)
	tests := []struct {
		name string
		a    *agreement.Agreement
		work time.Duration
	}{
		{"no reach", a, 0},
		{"an hour, over a weekend", a, time.Hour},
		{"four hours", a, 4 * time.Hour},
		{"longer than all of it", a, 400 * time.Hour},
		{"without an agreement no time is working time", nil, time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			sensor := record.Sensor("")
			if test.a != nil {
				sensor = test.a.Sensors[0].ID
			}
			terms, err := coverage.NewTerms(test.a, sensor)
			if err != nil {
				t.Fatal(err)
			}
			windows := quarters(terms, friday, 4*24*3+5)
			s := newSlider(terms, windows, test.work)
			for i := range windows {
				got, want := s.reach(), joinedBack(terms, windows[:i+1], test.work)
				if test.work == 0 || test.a == nil {
					want = windows[i]
				}
				same := []gocmp.Option{
					cmpopts.IgnoreUnexported(coverage.Evidence{}), cmpopts.IgnoreFields(coverage.Evidence{}, "Terms"),
					cmpopts.EquateComparable(netip.Addr{}), gocmp.AllowUnexported(record.Sketch{}),
				}
				if diff := gocmp.Diff(want, got, same...); diff != "" {
					t.Fatalf("window %d (-want +got):\n%.3000s", i, diff)
				}
			}
		})
	}
}

// TestReachNeedsNoMore: rules with a reach decide the same from windows without what bare leaves out.
func TestReachNeedsNoMore(t *testing.T) {
	a, err := agreement.Parse("bank.yaml", labnet.Bank(1).Agreement())
	if err != nil {
		t.Fatal(err)
	}
	terms, err := coverage.NewTerms(a, a.Sensors[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	at := record.TimeOf(time.Date(2026, 11, 18, 16, 0, 0, 0, time.UTC))
	span := record.Span{From: at, To: at + 6*record.Quarter}
	full := coverage.NewEvidence(terms, span)
	whole := record.Sight{Span: span, Minutes: 90, Carries: record.CarriesAll}
	for c := range whole.Counts {
		whole.Counts[c] = 5000
	}
	whole.Acked = []record.AckedSeen{{Last: at, Acks: 5000, Gaps: 200}}
	whole.Clients = []record.ClientSeen{{Addr: netip.MustParseAddr("10.20.4.5"), Conns: 9}}
	whole.Groups = []record.GroupSeen{{Group: "198.51.100.0/24", Conns: 9}}
	full.Add(&whole)
	full.Seen, full.Ended = span, true
	less := bare([]*coverage.Evidence{full})[0]
	for _, r := range coverage.Rules() {
		if r.Reach == 0 {
			continue
		}
		subjects := []string{""}
		if r.Subjects != nil {
			subjects = r.Subjects(terms, full)
		}
		for _, subject := range subjects {
			if diff := gocmp.Diff(r.Judge(full, subject), r.Judge(less, subject)); diff != "" {
				t.Errorf("%s %s (-full +bare):\n%s", r.Code, subject, diff)
			}
		}
	}
}
