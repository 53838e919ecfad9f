package days

import "time"

// cadence is the law of the time between two uses of a service.
type cadence uint8

const (
	steady  cadence = iota // every period, each a little off (spread, symmetric), without drifting
	between                // at least a period after the last, at most spread more
	poisson                // memoryless, with the period as mean
	cron                   // at full periods of the clock, plus a delay of each machine below spread
)

// service is software that calls a server on the Internet by itself.
type service struct {
	names   []string // one of them each time
	who     uint8    // systems
	share   float64  // of the machines
	rhythm  cadence
	every   int64
	spread  int64
	people  bool // only while somebody works
	stack   *stack
	uri     string // of clear requests
	ask     float64
	answer  float64
	sigma   float64
	stay    int64 // mean time that the connection stays open; 0: it does not
	ping    int64 // while it does
	pushes  float64
	perPush uint64
}

// services is the software of the site. Periods are those that such software has; names are well known where somebody may know
// them, and obscure where nobody does.
var services = []service{
	// What systems do.
	{names: []string{"settings-win.data.microsoft.com"}, who: windows, share: 1, rhythm: between, every: 25 * minute, spread: 10 * minute, stack: &stackSystem, ask: 900, answer: 4000, sigma: 0.3},
	{names: []string{"v10.events.data.microsoft.com", "v20.events.data.microsoft.com"}, who: windows, share: 1, rhythm: between, every: 5 * minute, spread: 10 * minute, stack: &stackSystem, ask: 6000, answer: 800, sigma: 0.9},
	{names: []string{"slscr.update.microsoft.com", "fe3cr.delivery.mp.microsoft.com"}, who: windows, share: 1, rhythm: between, every: 17 * hour, spread: 5 * hour, stack: &stackSystem, ask: 9000, answer: 40_000, sigma: 0.6},
	{names: []string{"ctldl.windowsupdate.com"}, who: windows, share: 1, rhythm: between, every: 20 * hour, spread: 6 * hour, stack: &stackSystem, uri: "/msdownload/update/v3/static/trustedr/en/authrootstl.cab", ask: 250, answer: 5000, sigma: 0.2},
	{names: []string{"www.msftconnecttest.com"}, who: windows, share: 0.5, rhythm: steady, every: 15 * minute, spread: 4 * second, stack: &stackSystem, uri: "/connecttest.txt", ask: 180, answer: 480},
	{names: []string{"client.wns.windows.com"}, who: windows, share: 1, rhythm: between, every: 2 * second, spread: 20 * second, stack: &stackSystem, ask: 700, answer: 900, stay: 5 * hour, ping: 240 * second},
	{names: []string{"api.push.apple.com"}, who: mac, share: 1, rhythm: between, every: 2 * second, spread: 20 * second, stack: &stackApple, ask: 700, answer: 900, stay: 9 * hour, ping: 600 * second},
	{names: []string{"swscan.apple.com", "gdmf.apple.com"}, who: mac, share: 1, rhythm: between, every: 5 * hour, spread: 3 * hour, stack: &stackApple, ask: 1200, answer: 20_000, sigma: 0.4},
	{names: []string{"captive.apple.com"}, who: mac, share: 1, rhythm: poisson, every: 2 * hour, stack: &stackApple, uri: "/hotspot-detect.html", ask: 150, answer: 300},
	{names: []string{"connectivity-check.ubuntu.com"}, who: linux, share: 0.8, rhythm: steady, every: 300 * second, spread: second, stack: &stackServer, uri: "/", ask: 90, answer: 190},
	{names: []string{"archive.ubuntu.com", "security.ubuntu.com"}, who: linux | server, share: 1, rhythm: between, every: 12 * hour, spread: 12 * hour, stack: &stackServer, uri: "/ubuntu/dists/noble-updates/InRelease", ask: 400, answer: 270_000, sigma: 0.2},
	{names: []string{"motd.ubuntu.com"}, who: server, share: 0.6, rhythm: between, every: 12 * hour, spread: 12 * hour, stack: &stackServer, ask: 200, answer: 600},
	{names: []string{"ocsp.digicert.com", "o.pki.goog", "ocsp.sectigo.com"}, who: people, share: 1, rhythm: poisson, every: 35 * minute, people: true, stack: &stackSystem, uri: "/MFEwTzBNMEswSTAJBgUrDgMCGgUABBQ", ask: 260, answer: 720, sigma: 0.1},
	// What browsers do.
	{names: []string{"update.googleapis.com"}, who: people, share: 0.75, rhythm: between, every: 4 * hour, spread: 2 * hour, stack: &stackChromium, ask: 2500, answer: 3000, sigma: 0.3},
	{names: []string{"safebrowsing.googleapis.com"}, who: people, share: 0.9, rhythm: between, every: 27 * minute, spread: 6 * minute, people: true, stack: &stackChromium, ask: 800, answer: 9000, sigma: 0.7},
	{names: []string{"firefox.settings.services.mozilla.com"}, who: people, share: 0.3, rhythm: between, every: 24 * hour, spread: hour, people: true, stack: &stackFox, ask: 900, answer: 30_000, sigma: 0.5},
	{names: []string{"push.services.mozilla.com"}, who: people, share: 0.25, rhythm: between, every: 5 * second, spread: 30 * second, people: true, stack: &stackFox, ask: 900, answer: 900, stay: 3 * hour, ping: 300 * second},
	{names: []string{"detectportal.firefox.com"}, who: people, share: 0.25, rhythm: poisson, every: hour, people: true, stack: &stackFox, uri: "/success.txt?ipv4", ask: 300, answer: 220},
	// Mail, chat, files.
	{names: []string{"outlook.office365.com"}, who: people, share: 0.8, rhythm: between, every: 60 * second, spread: 240 * second, people: true, stack: &stackMail, ask: 2400, answer: 5000, sigma: 0.8},
	{names: []string{"imap.mailhoster.net"}, who: people, share: 0.15, rhythm: steady, every: 300 * second, spread: 3 * second, stack: &stackMail, ask: 700, answer: 1300, sigma: 0.1},
	{names: []string{"trouter.teams.microsoft.com"}, who: people, share: 0.7, rhythm: between, every: second, spread: 5 * second, people: true, stack: &stackEdge, ask: 1500, answer: 2000, stay: 2 * hour, ping: 30 * second, pushes: 0.4, perPush: 5000},
	{names: []string{"presence.teams.microsoft.com"}, who: people, share: 0.7, rhythm: between, every: 4 * minute, spread: 2 * minute, people: true, stack: &stackEdge, ask: 1500, answer: 900, sigma: 0.2},
	{names: []string{"wss-primary.slack.com"}, who: people, share: 0.3, rhythm: between, every: second, spread: 10 * second, people: true, stack: &stackChromium, ask: 1500, answer: 2000, stay: 4 * hour, ping: 60 * second, pushes: 0.3, perPush: 3000},
	{names: []string{"bolt.dropbox.com"}, who: people, share: 0.2, rhythm: between, every: 55 * second, spread: 30 * second, stack: &stackServer, ask: 500, answer: 260},
	{names: []string{"drive.sharefiles.com"}, who: people, share: 0.4, rhythm: poisson, every: 30 * minute, people: true, stack: &stackSystem, ask: 60_000, answer: 3000, sigma: 1.6},
	// What the office installed, known to few.
	{names: []string{"ingest.fleetsensor.io"}, who: people | server, share: 1, rhythm: between, every: 285 * second, spread: 30 * second, stack: &stackAgent, ask: 1200, answer: 300, sigma: 0.3},
	{names: []string{"av-update.wardenlabs.com"}, who: windows | mac, share: 1, rhythm: steady, every: hour, spread: 6 * minute, stack: &stackAgent, ask: 700, answer: 5000, sigma: 1},
	{names: []string{"license.draftcad.net"}, who: people, share: 0.04, rhythm: steady, every: 120 * second, spread: 200 * millisecond, people: true, stack: &stackAgent, ask: 420, answer: 180},
	{names: []string{"inventory.assettrail.com"}, who: people | server, share: 0.9, rhythm: cron, every: 4 * hour, spread: 10 * minute, stack: &stackAgent, ask: 30_000, answer: 700, sigma: 0.3},
	{names: []string{"check.printvendor-cloud.com"}, who: printer, share: 1, rhythm: steady, every: 15 * minute, spread: 2 * second, stack: &stackAgent, ask: 900, answer: 400},
	{names: []string{"metrics.hostgraph.io"}, who: server, share: 0.7, rhythm: steady, every: 60 * second, spread: second / 2, stack: &stackGo, ask: 5000, answer: 180, sigma: 0.2},
	{names: []string{"logs.hostgraph.io"}, who: server, share: 0.3, rhythm: between, every: second, spread: 3 * second, stack: &stackGo, ask: 1500, answer: 900, stay: 8 * hour, ping: 20 * second, pushes: 0.8, perPush: 40},
	{names: []string{"backup.vaultnode.eu"}, who: server, share: 0.08, rhythm: cron, every: 24 * hour, spread: hour, stack: &stackGo, ask: 400e6, answer: 60_000, sigma: 0.8},
	{names: []string{"tickets.helpdeskcloud.com"}, who: people, share: 0.5, rhythm: steady, every: 142 * second, spread: second, people: true, stack: &stackChromium, ask: 900, answer: 6000, sigma: 0.2},
	{names: []string{"weather.trayapp.net"}, who: people, share: 0.12, rhythm: steady, every: 10 * minute, spread: 30 * second, stack: &stackAgent, uri: "/v2/now.json", ask: 220, answer: 900, sigma: 0.1},
	{names: []string{"update.oldtool.org"}, who: people, share: 0.06, rhythm: between, every: 6 * hour, spread: hour, stack: &stackAgent, uri: "/version.txt", ask: 140, answer: 210},
	{names: []string{"sync.retiredvendor.com"}, who: people, share: 0.05, rhythm: steady, every: 10 * minute, spread: 20 * second, stack: &stackAgent, ask: 0, answer: 0},
	{names: []string{"cfg.closedstartup.io"}, who: people, share: 0.05, rhythm: steady, every: 5 * minute, spread: 5 * second, stack: &stackAgent, ask: 0, answer: 0},
}

