package judge_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/agreement"
	"candor/internal/judge"
	"candor/internal/labnet"
	"candor/internal/record"
	"candor/internal/verdict"
)

// blindCodes are the defects of what was lost, with a cause of each.
func blindCodes() map[record.BlindCause]string {
	return map[record.BlindCause]string{
		record.BlindHole: "record.gap", record.BlindCrash: "record.gap", record.BlindSpool: "record.gap", record.BlindBehind: "record.gap",
		record.BlindSilent: "sensor.silent", record.BlindMissing: "store.missing", record.BlindShed: "sensor.shed", record.BlindSampled: "feed.sampled",
		"tomorrow's": "record.gap",
	}
}

// twoHours is sight of two hours by the minute.
func twoHours(t *testing.T) (*agreement.Agreement, []*record.Batch) {
	t.Helper()
	a, err := agreement.Parse("bank.yaml", labnet.Bank(1).Agreement())
	if err != nil {
		t.Fatal(err)
	}
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	var out []*record.Batch
	for b := range monthOfSight(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), 1, j.Scope()) {
		if out = append(out, b); len(out) == 120 {
			break
		}
	}
	return a, out
}

func at(clock string) record.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2026-11-24 "+clock)
	if err != nil {
		panic(err) // a mistake in this test
	}
	return record.TimeOf(t)
}

func judgedAt(t testing.TB, a *agreement.Agreement, batches []*record.Batch, m judge.Moment) *judge.Result {
	t.Helper()
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		j.Observe(b)
	}
	return j.At(m)
}

// TestBlindDefects: each cause is its defect, yes in the windows that it touches and nowhere else, with its time, cause and
// count in words; told by a batch or by the moment is the same.
func TestBlindDefects(t *testing.T) {
	a, batches := twoHours(t)
	clean := judgedAt(t, a, batches, judge.Moment{})
	for cause, code := range blindCodes() {
		b := record.Blind{Span: record.Span{From: at("09:16:10"), To: at("09:31:00")}, Cause: cause, Count: 7, Words: "as told"}
		subject := ""
		if cause == record.BlindSampled {
			b.Feed, subject = "router", "router"
		}
		told := *batches[50]
		told.Blind = []record.Blind{b}
		byBatch := judgedAt(t, a, slices.Concat(batches[:50], []*record.Batch{&told}, batches[51:]), judge.Moment{})
		byMoment := judgedAt(t, a, batches, judge.Moment{Blind: []record.Blind{b}})
		if x, y := asJSON(t, byBatch), asJSON(t, byMoment); x != y {
			t.Errorf("%s: told by a batch and by the moment differ", cause)
		}
		if findDefect(clean, code, subject) != nil {
			t.Errorf("%s is listed although nothing was lost", code)
		}
		d := findDefect(byBatch, code, subject)
		if d == nil || d.Verdict != verdict.Yes || d.Now == verdict.Yes || d.Do == "" {
			t.Fatalf("%s: %+v", cause, d)
		}
		yes := slices.DeleteFunc(slices.Clone(d.Periods), func(p verdict.Period) bool { return p.Verdict != verdict.Yes })
		if len(yes) != 1 || yes[0].From != "2026-11-24T09:15:00Z" || yes[0].To != "2026-11-24T09:45:00Z" {
			t.Errorf("%s: yes in %v", cause, d.Periods)
		}
		words := d.Words + d.Signs[0].Sign + d.Signs[0].Value
		for _, want := range []string{"2026-11-24T09:16:10Z", "2026-11-24T09:31:00Z", "as told"} {
			if !strings.Contains(words, want) {
				t.Errorf("%s: %q is not in %q", cause, want, words)
			}
		}
		for _, answer := range byBatch.Answers {
			if answer.Verdict == verdict.No || !slices.Contains(answer.BlindSpots, d.Name()) {
				t.Errorf("%s: %s is %s, blind spots %v", cause, answer.Question, answer.Verdict, answer.BlindSpots)
			}
		}
	}
}

