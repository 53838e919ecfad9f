package judge_test

import (
	"strings"
	"testing"

	"candor/internal/judge"
	"candor/internal/verdict"
)

func ptr[T any](v T) *T { return &v }

// healthy is a Result in which everything promised was seen.
func healthy() *judge.Result {
	no := func(c verdict.Code, subject string) verdict.Defect {
		return verdict.Defect{Code: c, Subject: subject, Verdict: verdict.No, Now: verdict.No}
	}
	r := &judge.Result{
		Agreement: &judge.AgreementRef{ID: "a", Customer: "Firm", TimeZone: "UTC"}, Sensor: "s1",
		Window:   &judge.Window{First: "2026-11-18T06:00:00Z", Last: "2026-11-18T18:00:00Z", Seconds: 43200},
		Segments: []verdict.Segment{{ID: "office", Promised: ptr(40), Seen: 40, Verdict: verdict.IsKept}, {ID: "guests", Excluded: true, Promised: ptr(9)}},
		Defects: []verdict.Defect{
			no(verdict.VantageOutside, ""), no(verdict.FeedOneWay, ""), no(verdict.FeedLoss, ""), no(verdict.SegmentMissing, "office"),
			{Code: verdict.CaptureDrops},
			{Code: verdict.FeedIPv6Missing, Subject: "office"},
		},
		Promises: []verdict.Promise{{ID: "segments/office/min_seen_24h", Verdict: verdict.IsKept, MeasuredHere: true}},
	}
	for _, q := range verdict.Questions() {
		r.Answers = append(r.Answers, verdict.Answer{Question: q, Verdict: verdict.No})
	}
	return r
}

