package detect

import (
	"fmt"
	"math"
	"slices"
)

// dgaCase is the evidence of one window of one client.
type dgaCase struct {
	factors  []Factor
	nats     float64
	window   uint32 // seconds
	from, to uint32
	failed   int // domains in the window
	share    float64
	strange  float64
	length   float64
	sample   []string
	uids     []string
}

// Odds before any evidence, and how many domains a window needs.
const (
	dgaPrior = -6.5
	dgaShown = 0.0
	dgaLeast = 8
)

// dgaWindow is how long is looked at, and how many domains fail there on ordinary machines, now and then.
type dgaWindow struct {
	seconds uint32
	usual   float64
	words   string
}

func dgaWindows() [3]dgaWindow {
	return [3]dgaWindow{{600, 4, "10 minutes"}, {3600, 10, "an hour"}, {86400, 40, "a day"}}
}

func (k *dgaCase) add(nats float64, format string, args ...any) {
	k.factors = append(k.factors, Factor{nats, fmt.Sprintf(format, args...)})
	k.nats += nats
}

// judge weighs the windows that end now and gives the one that says most.
func (c *dgaClient) judge(now uint32) *dgaCase {
	var best *dgaCase
	for _, w := range dgaWindows() {
		from := now - min(now, w.seconds)
		set := make([]dgaName, 0, len(c.failed.entries))
		for _, e := range c.failed.entries {
			if e.at >= from && !e.dead {
				set = append(set, e)
			}
		}
		if len(set) < dgaLeast {
			continue
		}
		k := &dgaCase{nats: dgaPrior, window: w.seconds, to: now, failed: len(set)}
		k.from = slices.MinFunc(set, func(a, b dgaName) int { return int(a.at) - int(b.at) }).at
		k.names(c, set, from)
		k.behaviour(c, w, set)
		k.form(set)
		k.pace(set)
		if best == nil || k.nats > best.nats {
			best = k
		}
	}
	if best != nil && best.nats >= dgaShown {
		best.show(c)
	}
	return best
}

// behaviour weighs how many fail, how often again, and beside how many that exist.
func (k *dgaCase) behaviour(c *dgaClient, w dgaWindow, set []dgaName) {
	from := k.to - min(k.to, w.seconds)
	n := max(float64(len(set)), c.failed.since(from, k.to, maxFailed)*float64(len(set))/float64(max(1, len(c.failed.entries))))
	k.add(min(4, max(-2, 1.2*math.Log(n/w.usual))), "%.0f domains that do not exist within %s", n, w.words)
	k.repeated(set)
	exist := c.resolved.since(from, k.to, maxResolved)
	k.share = n / (n + exist)
	k.add(shareNats(k.share), "%.0f %% of all domains it asked for in that time", 100*k.share)
	k.onset(c, n, exist)
}

// repeated weighs whether domains were asked for again, later: made-up ones rarely are, dead or blocked ones are. Where letters
// are drawn at random it says less: some programs go through the day's list again and again.
func (k *dgaCase) repeated(set []dgaName) {
	again := againShare(set)
	weight := 1.0
	if k.strange >= 0.25 {
		weight = 0.3
	}
	switch {
	case again >= 0.5:
		k.add(-3*weight, "%.0f %% of them were asked for again later", 100*again)
	case again >= 0.25:
		k.add(-1.5*weight, "%.0f %% of them were asked for again later", 100*again)
	case again < 0.1:
		k.add(0.5, "hardly any was asked for again")
	}
}

func againShare(set []dgaName) float64 {
	n := 0.0
	for i := range set {
		if set[i].again > 0 {
			n++
		}
	}
	return n / float64(max(1, len(set)))
}

// shareNats weighs the share of domains that do not exist: half is suspicious, a tenth is what crawlers and mail servers meet.
func shareNats(share float64) float64 {
	const tenth = -2.197 // odds of one in ten
	x := math.Log(max(1e-6, share) / max(1e-6, 1-share))
	return min(2.2, max(-6, 1+1.1*max(x, tenth)+1.5*min(0, x-tenth)))
}

// onset weighs whether this client's domains used to exist.
func (k *dgaCase) onset(c *dgaClient, n, exist float64) {
	before, existed := float64(c.domains)-n, float64(c.existing)-exist
	if existed >= 100 && k.share >= 0.15 && before < 0.04*existed {
		k.add(1.5, "before, %.0f of %.0f domains did not exist", max(0, before), existed+before)
	}
}

