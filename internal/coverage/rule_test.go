package coverage

import (
	"math"
	"testing"

	"candor/internal/verdict"
)

func TestOnlyTheHeaviestSignOfAGroupCounts(t *testing.T) {
	type weigh struct {
		group string
		bits  float64
	}
	tests := []struct {
		name  string
		signs []weigh
		want  float64
		kept  int // signs that weigh something
	}{
		{"nothing", nil, 0, 0},
		{"two groups add up", []weigh{{"a", 3}, {"b", 2}}, 5, 2},
		{"the heavier of one group", []weigh{{"a", 1}, {"a", 3}}, 3, 1},
		{"the heavier against the lighter", []weigh{{"a", 3}, {"a", -4}}, -4, 1},
		{"equal weights: the first", []weigh{{"a", 2}, {"a", -2}}, 2, 1},
		{"one sign is bounded above", []weigh{{"a", 40}}, 4, 1},
		{"one sign is bounded below", []weigh{{"a", -40}}, -4, 1},
		{"infinite", []weigh{{"a", math.Inf(1)}, {"b", math.Inf(-1)}, {"c", math.Inf(-1)}}, -4, 3},
		{"ten signs of one group decide nothing", []weigh{{"a", 4}, {"a", 4}, {"a", 4}, {"a", 4}, {"a", 4}}, 4, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b balance
			for _, s := range tt.signs {
				b.add(s.group, "sign", "value", s.bits)
			}
			r := b.decide()
			kept := 0
			for _, s := range r.Signs {
				if s.Bits != 0 {
					kept++
				}
			}
			if r.Bits != tt.want || kept != tt.kept {
				t.Errorf("%v bits from %d signs, want %v from %d", r.Bits, kept, tt.want, tt.kept)
			}
			if len(r.Signs) != len(tt.signs) {
				t.Errorf("%d signs shown, want all %d", len(r.Signs), len(tt.signs))
			}
		})
	}
}

func TestDecideAtTheBounds(t *testing.T) {
	tests := []struct {
		name string
		add  []float64
		want verdict.Verdict
		how  verdict.Strength
	}{
		{"just below yes", []float64{4, 1.9}, verdict.CannotSay, verdict.NotDecided},
		{"yes", []float64{4, 2}, verdict.Yes, verdict.VeryLikely},
		{"almost certain", []float64{4, 4}, verdict.Yes, verdict.AlmostCertain},
		{"just above no", []float64{-4, -1.9}, verdict.CannotSay, verdict.NotDecided},
		{"no", []float64{-4, -2}, verdict.No, verdict.VeryLikely},
		{"certainly not", []float64{-4, -4}, verdict.No, verdict.AlmostCertain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var b balance
			for i, bits := range tt.add {
				b.add(string(rune('a'+i)), "sign", "", bits)
			}
			if r := b.decide(); r.Verdict != tt.want || r.Strength != tt.how {
				t.Errorf("%s, %s; want %s, %s", r.Verdict, r.Strength, tt.want, tt.how)
			}
		})
	}
}

func TestLeastIsTheScarcest(t *testing.T) {
	tests := []struct {
		name    string
		amounts []float64
		want    float64
	}{
		{"one", []float64{50, 100}, 0.5},
		{"the scarcer", []float64{300, 100, 1, 2}, 0.5},
		{"nothing at all", []float64{0, 100}, 0},
		{"enough of both", []float64{200, 100, 30, 10}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := least("", tt.amounts...).Have; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestEveryRuleIsListedOnce(t *testing.T) {
	seen := map[verdict.Code]bool{}
	for _, r := range Rules() {
		if seen[r.Code] {
			t.Errorf("%s is listed twice", r.Code)
		}
		seen[r.Code] = true
		if r.Weigh == nil {
			t.Errorf("%s has no Weigh", r.Code)
		}
	}
	for _, c := range []verdict.Code{
		"vantage.outside", "vantage.unmirrored_port", "vantage.management_port", "vantage.after_proxy", "feed.one_way", "feed.asymmetric",
		"feed.loss", "feed.duplicated", "feed.truncated", "feed.ipv6_missing", "feed.dead", "clock.skew", "segment.missing", "direction.missing", "kind.missing",
		"volume.low", "hosts.counted_twice", "input.damaged", "input.unread", "state.evicted", "capture.drops",
	} {
		if !seen[c] {
			t.Errorf("no rule judges %s", c)
		}
	}
}