func TestHeadlines(t *testing.T) {
	const see, wrong, kept = 0, 1, 2
	yes := func(c verdict.Code) verdict.Defect {
		return verdict.Defect{Code: c, Subject: "office", Verdict: verdict.Yes, Now: verdict.Yes}
	}
	tests := []struct {
		name   string
		change func(*judge.Result)
		line   int
		want   verdict.Verdict
		mark   judge.Mark
		says   string
	}{
		{"everything seen", func(*judge.Result) {}, see, verdict.Yes, judge.MarkAsAgreed, "40 of 40 promised hosts"},
		{"nothing wrong", func(*judge.Result) {}, wrong, verdict.No, judge.MarkAsAgreed, "No to all 10 questions"},
		{"everything kept", func(*judge.Result) {}, kept, verdict.Yes, judge.MarkAsAgreed, "0 promises broken, 1 kept"},

		{"one host short", func(r *judge.Result) { r.Segments[0].Seen = 39 }, see, verdict.CannotSay, judge.MarkCannotSay, "39 of 40"},
		{"another segment does not make up", func(r *judge.Result) {
			r.Segments = append(r.Segments, verdict.Segment{ID: "lab", Promised: ptr(10), Seen: 9})
			r.Segments[0].Seen = 60
		}, see, verdict.CannotSay, judge.MarkCannotSay, "49 of 50"},
		{"outside", func(r *judge.Result) { r.Defects[0] = yes(verdict.VantageOutside) }, see, verdict.No, judge.MarkAttention, "stands outside the firewall"},
		{"moved inside", func(r *judge.Result) {
			r.Defects[0] = yes(verdict.VantageOutside)
			r.Defects[0].Now = verdict.No
		}, see, verdict.No, judge.MarkAttention, "stood outside the firewall for part"},
		{"vantage not decided", func(r *judge.Result) { r.Defects[0].Verdict = verdict.CannotSay }, see, verdict.CannotSay, judge.MarkCannotSay, "Not decided: vantage.outside"},
		{"a volume that nobody promised", func(r *judge.Result) { r.Defects = append(r.Defects, verdict.Defect{Code: verdict.VolumeLow}) }, see, verdict.Yes, judge.MarkAsAgreed, ""},
		{"one way accepted", func(r *judge.Result) {
			r.Defects[1] = yes(verdict.FeedOneWay)
			r.Defects[1].Accepted = "asymmetric"
		}, see, verdict.Yes, judge.MarkAsAgreed, ""},
		{"only a limit", func(r *judge.Result) { r.Defects = append(r.Defects, yes(verdict.IntelStale)) }, see, verdict.Yes, judge.MarkAsAgreed, ""},
		{"damaged input", func(r *judge.Result) { r.Defects = append(r.Defects, yes(verdict.InputDamaged)) }, see, verdict.CannotSay, judge.MarkAttention, "An input is damaged"},
		{"a code nobody knows here", func(r *judge.Result) { r.Defects = append(r.Defects, yes("weather.bad")) }, see, verdict.CannotSay, judge.MarkAttention, "weather.bad: office"},
		{"promise broken", func(r *judge.Result) { r.Promises[0].Verdict = verdict.IsBroken }, see, verdict.No, judge.MarkAttention, "1 promise is broken"},
		{"no agreement", func(r *judge.Result) { r.Agreement, r.Promises, r.Segments = nil, nil, nil }, see, verdict.CannotSay, judge.MarkCannotSay, "No agreement"},
		{"no agreement and outside", func(r *judge.Result) {
			r.Agreement, r.Promises, r.Segments = nil, nil, nil
			r.Defects[0] = yes(verdict.VantageOutside)
		}, see, verdict.No, judge.MarkAttention, "outside"},
		{"nothing came", func(r *judge.Result) { r.Window = nil }, see, verdict.CannotSay, judge.MarkCannotSay, "no packet"},
		{"an empty Result", func(r *judge.Result) { *r = judge.Result{} }, see, verdict.CannotSay, judge.MarkCannotSay, ""},

		{"one question open", func(r *judge.Result) { r.Answers[3].Verdict = verdict.CannotSay }, wrong, verdict.CannotSay, judge.MarkCannotSay, "To 1 of 10 questions"},
		{"one yes", func(r *judge.Result) { r.Answers[3].Verdict, r.Answers[3].Because = verdict.Yes, "10.1.2.3 scans" }, wrong, verdict.Yes, judge.MarkAttention, "10.1.2.3 scans."},
		{"no question", func(r *judge.Result) { r.Answers = nil }, wrong, verdict.CannotSay, judge.MarkCannotSay, ""},
		{"an empty Result has nothing wrong, says nobody", func(r *judge.Result) { *r = judge.Result{} }, wrong, verdict.CannotSay, judge.MarkCannotSay, ""},

		{"broken", func(r *judge.Result) { r.Promises[0].Verdict = verdict.IsBroken }, kept, verdict.No, judge.MarkAttention, "1 promise broken"},
		{"one open", func(r *judge.Result) {
			r.Promises = append(r.Promises, verdict.Promise{ID: "x", MeasuredHere: true})
		}, kept, verdict.CannotSay, judge.MarkCannotSay, "1 cannot say"},
		{"kept as far as measured", func(r *judge.Result) { r.Promises = append(r.Promises, verdict.Promise{ID: "x"}) }, kept, verdict.CannotSay, judge.MarkCannotSay, "1 more cannot be measured"},
		{"no agreement, no promise", func(r *judge.Result) { r.Agreement, r.Promises = nil, nil }, kept, verdict.CannotSay, judge.MarkCannotSay, "No agreement"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := healthy()
			tt.change(r)
			got := judge.Headlines(r)[tt.line]
			if got.Word != tt.want || got.Mark != tt.mark {
				t.Errorf("%s %s (mark %d), want %s (mark %d): %s", got.Question, got.Word, got.Mark, tt.want, tt.mark, got.Text)
			}
			if !strings.Contains(got.Text, tt.says) {
				t.Errorf("%q does not say %q", got.Text, tt.says)
			}
		})
	}
}

func TestDeclareKeepsEveryDefect(t *testing.T) {
	r := healthy()
	r.Defects = append(r.Defects, verdict.Defect{Code: verdict.FeedOneWay, Verdict: verdict.Yes, Accepted: "asymmetric"},
		verdict.Defect{Code: verdict.DetectorNotBuilt, Verdict: verdict.Yes}, verdict.Defect{Code: verdict.FeedLoss, Verdict: verdict.Yes}, verdict.Defect{Code: "x", Verdict: 7})
	d := judge.Declare(r)
	if n := len(d.Yes) + len(d.Accepted) + len(d.Limits) + len(d.CannotSay) + len(d.No); n != len(r.Defects) {
		t.Errorf("%d of %d defects in groups", n, len(r.Defects))
	}
	if len(d.Yes) != 1 || len(d.Accepted) != 1 || len(d.Limits) != 1 || len(d.CannotSay) != 3 {
		t.Errorf("groups are %+v", d)
	}
}