// Caller says of a benign service of the site that it calls by itself, so that a finding on it can be named.
type Caller struct {
	Name   string        // whom it calls
	Domain string        // registered
	Every  time.Duration // its period, or the least or mean time between calls
	Steady bool          // its calls are periodic
}

// Callers lists the services of every site that call out by themselves: none of them is a bot.
func Callers() []Caller {
	var list []Caller
	for i := range services {
		s := &services[i]
		for _, n := range s.names {
			list = append(list, Caller{Name: n, Domain: registered(n), Every: time.Duration(s.every), Steady: s.rhythm != poisson})
		}
	}
	return list
}

// otherNames are names that no service of the table uses but something else does.
var otherNames = []string{"meet.confcloud.com", "video.tubehall.com", "radio.streamdeck.fm", "upload.cloudshelf.com", "mx1.mailhoster.net"}

var videoNames = []string{"video.tubehall.com", "radio.streamdeck.fm"}

// special gives names that behave unlike others.
func (w *internet) special() {
	for name, change := range map[string]func(*webName){
		"sync.retiredvendor.com": func(n *webName) { n.dead = true },
		"cfg.closedstartup.io":   func(n *webName) { n.gone = true },
	} {
		change(&w.names[w.byName[name]])
	}
	for i := range services {
		for _, name := range services[i].names {
			w.names[w.byName[name]].clear = services[i].uri != ""
		}
	}
	for _, name := range otherNames {
		w.names[w.byName[name]].clear = false
	}
}

