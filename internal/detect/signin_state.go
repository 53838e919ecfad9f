package detect

import (
	"math"
	"slices"
	"strings"

	"candor/internal/record"
)

// guesser is what is kept of tries that belong together.
type guesser struct {
	key         signKey
	source      string
	place       Place // of the source
	tries       []signTry
	next        int
	attempts    uint64
	forms       [signForms]uint64 // one try may write several lines: the form with the most lines counts
	users       distinct
	names       []string
	peers       distinct // machines that were tried; of an account and a host: sources
	peerNames   []string
	ports       []int
	uids        []string
	granted     uint64
	lockouts    uint64
	first, last record.Time
	gap         steady
	hot         bool
	spraying    bool
	succeeded   bool
	won         string // the account of the first success after the failures
}

// signTry is a failure, or what was granted between failures.
type signTry struct {
	user, peer uint32 // hashes; of connections the size stands for the user
	at         uint32 // seconds
	granted    bool
}

const (
	maxSignTries = 96
	signForms    = 3
)

// signLimits are the numbers within ten minutes, an hour and a day that make an attack.
type signLimits struct {
	tries, users [3]int // users: different accounts, a few tries each
	peers        int    // different sources, at least
	accounts     int    // different accounts, at least
	samePeer     bool   // only tries of the same machine count
	alike        bool   // sizes must be few
}

const never = math.MaxInt32

func (g *guesser) limits() signLimits {
	none := [3]int{never, never, never}
	switch g.key.by {
	case signBySource:
		return signLimits{tries: [3]int{10, 20, 40}, users: [3]int{5, 8, 12}}
	case signByAccount:
		return signLimits{tries: [3]int{20, 20, 30}, users: none, peers: 5}
	case signByHost:
		return signLimits{tries: [3]int{30, 40, 60}, users: none, peers: 12, accounts: 5}
	case signByHTTP:
		return signLimits{tries: [3]int{20, 60, never}, users: none}
	}
	l := signLimits{tries: [3]int{20, 40, 90}, users: none, samePeer: g.place != Outside, alike: true}
	if crowded(g.key.port) {
		l.tries = [3]int{90, never, never}
	}
	return l
}

// failed takes a failure.
func (g *guesser) failed(ts record.Time, user, peer string, size uint64) {
	g.gap.event(ts)
	if g.first == 0 {
		g.first = ts
	}
	g.first, g.last = min(g.first, ts), max(g.last, ts)
	g.attempts++
	u := textHash(user)
	switch {
	case size > 0:
		u = mix(size)
	case user != "":
		g.users.add(u)
		keepName(&g.names, user)
	}
	if peer != "" {
		g.peers.add(textHash(peer))
		keepName(&g.peerNames, peer)
	}
	t := signTry{uint32(u), uint32(textHash(peer)), uint32(max(ts, 0) / 1e9), false}
	g.remember(t)
	if !g.hot {
		g.judge(t)
	}
}

func (g *guesser) remember(t signTry) {
	if len(g.tries) < maxSignTries {
		g.tries = append(g.tries, t)
		return
	}
	g.tries[g.next] = t
	g.next = (g.next + 1) % maxSignTries
}

// grantedTo takes a success of the same source. After an attack it is the attack's, unless the source was used to the account before: when the
// account was tried, or the source is a stranger, or in the midst of spraying.
func (g *guesser) grantedTo(ts record.Time, user, peer string, used bool) {
	t := signTry{uint32(textHash(user)), uint32(textHash(peer)), uint32(max(ts, 0) / 1e9), true}
	g.granted++
	if !g.hot {
		g.remember(t)
		return
	}
	if used || g.succeeded || ts-g.last > record.Day {
		return
	}
	stranger := g.place == Outside && g.key.by != signByAccount && g.key.by != signByHost
	midst := g.spraying && g.key.by == signBySource && ts-g.last <= 10*record.Minute
	if stranger || midst || g.failedBefore(t) >= g.leastBefore() {
		g.succeeded, g.won, g.last = true, strings.Clone(user), max(g.last, ts)
	}
}

// failedBefore counts the failures that a success belongs to.
func (g *guesser) failedBefore(s signTry) (n int) {
	for i := range g.tries {
		t := &g.tries[i]
		same := t.peer == s.peer
		switch g.key.by {
		case signBySource:
			same = t.user == s.user
		case signByHost:
			same = same && t.user == s.user
		}
		n += b2i(same && !t.granted)
	}
	return n
}

// leastBefore is how many there must be: who guesses fails often before, and everybody mistypes now and then.
func (g *guesser) leastBefore() int {
	if g.key.by == signBySource && !g.spraying {
		return 4
	}
	return 1
}

func keepName(names *[]string, name string) {
	if len(*names) < maxSample && !slices.Contains(*names, name) {
		*names = append(*names, strings.Clone(name))
	}
}

// judge looks whether a failure makes an attack of those before it.
func (g *guesser) judge(t signTry) {
	l := g.limits()
	var tries, granted [3]int
	var users, peers [3][4]uint64
	for i := range g.tries {
		o := &g.tries[i]
		if l.samePeer && o.peer != t.peer {
			continue
		}
		age := uint32(0)
		if t.at > o.at {
			age = t.at - o.at
		}
		from := 3
		switch {
		case age < 600:
			from = 0
		case age < 3600:
			from = 1
		case age < 86400:
			from = 2
		}
		for w := from; w < 3; w++ {
			if o.granted {
				granted[w]++
				continue
			}
			tries[w]++
			bit, peer := o.user*0x9e3779b1>>24, o.peer*0x9e3779b1>>24
			users[w][bit>>6] |= 1 << (bit & 63)
			peers[w][peer>>6] |= 1 << (peer & 63)
		}
	}
	for w := range tries {
		accounts := counted(onesOf(users[w][:]), 256)
		if tries[w] < 3*granted[w] || counted(onesOf(peers[w][:]), 256) < l.peers || accounts < l.accounts {
			continue
		}
		guessing := tries[w] >= l.tries[w] && (!l.alike || 3*accounts <= tries[w])
		spraying := accounts >= l.users[w] && tries[w] >= l.users[w]
		if guessing || spraying {
			g.hot, g.spraying = true, g.spraying || spraying || l.peers > 0 && g.key.by == signByHost
		}
	}
}

// steady measures how even the gaps between events are.
type steady struct {
	last     record.Time
	n        int
	mean, m2 float64
}

func (s *steady) event(ts record.Time) {
	if s.last != 0 && ts > s.last {
		gap := (ts - s.last).Seconds()
		s.n++
		d := gap - s.mean
		s.mean += d / float64(s.n)
		s.m2 += d * (gap - s.mean)
	}
	s.last = max(s.last, ts)
}

// even reports whether a program keeps the pace, and a slow one.
func (s *steady) even() bool {
	return s.n >= 9 && s.mean >= 20 && math.Sqrt(s.m2/float64(s.n)) < 0.35*s.mean
}