// TestBlindNow: silence up to the clock of who asks is now, long after the last packet; when it is over nothing is left of it.
func TestBlindNow(t *testing.T) {
	a, batches := twoHours(t)
	now := at("13:00:00")
	silent := record.Blind{Span: record.Span{From: at("11:00:00"), To: now}, Cause: record.BlindSilent}
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		j.Observe(b)
	}
	before := asJSON(t, j.At(judge.Moment{}))
	r := j.At(judge.Moment{Now: now, Blind: []record.Blind{silent}})
	d := findDefect(r, "sensor.silent", "")
	if d == nil || d.Now != verdict.Yes || r.Window.Last != "2026-11-24T13:00:00Z" || d.Periods[len(d.Periods)-1].To != "2026-11-24T13:00:00Z" {
		t.Fatalf("window %+v, silent %+v", r.Window, d)
	}
	for _, code := range []string{"segment.missing", "volume.low", "kind.missing", "feed.dead", "direction.missing"} {
		for i := range r.Defects {
			if x := &r.Defects[i]; string(x.Code) == code && x.Verdict == verdict.Yes && findDefect(j.At(judge.Moment{}), code, x.Subject).Verdict != verdict.Yes {
				t.Errorf("%s is yes because of what was not received: %s", x.Name(), x.Words)
			}
		}
	}
	if after := asJSON(t, j.At(judge.Moment{})); after != before {
		t.Error("a blind span of the moment left something behind")
	}
	if x := j.At(judge.Moment{Now: at("09:30:00")}); asJSON(t, x) != before {
		t.Error("a clock behind the newest packet changes the result")
	}
}

// TestBlindOfNothing: a sensor of which only a loss is known.
func TestBlindOfNothing(t *testing.T) {
	r := judgedAt(t, nil, nil, judge.Moment{Now: at("10:00:00"), Blind: []record.Blind{{Span: record.Span{From: at("09:00:00"), To: at("10:00:00")}, Cause: record.BlindSilent}}})
	d := findDefect(r, "sensor.silent", "")
	if r.Window != nil || d == nil || d.Verdict != verdict.Yes || d.Now != verdict.Yes {
		t.Errorf("window %v, %+v", r.Window, d)
	}
}

// TestBlindAnyOrder: in whatever order and however often cut blind spans are told of, the result is the same, and no answer is no.
func TestBlindAnyOrder(t *testing.T) {
	a, batches := twoHours(t)
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(r, "spans")
		var list []record.Blind
		for range n {
			from := at("09:00:00") + record.Time(rapid.IntRange(-30, 150).Draw(r, "from"))*record.Minute
			list = append(list, record.Blind{
				Span:  record.Span{From: from, To: from + record.Time(rapid.IntRange(0, 40).Draw(r, "long"))*record.Minute},
				Cause: rapid.SampledFrom([]record.BlindCause{record.BlindHole, record.BlindCrash, record.BlindShed, record.BlindSampled}).Draw(r, "cause"),
				Feed:  rapid.SampledFrom([]record.Feed{"", "a"}).Draw(r, "feed"), Count: rapid.Uint64().Draw(r, "count"), Words: rapid.SampledFrom([]string{"", "x", "y"}).Draw(r, "words"),
			})
		}
		told := func(list []record.Blind) *judge.Result {
			last := *batches[len(batches)-1]
			last.Blind = list
			return judgedAt(t, a, slices.Concat(batches[:len(batches)-1], []*record.Batch{&last}), judge.Moment{})
		}
		want := told(list)
		if got := told(rapid.Permutation(list).Draw(r, "order")); asJSON(t, got) != asJSON(t, want) {
			r.Fatalf("the order matters: %v", list)
		}
		for _, x := range want.Answers {
			if x.Verdict == verdict.No {
				r.Fatalf("%s is no", x.Question)
			}
		}
	})
}