func TestWhen(t *testing.T) {
	r := healthy()
	r.Agreement.TimeZone = "America/Chicago"
	noon, evening := "2026-11-18T18:00:00Z", "2026-11-18T23:15:00Z"
	period := func(from, to string, v verdict.Verdict) verdict.Period {
		return verdict.Period{From: from, To: to, Verdict: v}
	}
	tests := []struct {
		name    string
		periods []verdict.Period
		want    string
	}{
		{"never changed", []verdict.Period{period("2026-11-18T06:00:00Z", noon, verdict.Yes)}, ""},
		{"moved at noon", []verdict.Period{period("2026-11-18T06:00:00Z", noon, verdict.Yes), period(noon, evening, verdict.No)}, "yes until 12:00, no since 12:00"},
		{"three", []verdict.Period{period("", noon, verdict.No), period(noon, evening, verdict.Yes), period(evening, "", verdict.CannotSay)}, "no until 12:00, yes from 12:00 to 17:15, cannot say since 17:15"},
		{"many", make([]verdict.Period, 9), "cannot say until , cannot say from  to , cannot say from  to , cannot say from  to , 5 more changes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := judge.When(r, &verdict.Defect{Periods: tt.periods}); got != tt.want {
				t.Errorf("When = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLooked(t *testing.T) {
	r := healthy()
	r.Sight.Packets = 4118204
	if got, want := judge.Looked(r), "Wed 18 Nov 2026, 06:00 to 18:00 (12 h), 4,118,204 packets by sensor s1."; got != want {
		t.Errorf("Looked = %q, want %q", got, want)
	}
	r.Window.Last, r.Window.Seconds = "2026-11-20T06:00:00Z", 172800
	if got := judge.Looked(r); !strings.Contains(got, "06:00 to Fri 20 Nov 2026, 06:00 (48 h)") {
		t.Errorf("Looked over days = %q", got)
	}
}

func TestLong(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0 s", 0.25: "0.2 s", 119: "119 s", 600: "10 min", 64080: "17.8 h", 86396: "24 h", 604800: "7 days"} {
		if got := judge.Long(seconds); got != want {
			t.Errorf("%v seconds are %q, want %q", seconds, got, want)
		}
	}
}

func TestSteps(t *testing.T) {
	timeline := func(from string, n int) judge.Timeline {
		return judge.Timeline{From: from, StepSeconds: 900, Rows: []judge.TimelineRow{{Kind: "dns"}, {Kind: "conn", Counts: make([]uint64, n)}}}
	}
	tests := []struct {
		name       string
		timeline   judge.Timeline
		window     *judge.Window
		n          int
		start, end float64
	}{
		{"a part of two steps", timeline("2026-11-18T06:00:00Z", 2), &judge.Window{First: "2026-11-18T06:07:30Z", Seconds: 900}, 2, 0.5, 1.5},
		{"a window beyond the steps", timeline("2026-11-18T06:00:00Z", 2), &judge.Window{First: "2026-11-18T06:00:00Z", Seconds: 9000}, 2, 0, 2},
		{"a window before the steps", timeline("2026-11-18T06:00:00Z", 2), &judge.Window{First: "2026-11-18T05:00:00Z", Seconds: 900}, 2, 0, 1},
		{"no window", timeline("2026-11-18T06:00:00Z", 4), nil, 4, 0, 4},
		{"times that cannot be read", timeline("noon", 4), &judge.Window{First: "one", Seconds: 900}, 4, 0, 4},
		{"nothing", judge.Timeline{}, nil, 0, 0, 0},
		{"steps of no length", judge.Timeline{Rows: timeline("", 3).Rows}, nil, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, start, end := judge.Steps(&judge.Result{Timeline: tt.timeline, Window: tt.window})
			if n != tt.n || start != tt.start || end != tt.end {
				t.Errorf("%d steps, %v to %v, want %d, %v to %v", n, start, end, tt.n, tt.start, tt.end)
			}
		})
	}
}
