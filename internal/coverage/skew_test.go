package coverage

import (
	"strings"
	"testing"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// beside adds a clock whose differences are the given one n times, and then others.
func beside(log bool, n int, apart time.Duration, others ...time.Duration) part {
	return func(e *Evidence) {
		c := Clock{Feed: "second", Log: log}
		for range n {
			c.Apart = append(c.Apart, record.Time(apart))
		}
		for _, d := range others {
			c.Apart = append(c.Apart, record.Time(d))
		}
		e.joinClocks(&Evidence{Clocks: []Clock{c}})
	}
}

func TestSkew(t *testing.T) {
	rule := skewRule()
	scattered := make([]time.Duration, 60)
	for i := range scattered {
		scattered[i] = time.Duration(i-30) * 7 * time.Second
	}
	agreed := []string{"  - {id: dns,  =>   - {id: delay, kind: quality, clock_skew_max: 10s}\n  - {id: dns, "}
	tests := []struct {
		name    string
		change  []string
		parts   []part
		subject string
		want    verdict.Verdict
		says    string // in words or needs
	}{
		{"one witness", nil, nil, "", verdict.CannotSay, "no second clock"},
		{"no connection in this time", nil, nil, "second", verdict.CannotSay, "a second witness"},
		{"none that both report", nil, []part{beside(false, 0, 0)}, "second", verdict.CannotSay, "0 connections that both second and the packets report"},
		{"a log that names no connection", nil, []part{beside(true, 0, 0)}, "second", verdict.CannotSay, "names both ends"},
		{"one too few", nil, []part{beside(false, 49, time.Hour)}, "second", verdict.CannotSay, "49 connections"},
		{"the same clock", nil, []part{beside(false, 50, 0)}, "second", verdict.No, "agree"},
		{"half the limit", nil, []part{beside(false, 50, time.Second)}, "second", verdict.No, "agree"},
		{"close to the limit", nil, []part{beside(false, 50, 1900*time.Millisecond)}, "second", verdict.CannotSay, "close to the 2.00 s"},
		{"at the limit", nil, []part{beside(false, 50, 2*time.Second)}, "second", verdict.CannotSay, "close to"},
		{"over the limit", nil, []part{beside(false, 50, 2100*time.Millisecond)}, "second", verdict.Yes, "the times of second are the later ones"},
		{"behind", nil, []part{beside(false, 50, -3*time.Second)}, "second", verdict.Yes, "the times of the packets are the later ones"},
		{"hours of a zone", nil, []part{beside(false, 50, -6*time.Hour+2*time.Second)}, "second", verdict.Yes, "time zone"},
		{"no zone", nil, []part{beside(false, 50, 40*time.Minute)}, "second", verdict.Yes, "cannot be told from here, and"},
		{"in two parts, joined", nil, []part{beside(false, 25, time.Hour), beside(false, 25, time.Hour)}, "second", verdict.Yes, "time zone"},
		{"a third are strays", nil, []part{beside(false, 50, 0, scattered[:20]...)}, "second", verdict.No, "agree"},
		{"nothing but strays", nil, []part{beside(false, 0, 0, scattered...)}, "second", verdict.CannotSay, "no clock explains"},
		{"within the agreed limit", agreed, []part{beside(false, 50, 3*time.Second)}, "second", verdict.No, "agree"},
		{"over the agreed limit", agreed, []part{beside(false, 50, 11*time.Second)}, "second", verdict.Yes, "11 s apart"},
		{"a log in time", nil, []part{beside(true, 50, 200*time.Millisecond)}, "second", verdict.No, "agree"},
		{"a log written later", nil, []part{beside(true, 50, 20*time.Second)}, "second", verdict.CannotSay, "when they are written, or a clock"},
		{"a log of an hour later", nil, []part{beside(true, 50, time.Hour)}, "second", verdict.Yes, "time zone"},
		{"a log before what it names", nil, []part{beside(true, 50, -20*time.Second)}, "second", verdict.Yes, "the packets are the later"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := gather(terms(t, office, tt.change...), monday(time.Hour), tt.parts...)
			r := rule.Judge(e, tt.subject)
			if r.Verdict != tt.want || !strings.Contains(r.Words+r.Needs, tt.says) {
				t.Errorf("%s: %q, needs %q; want %s with %q", r.Verdict, r.Words, r.Needs, tt.want, tt.says)
			}
			if r.Verdict == verdict.Yes && (r.Do == "" || len(r.Signs) == 0) {
				t.Errorf("a yes without advice or signs: %+v", r)
			}
		})
	}
}

func TestClocksAreJoinedWithoutSharing(t *testing.T) {
	on := terms(t, office)
	one := gather(on, monday(time.Hour), beside(false, 3, time.Second))
	for range 2 { // a second join must not see what the first appended
		sum := NewEvidence(on, monday(time.Hour))
		sum.Join(one)
		sum.Join(gather(on, monday(time.Hour), beside(false, 4, time.Minute)))
		if n := len(sum.clock("second").Apart); n != 7 {
			t.Errorf("%d differences, want 7", n)
		}
	}
	if n := len(one.clock("second").Apart); n != 3 {
		t.Errorf("the parts grew to %d differences", n)
	}
	if got := comparedClocks(on, NewEvidence(on, monday(time.Hour))); len(got) != 1 || got[0] != "" {
		t.Errorf("subjects of a single witness: %q", got)
	}
}