// serve is a service being used once.
func serve(r *run, p *proc, at int64) int64 {
	s, d := p.svc, &p.dice
	on, busy := r.state(p.h, at)
	if !on || s.people && busy == 0 {
		back := r.wake(p.h, at)
		if s.rhythm == steady || s.rhythm == cron {
			for p.when < back {
				p.when += s.every
			}
			return max(p.when, back) + d.span(0, 20*second)
		}
		return back + d.span(0, min(s.every, 10*minute))
	}
	k := r.site.web.byName[pick(d, s.names)]
	v := visit{stack: s.stack, sent: uint64(d.lognormal(s.ask, s.sigma)), got: uint64(d.lognormal(s.answer, s.sigma)), uri: s.uri, dur: 2*r.site.web.names[k].delay + d.span(40*millisecond, 900*millisecond)}
	if s.stay > 0 {
		v.dur = minute + d.exp(s.stay)
		if p.h.person && !p.h.always || s.people {
			v.dur = min(v.dur, r.planOf(p.h, at).off-at)
		}
		v.dur = max(v.dur, second)
		v.ping, v.pingSent, v.pingGot, v.minGot, v.chance = s.ping, 40, 36, s.perPush, s.pushes
	} else if v.sent > 1<<20 {
		v.dur += int64(v.sent) * 80 // a hundred megabits a second
		if v.dur > openAtMost {
			v.minuteSent = v.sent / uint64(v.dur/minute+1)
			v.sent = 4000
		}
	}
	r.fetch(p, p.h, k, at, &v)
	return r.after(p, at+v.dur)
}

// after is when a service is used again.
func (r *run) after(p *proc, done int64) int64 {
	s, d := p.svc, &p.dice
	switch s.rhythm {
	case steady:
		for p.when += s.every; p.when-s.spread <= r.now; p.when += s.every {
		}
		return p.when + d.span(-s.spread, s.spread+1)
	case cron:
		next := (r.now/s.every + 1) * s.every
		splay := newDice(r.site.seed, 30, uint64(p.id))
		return next + splay.span(0, s.spread+1) + d.span(0, 2*second)
	case poisson:
		return done + d.exp(s.every)
	case between:
	}
	return done + s.every + d.span(0, s.spread+1)
}
