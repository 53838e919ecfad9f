package coverage

import (
	"strings"
	"testing"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// heard makes days in which events of data came in some minutes (after the start), and in which quarter hours nothing at all was
// observed.
func heard(on *Terms, seen record.Span, add func(*record.Sight), minutes, pauses []int) *Days {
	d := observed(on, seen)
	for i, w := range d.Windows {
		w.Whole.Minutes, w.Whole.Carries = 15, record.CarriesAll
		w.Feeds = map[record.Feed]*record.Sight{"auth": {}}
		for _, p := range pauses {
			if p == i {
				w.Whole = record.Sight{}
			}
		}
	}
	d.Whole.Feeds = map[record.Feed]*record.Sight{"auth": {}}
	for _, m := range minutes {
		at := (seen.From + record.Time(m)*record.Minute).Floor(record.Minute)
		s := record.Sight{Span: record.Span{From: at, To: at + record.Minute}}
		add(&s)
		d.Presence[(at.Floor(record.Quarter)-seen.From.Floor(record.Quarter))/record.Quarter].Add(on, &s)
	}
	return d
}

func authLine(s *record.Sight) { s.Feed, s.Counts[record.LogLines] = "auth", 3 }

func lookup(s *record.Sight) { s.Segment, s.Counts[record.DNSQueries] = "users", 1 }

func TestLongestSilence(t *testing.T) {
	each := func(from, to, step int) (out []int) {
		for m := from; m < to; m += step {
			out = append(out, m)
		}
		return out
	}
	hour, night := monday(time.Hour), record.Span{From: at(23, 17, 0), To: at(24, 9, 0)}
	tests := []struct {
		name    string
		limit   string
		id      string
		seen    record.Span
		add     func(*record.Sight)
		minutes []int
		pauses  []int
		want    string
		says    string // in seen or because
	}{
		{"in every minute", "15m", "auth", hour, authLine, each(0, 60, 1), nil, "kept", "at most 2 min"},
		{"in every tenth", "15m", "auth", hour, authLine, each(0, 60, 10), nil, "kept", "at most 11 min"},
		{"as long as is allowed, perhaps", "15m", "auth", hour, authLine, each(0, 60, 15), nil, "cannot_say", "14 min to 16 min"},
		{"longer", "15m", "auth", hour, authLine, each(0, 60, 17), nil, "broken", "nothing from Mon 23 Nov 09:01 to Mon 23 Nov 09:17"},
		{"it stops", "15m", "auth", hour, authLine, each(0, 44, 1), nil, "broken", "silent for 16 min"},
		{"it begins late", "15m", "auth", hour, authLine, each(16, 60, 1), nil, "broken", "nothing from Mon 23 Nov 09:00"},
		{"the ends are short", "15m", "auth", hour, authLine, each(14, 46, 1), nil, "kept", "15 min"},
		{"never", "15m", "auth", hour, authLine, nil, nil, "broken", "silent for 60 min"},
		{"never, in too short a time", "PT2H", "auth", hour, authLine, nil, nil, "cannot_say", "60 min of 2.0 h"},
		{"too short a time", "PT2H", "auth", hour, authLine, each(0, 60, 1), nil, "cannot_say", "would not fit"},
		{"a limit below the minute", "30s", "auth", hour, authLine, each(0, 60, 1), nil, unmeasured, "by the minute"},
		{"far over it all the same", "30s", "auth", hour, authLine, each(0, 40, 1), nil, "broken", "silent for 20 min"},
		{"lines of another log", "15m", "auth", hour, func(s *record.Sight) { s.Feed, s.Counts[record.LogLines] = "vpn", 3 }, each(0, 60, 1), nil, "broken", "60 min"},
		{"a log is silent while nothing else was observed too", "15m", "auth", hour, authLine, each(0, 10, 1), []int{1, 2, 3}, "broken", "50 min"},
		{"lookups", "15m", "dns", hour, lookup, each(0, 60, 5), nil, "kept", "at most 6 min"},
		{"lookups stop", "15m", "dns", hour, lookup, each(0, 30, 5), nil, "broken", "silent for 34 min"},
		{"lookups of others", "15m", "dns", hour, func(s *record.Sight) { s.Segment, s.Counts[record.DNSQueries] = "servers", 1 }, each(0, 60, 5), nil, "broken", ""},
		{"nothing was observed meanwhile", "15m", "dns", hour, lookup, append(each(0, 15, 5), each(45, 60, 5)...), []int{1, 2}, "cannot_say", "not observed is open"},
		{"before and after a pause", "15m", "dns", hour, lookup, []int{0, 59}, []int{2}, "broken", "silent for 29 min"},
		{"the night does not count", "90m", "dns", night, lookup, append(each(0, 50, 5), each(15*60+10, 16*60, 5)...), nil, "kept", "at most 26 min"},
		{"the evening and the morning do", "20m", "dns", night, lookup, append(each(0, 50, 5), each(15*60+10, 16*60, 5)...), nil, "broken", "24 min"},
		{"a log by the hour does not rest at night", "90m", "auth", night, authLine, append(each(0, 50, 5), each(15*60+10, 16*60, 5)...), nil, "broken", "14.4 h"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			on := terms(t, office, "kind: log, => kind: log, max_silence: "+tt.limit+",", "kind: dns, => kind: dns, max_silence: "+tt.limit+",")
			p := promise(t, Promises(on, heard(on, tt.seen, tt.add, tt.minutes, tt.pauses)), "data/"+tt.id+"/max_silence")
			got := p.Verdict.String()
			if !p.MeasuredHere {
				got = unmeasured
			}
			if got != tt.want || !strings.Contains(p.Seen+"; "+p.Because, tt.says) {
				t.Errorf("%q: %s, %s; want %q with %q", got, p.Seen, p.Because, tt.want, tt.says)
			}
		})
	}
	t.Run("not handed over", func(t *testing.T) {
		on := terms(t, office, "kind: log, => kind: log, max_silence: 15m,")
		if p := promise(t, Promises(on, observed(on, hour)), "data/auth/max_silence"); p.MeasuredHere || p.Verdict != verdict.CannotTell {
			t.Errorf("%+v", p)
		}
	})
	t.Run("a source without lookups", func(t *testing.T) {
		on := terms(t, office, "kind: dns, => kind: dns, max_silence: 15m,")
		d := heard(on, hour, lookup, nil, nil)
		d.Whole.Whole.Minutes, d.Whole.Whole.Carries = 60, record.CarriesConns
		if p := promise(t, Promises(on, d), "data/dns/max_silence"); p.MeasuredHere || !strings.Contains(p.Because, "lookups") {
			t.Errorf("%+v", p)
		}
	})
}

