package detect

import (
	"cmp"
	"net/netip"
	"slices"

	"candor/internal/record"
	"candor/internal/verdict"
)

// SignIns finds attacks on sign-ins: guessing (many failures of one source or one account), spraying (many accounts, few tries each, also from
// many sources), fast or over a day, and whether one of them worked in the end.
//
// Failures come from logs (signin_log.go), from HTTP's refusals, and from connections that look like refused sign-ins, which
// are all alike and short (signin_conn.go). Each is counted under keys, and each key keeps its newest tries (signin_state.go).
type SignIns struct {
	guessers recent[signKey, guesser]
	finished []*guesser
	regulars *pairSet // source and account that were let in before
	http     int      // guessers of HTTP so far: without one, what HTTP granted is not looked at
	now      record.Time
	lost     uint64
}

// signBy says by what tries belong together.
type signBy uint8

const (
	signBySource  signBy = iota // logs: the address, else the machine that wrote the line
	signByAccount               // logs: one account, whoever tries
	signByHost                  // logs: one machine, tried from many places outside
	signByConn                  // connections of one source to one service
	signByHTTP                  // requests of one source to one server
)

func (b signBy) String() string {
	return [...]string{"source", "account", "host", "connections", "http"}[b]
}

// signKey names a guesser.
type signKey struct {
	by   signBy
	who  netip.Addr
	text string // user, host
	to   netip.Addr
	port uint16
}

// Bounds.
const (
	maxGuessers     = 1 << 16
	maxGuessed      = 1 << 12
	maxSignInsThere = 1000 // findings of sources outside that are listed, the largest ones
)

// NewSignIns makes the detector.
func NewSignIns() *SignIns {
	d := &SignIns{regulars: newPairSet()}
	d.guessers = newRecent(maxGuessers, d.drop)
	return d
}

// Kinds lists its finding kinds.
func (d *SignIns) Kinds() []string { return []string{"sign_in_attack"} }

// Needs lists nothing: logs, requests and connections each do, for what they tell of.
func (d *SignIns) Needs() []record.Kind { return nil }

// Lost counts the keys that were let go of within a day of a failure. That a source is used to an account may be forgotten without a loss: a
// success then looks graver than it is.
func (d *SignIns) Lost() uint64 { return d.lost }

func (d *SignIns) drop(old map[signKey]*guesser) {
	var found []*guesser
	for _, g := range old {
		switch {
		case g.hot:
			found = append(found, g)
		case d.now-g.last < record.Day && g.attempts > 0:
			d.lost++
		}
	}
	slices.SortFunc(found, compareGuessers)
	room := max(maxGuessed-len(d.finished), 0)
	if len(found) > room {
		d.lost += uint64(len(found) - room)
		found = found[:room]
	}
	for _, g := range found {
		g.tries = nil
	}
	d.finished = append(d.finished, found...)
}

func compareGuessers(a, b *guesser) int {
	return cmp.Or(cmp.Compare(b.attempts, a.attempts), compareSignKeys(a.key, b.key), cmp.Compare(a.first, b.first))
}

func compareSignKeys(a, b signKey) int {
	return cmp.Or(cmp.Compare(a.by, b.by), a.who.Compare(b.who), cmp.Compare(a.text, b.text), a.to.Compare(b.to), cmp.Compare(a.port, b.port))
}

// Observe folds a slice.
func (d *SignIns) Observe(s *Slice) {
	for i := range s.Logs {
		d.log(s.Net, &s.Logs[i])
	}
	for i := range s.HTTP {
		d.request(s.Net, &s.HTTP[i])
	}
	for i := range s.Events {
		if e := &s.Events[i]; e.Proto == 6 && e.Answered && signPort(e.RespPort, e.Service) != 0 {
			d.conn(e)
		}
	}
}

// at finds or makes a guesser; nil when there is none and none is to be made.
func (d *SignIns) at(key signKey, source string, place Place, make bool) *guesser {
	g := d.guessers.get(key)
	if g == nil && make {
		key.text = string(append([]byte(nil), key.text...))
		g = &guesser{key: key, source: string(append([]byte(nil), source...)), place: place}
		d.guessers.put(key, g)
	}
	return g
}

// Findings lists the attacks: all from inside and all that worked, and the largest of the others.
func (d *SignIns) Findings(record.Time) []verdict.Finding {
	best := map[string]*guesser{}
	take := func(g *guesser) {
		if !g.hot {
			return
		}
		id := ID("sign_in_attack", g.source, g.idKey())
		if best[id] == nil || compareGuessers(g, best[id]) < 0 {
			best[id] = g
		}
	}
	for _, g := range d.finished {
		take(g)
	}
	d.guessers.each(func(_ signKey, g *guesser) { take(g) })
	var ours, theirs []*guesser
	for _, g := range best {
		if g.place != Outside || g.succeeded {
			ours = append(ours, g)
		} else {
			theirs = append(theirs, g)
		}
	}
	slices.SortFunc(theirs, compareGuessers)
	ours = append(ours, theirs[:min(len(theirs), maxSignInsThere)]...)
	out := make([]verdict.Finding, 0, len(ours))
	for _, g := range ours {
		out = append(out, g.finding())
	}
	slices.SortFunc(out, func(a, b verdict.Finding) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
