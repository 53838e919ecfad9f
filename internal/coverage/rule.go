package coverage

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// Rule is one kind of blindness and how it is recognised.
type Rule struct {
	Code verdict.Code
	// Hard: one event is enough, and "no" needs the counter to exist.
	Hard bool
	// Reach is the working time that the least evidence names: a window is judged together with as many windows before
	// it as that takes. Zero: from the window alone. Evidence of a reach carries no runs of acknowledgements, no clients, no
	// peer groups and no other witnesses.
	Reach time.Duration
	// Whole: judged over the whole observation only; a quarter hour of it means nothing.
	Whole bool
	// Accepts is the word of the agreement's sensors[].vantage.accepts that makes the defect accepted; empty: none does.
	Accepts string
	// Subjects lists what the rule is asked about; nil means the sensor or its only feed.
	Subjects func(t *Terms, e *Evidence) []string
	// Needs is what the witness must carry at all; without it the rule cannot say, and says why.
	Needs record.Carries
	// Least is how much evidence there is, in multiples of the least that the rule wants; below 1 it cannot say.
	Least func(e *Evidence, subject string) Least
	// Weigh decides from one stretch with enough evidence. Call Judge instead.
	Weigh func(e *Evidence, subject string) Ruling
}

// Least is how much evidence a rule has.
type Least struct {
	Have  float64 // in multiples of the least evidence
	Needs string  // what was seen and what is needed, for people
}

// least is the smaller of several amounts, each given with what it should be.
func least(needs string, amounts ...float64) Least {
	l := Least{Have: math.Inf(1), Needs: needs}
	for i := 0; i+1 < len(amounts); i += 2 {
		l.Have = min(l.Have, amounts[i]/amounts[i+1])
	}
	return l
}

// Judge decides from one stretch of evidence: cannot say below the least evidence, else what the rule makes of it.
func (r *Rule) Judge(e *Evidence, subject string) Ruling {
	if e.Whole.Minutes > 0 && !e.Whole.Carries.Has(r.Needs) {
		return lacking(notCarried(&e.Whole, r.Needs))
	}
	l := Least{Have: 1}
	if r.Least != nil {
		l = r.Least(e, subject)
	}
	if l.Have < 1 {
		out := lacking(l.Needs)
		out.Evidence = l.Have
		return out
	}
	out := r.Weigh(e, subject)
	if out.Verdict == verdict.Yes && e.Dark && ofAbsence(r.Code) {
		out = lacking("a time of which nothing was lost: what did not come may be what was lost")
	}
	out.Evidence = l.Have
	return out
}

// Ruling is what a rule makes of one stretch of evidence. The zero Ruling cannot say.
type Ruling struct {
	Verdict  verdict.Verdict
	Strength verdict.Strength
	Bits     float64
	Signs    []verdict.Sign
	Evidence float64 // in multiples of the least
	Needs    string
	Words    string
	Do       string
}

// Rules lists every rule, in the order in which defects are shown.
func Rules() []Rule {
	return []Rule{
		outsideRule(), unmirroredRule(), managementRule(), afterProxyRule(),
		oneWayRule(), asymmetricRule(), lossRule(), duplicatedRule(), truncatedRule(), tunnelRule(), ipv6Rule(), inconsistentRule(), deadRule(), skewRule(),
		segmentRule(), directionRule(), kindRule(), encryptedLookupRule(), volumeRule(), countedTwiceRule(),
		damagedRule(), unreadRule(), evictedRule(), dropsRule(),
		silentRule(), gapRule(), storeRule(), shedRule(), sampledRule(),
	}
}

// notCarried says what a witness does not carry.
func notCarried(s *record.Sight, needs record.Carries) string {
	name := string(s.Feed)
	if name == "" {
		name = "this input"
	}
	return name + " carries no " + strings.Join((needs&^s.Carries).Names(), ", no ") + ": this cannot be told from it, however long it runs"
}

// maxSign bounds the weight of one sign, so that no single observation decides alone by accident.
const maxSign = 4.0

// sign is an observation within a group. Of each group only the heaviest sign counts, so that correlated signs are not
// counted twice (PLACEMENT.md 3.4).
type sign struct {
	group string
	verdict.Sign
}

// balance collects signs and decides.
type balance struct{ signs []sign }

func (b *balance) add(group, words, value string, bits float64) {
	bits = max(-maxSign, min(maxSign, bits))
	b.signs = append(b.signs, sign{group, verdict.Sign{Sign: words, Value: value, Bits: round1(bits)}})
}

// decide sums the heaviest sign of each group.
func (b *balance) decide() Ruling {
	heaviest := map[string]int{}
	for i, s := range b.signs {
		j, ok := heaviest[s.group]
		if !ok || math.Abs(s.Bits) > math.Abs(b.signs[j].Bits) {
			heaviest[s.group] = i
		}
	}
	var r Ruling
	for i, s := range b.signs {
		if heaviest[s.group] != i {
			s.Bits = 0
		}
		r.Bits += s.Bits
		r.Signs = append(r.Signs, s.Sign)
	}
	slices.SortStableFunc(r.Signs, func(x, y verdict.Sign) int { return -cmp.Compare(math.Abs(x.Bits), math.Abs(y.Bits)) })
	r.Bits = round1(r.Bits)
	r.Verdict, r.Strength = verdict.Decide(r.Bits)
	return r
}

func round1(x float64) float64 { return math.Round(x*10) / 10 }

// endings are what a rule says with each verdict, and what it advises or needs.
type endings struct{ yes, do, no, open, needs string }

// saying is the ruling with the words of its verdict.
func (r Ruling) saying(e endings) Ruling {
	switch r.Verdict {
	case verdict.Yes:
		r.Words, r.Do = e.yes, e.do
	case verdict.No:
		r.Words = e.no
	case verdict.CannotSay:
		r.Words, r.Needs = e.open, e.needs
	}
	return r
}

// bitsLacking says how far the signs are from a decision.
func (r Ruling) bitsLacking() string {
	return fmt.Sprintf("%+.1f bits; yes needs +6, no needs -6", r.Bits)
}

// lacking is a ruling that cannot say for want of evidence.
func lacking(needs string) Ruling {
	return Ruling{Verdict: verdict.CannotSay, Strength: verdict.NotDecided, Needs: needs, Signs: []verdict.Sign{}}
}

// measured is a ruling by a threshold of the table in DESIGN.md 4: yes at or above it, no well below.
func measured(v verdict.Verdict, sign verdict.Sign) Ruling {
	r := Ruling{Verdict: v, Signs: []verdict.Sign{}}
	switch v {
	case verdict.Yes:
		sign.Bits = verdict.CertainBits
	case verdict.No:
		sign.Bits = -verdict.CertainBits
	case verdict.CannotSay:
	}
	r.Bits = sign.Bits
	_, r.Strength = verdict.Decide(r.Bits)
	r.Signs = append(r.Signs, sign)
	return r
}