func TestClockPromise(t *testing.T) {
	on := terms(t, office, "  - {id: dns,  =>   - {id: delay, kind: quality, clock_skew_max: 2s}\n  - {id: dns, ")
	hour := monday(time.Hour)
	for _, tt := range []struct {
		name   string
		pieces []piece
		want   string
		says   string
	}{
		{"one witness", nil, unmeasured, "no second clock"},
		{"too few connections", []piece{{hour.From, []part{beside(false, 20, time.Hour)}}}, unmeasured, "no second clock"},
		{"they agree", []piece{{hour.From, []part{beside(false, 60, 0)}}}, unmeasured, "wrong together"},
		{"each may be within the limit", []piece{{hour.From, []part{beside(false, 60, 3*time.Second)}}}, unmeasured, "less than twice"},
		{"one must be wrong", []piece{{hour.From, []part{beside(false, 60, 5*time.Second)}}}, "broken", "5.00 s between two clocks"},
		{"in one quarter hour", []piece{
			{hour.From, []part{beside(false, 60, 5*time.Second)}}, {hour.From + record.Quarter, []part{beside(false, 300, 0)}},
		}, unmeasured, "wrong together"}, // the defect of the whole is no: the judge makes it yes, see the next
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := promise(t, Promises(on, observed(on, hour, tt.pieces...)), "data/delay/clock_skew_max")
			got := p.Verdict.String()
			if !p.MeasuredHere {
				got = unmeasured
			}
			if got != tt.want || !strings.Contains(p.Seen+"; "+p.Because, tt.says) {
				t.Errorf("%q: %s, %s; want %q with %q", got, p.Seen, p.Because, tt.want, tt.says)
			}
		})
	}
	t.Run("in one quarter hour, as the judge declares it", func(t *testing.T) {
		d := observed(on, hour, piece{hour.From, []part{beside(false, 60, 5*time.Second)}}, piece{hour.From + record.Quarter, []part{beside(false, 300, 0)}})
		d.defect(verdict.ClockSkew, "second").Verdict = verdict.Yes
		if p := promise(t, Promises(on, d), "data/delay/clock_skew_max"); p.Verdict != verdict.IsBroken || !p.MeasuredHere {
			t.Errorf("%+v", p)
		}
	})
}