// pace weighs whether the questions follow one another as a program's do: at even distances, or without a pause.
func (k *dgaCase) pace(set []dgaName) {
	if len(set) < 12 {
		return
	}
	at := make([]float64, len(set))
	for i := range set {
		at[i] = float64(set[i].at)
	}
	slices.Sort(at)
	sum, squares, close := 0.0, 0.0, 0.0
	for i := 1; i < len(at); i++ {
		d := at[i] - at[i-1]
		sum += d
		squares += d * d
		if d <= 2 {
			close++
		}
	}
	n := float64(len(at) - 1)
	mean := sum / n
	spread := math.Sqrt(max(0, squares/n-mean*mean))
	switch {
	case close >= 0.8*n:
		k.add(1, "one question followed another without a pause")
	case mean >= 4 && spread <= 0.6*mean:
		k.add(1, "one question came every %.0f s, give or take %.0f", mean, spread)
	}
}

// names weighs what the letters look like, also beside those of domains that exist.
func (k *dgaCase) names(c *dgaClient, set []dgaName, from uint32) {
	mean := func(of []dgaName, since uint32) (float64, int) {
		x, n := 0.0, 0
		for i := range of {
			if of[i].at >= since && !of[i].dead {
				x += float64(of[i].strange) / 100
				n++
			}
		}
		return x / float64(max(1, n)), n
	}
	k.strange, _ = mean(set, 0)
	nats := -1.2
	switch {
	case k.strange >= 0.45:
		nats = 3.5
	case k.strange >= 0.25:
		nats = 2.5
	case k.strange >= 0.1:
		nats = 1.2
	case k.strange >= -0.15:
		nats = 0
	case k.strange >= -0.35:
		nats = -0.7
	}
	k.add(nats, "their letters are %s (%+.2f)", randomWords(k.strange), k.strange)
	if usual, n := mean(c.resolved.entries, from); n >= 10 && k.strange-usual >= 0.35 {
		k.add(1, "unlike those of the domains that exist (%+.2f)", usual)
	}
}

// form weighs what the names have in common.
func (k *dgaCase) form(set []dgaName) {
	n := float64(len(set))
	sum, squares, below, hex, plain := 0.0, 0.0, 0, 0, 0
	suffixes, heads, tails := map[uint32]int{}, map[uint16]int{}, map[uint16]int{}
	for i := range set {
		e := &set[i]
		l := float64(e.length)
		sum += l
		squares += l * l
		if e.form&formBelow != 0 {
			below++
		}
		if e.form&(formBeyondHex|formHyphen|formOther) == 0 && e.length >= 8 {
			hex++
		}
		if e.form&(formHyphen|formOther) == 0 {
			plain++
		}
		suffixes[e.suffix]++
		heads[e.head]++
		tails[e.tail]++
	}
	k.length = sum / n
	spread := math.Sqrt(max(0, squares/n-k.length*k.length))
	switch {
	case spread <= 1.2:
		k.add(2, "all are %.0f characters long, give or take %.1f", k.length, spread)
	case spread <= 2.2:
		k.add(1, "they are %.0f characters long, give or take %.1f", k.length, spread)
	case spread >= 5:
		k.add(-0.5, "short and long ones are mixed")
	}
	if k.length >= 15 {
		k.add(1, "they are long, %.0f characters", k.length)
	}
	k.suffixes(suffixes, n)
	switch {
	case below == 0 || float64(below) == n:
		k.add(1, "every question has the same number of labels")
	case float64(below) > 0.25*n && float64(below) < 0.75*n:
		k.add(-1, "some with www, some without")
	}
	switch {
	case float64(hex) >= 0.95*n:
		k.add(3, "all are made of hexadecimal digits")
	case float64(plain) == n && n >= 20:
		k.add(0.3, "none has a hyphen")
	}
	if shared := max(sharing(heads), sharing(tails)) / n; n >= 20 && shared >= 0.3 && k.share >= 0.25 {
		k.add(1, "%.0f %% begin or end like another of them", 100*shared)
	}
}

// sharing counts the names that have their part in common with another.
func sharing(parts map[uint16]int) float64 {
	x := 0
	for _, n := range parts {
		if n > 1 {
			x += n
		}
	}
	return float64(x)
}

// suffixes weighs under which public suffixes they are: one alone, or several drawn by lot.
func (k *dgaCase) suffixes(count map[uint32]int, n float64) {
	most := 0
	for _, x := range count {
		most = max(most, x)
	}
	switch {
	case n < 10:
	case len(count) == 1:
		k.add(1, "all are under one suffix")
	case len(count) >= 3 && n >= 5*float64(len(count)) && float64(most)*float64(len(count)) <= 1.7*n:
		k.add(1, "they are spread evenly over %d suffixes", len(count))
	case float64(len(count)) > 0.4*n:
		k.add(-0.5, "they are under %d suffixes", len(count))
	}
}

// show copies the names that a finding shows.
func (k *dgaCase) show(c *dgaClient) {
	for i := range c.names {
		j := (c.next + i) % len(c.names)
		if c.names[j] != "" && len(k.sample) < maxSamples {
			k.sample = append(k.sample, c.names[j])
			k.uids = append(k.uids, c.uids[j])
		}
	}
}
