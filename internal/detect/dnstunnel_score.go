package detect

import (
	"fmt"
	"math"
)

// tunnelCase is the evidence about a pair: factors for and against data being carried on purpose, and, apart from them, what
// would explain them.
type tunnelCase struct {
	factors  []Factor
	nats     float64
	excuse   float64 // nats of the explanation, 0 or less
	explains string
	certain  bool // it holds however much was carried
	quiet    bool // no words are wanted
}

// Odds before any evidence (one in a thousand of the pairs that ask for more than a few names), and from where a pair is
// shown.
const (
	tunnelPrior = -7.0
	tunnelShown = 0.0
	tunnelLeast = 5 // names since the close look began
)

// open reports whether the evidence, taken with its explanation, makes a tunnel likelier than not.
func (c *tunnelCase) open() bool { return c.nats+c.excuse >= tunnelShown }

func (c *tunnelCase) add(nats float64, format string, args ...any) {
	c.nats += nats
	if !c.quiet {
		c.factors = append(c.factors, Factor{nats, fmt.Sprintf(format, args...)})
	}
}

// explain notes an ordinary reason; the strongest one gives the words.
func (c *tunnelCase) explain(nats float64, certain bool, words string) {
	if nats < c.excuse {
		c.explains, c.excuse = words, nats
	}
	c.certain = c.certain || certain
}

// explained gives the words of the explanation where it stands: by its nature, or because it outweighs the rest.
func (c *tunnelCase) explained() string {
	if c.certain || !c.open() {
		return c.explains
	}
	return ""
}

// judge weighs a pair. users is how many machines ask for many names of the same domain, this one included.
func (t *DNSTunnels) judge(p *tunnelPair, users int, quiet bool) *tunnelCase {
	w, c := p.work, &tunnelCase{nats: tunnelPrior, quiet: quiet}
	if w.names < tunnelLeast {
		return c
	}
	bits := w.bits()
	c.carried(w, bits)
	c.form(w, bits)
	c.types(w)
	c.answered(w)
	if c.nats >= tunnelShown {
		c.excuses(p, users)
	}
	return c
}

// carried weighs how much went out, and whether any name was of use twice.
func (c *tunnelCase) carried(w *tunnelWork, bits float64) {
	c.add(min(4.5, max(-4, 0.9*math.Log(max(bits, 1)/300))), "%d new names carry up to %.0f bits", w.names, bits)
	once := float64(w.names) / float64(w.names+w.repeats)
	nats := -4.0
	switch {
	case once >= 0.98 && w.names >= 10:
		nats = 1.5
	case once >= 0.9:
		nats = 1
	case once >= 0.7:
		nats = 0
	case once >= 0.4:
		nats = -1.5
	}
	c.add(nats, "%.0f %% of its questions are for names never asked for before", 100*once)
	if w.used > 0 {
		share := float64(w.used) / float64(w.names)
		c.add(-min(4, 0.5+12*share), "it then connected to %d of these names", w.used)
	}
}

// form weighs what the names look like.
func (c *tunnelCase) form(w *tunnelWork, bits float64) {
	each := bits / float64(w.names)
	nats := -4.0
	switch {
	case each >= 200:
		nats = 4
	case each >= 140:
		nats = 3
	case each >= 80:
		nats = 1.5
	case each >= 40:
		nats = 1
	case each >= 22:
		nats = 0
	case each >= 12 && 2*w.types[typeAddress] < w.names:
		nats = -0.5 // a tool that only asks whether there is anything to fetch
	case each >= 12:
		nats = -1.5
	}
	c.add(nats, "%.0f bits a name", each)
	strange := float64(w.strange) / 100 / float64(max(1, w.strangeFor))
	nats = -4
	switch {
	case strange >= 0.45:
		nats = 1.5
	case strange >= 0.15:
		nats = 1
	case strange >= -0.15:
		nats = 0
	case strange >= -0.4:
		nats = -2
	}
	c.add(nats, "its characters are %s (%+.2f)", randomWords(strange), strange)
	if share := float64(w.listed) / float64(w.names); share >= 0.1 {
		c.add(-5*share, "%.0f %% of its names hold an address, another name or a service", 100*share)
	}
	if w.deep*4 >= w.names {
		c.add(1, "%d of its names have 100 characters and more", w.deep)
	}
}

func randomWords(strange float64) string {
	if strange >= 0.15 {
		return "as if drawn at random"
	}
	return "those of words"
}

// types weighs what was asked for.
func (c *tunnelCase) types(w *tunnelWork) {
	n := 0.0
	for _, k := range w.types {
		n += float64(k)
	}
	n = max(n, 1)
	other, text := float64(w.types[typeOther])/n, float64(w.types[typeText])/n
	mixed := float64(w.types[typeAlias]+w.types[typeMail]+w.types[typeService]) / n
	kinds := 0
	for _, k := range w.types[typeText:] {
		if float64(k) >= 0.15*n {
			kinds++
		}
	}
	if kinds >= 2 && w.names >= 12 {
		c.add(1.5, "it asks for several such types by turns")
	}
	switch {
	case other >= 0.5:
		c.add(3.5, "it asks for a record type that nobody uses")
	case other+text+mixed >= 0.5:
		c.add(2.8, "it asks for text, alias or mail records")
	case other+text+mixed >= 0.1:
		c.add(1, "some of its questions are for text, alias or mail records")
	default:
		c.add(-1.5, "it asks for addresses, as everybody does")
	}
}

// answered weighs what came back.
func (c *tunnelCase) answered(w *tunnelWork) {
	if w.replies < 8 {
		return
	}
	n := float64(w.replies)
	distinct := 0
	for _, h := range w.answers {
		if h != 0 {
			distinct++
		}
	}
	given, told := n-float64(w.nodata), n-float64(w.nodata+w.untold)
	switch {
	case given < 0.1*n:
		c.add(-0.5, "nearly all of its names do not exist")
	case distinct <= 3 && w.answersOther == 0 && told >= 8:
		c.add(-1.5, "only %d different answers came back", distinct)
	case float64(distinct)+float64(w.answersOther) >= 0.8*told && told >= 12 && w.textBytes > 0:
		c.add(2.2, "nearly every answer is new as well")
	}
	if w.odd >= 2 {
		c.add(3, "%d answers are addresses that no machine has", w.odd)
	}
	if each := float64(w.textBytes) / n; each >= 40 {
		c.add(min(2, each/60), "answers of %.0f characters that are no addresses", each)
	}
}

// excuses lists ordinary reasons.
func (c *tunnelCase) excuses(p *tunnelPair, users int) {
	w := p.work
	n, replies := float64(w.names), float64(max(1, w.replies))
	given := replies - float64(w.nodata)
	if what, ok := knownAsked(p.key.domain, w.samples); ok {
		c.explain(-8, true, what)
	}
	if float64(w.local) >= 0.9*max(given, 1) && w.local >= 5 {
		c.explain(-5, true, "every answer is 127.0.0.x, as reputation lists answer")
	}
	if float64(w.hashes) >= 0.95*n && w.shortest == w.longest && w.answersOther == 0 && w.answers[4] == 0 {
		c.explain(-6, true, "each name is one hash of the same length and the answers are few, as in reputation lookups")
	}
	if users >= 4 && w.used == 0 && float64(w.textBytes)/replies < 40 || users >= 8 {
		c.explain(-3-0.3*float64(min(users, 20)-4), false, fmt.Sprintf("%d machines here ask the same domain in the same way", users))
	}
}
