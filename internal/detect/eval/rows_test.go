package eval_test

import (
	"fmt"
	"time"

	"candor/internal/detect/timing"
	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// cell is one kind of beacon, injected n times.
type cell struct {
	name  string
	b     days.Beacon
	watch time.Duration // how long it is seen: from its start to the end
	lost  float64       // share of packets that the capture loses
	n     int
	full  bool // with all the traffic of the office around it; else alone, which is much cheaper
	poor  bool // without what context says against it: see dress

	got    [5]int // by hit
	tries  []try
	claims bool // the power statement covers it: its timing would be found with 95 %
}

// try is one injection of a cell.
type try struct {
	hit          hit
	rita, threat float64
}

// job is an injection that waits for a run.
type job struct {
	c *cell
	b days.Beacon
}

// dress gives the k-th injection of a cell a name, a fingerprint and sizes: context evidence is as varied as timing. A quarter hides
// behind the browser's fingerprint; none of those has a name of its own, too, and varied sizes (the table of contexts has those).
func dress(b days.Beacon, k int) days.Beacon {
	b.Naming = []days.Naming{days.NoName, days.OwnDomain, days.OwnNames, days.NoName}[k%4]
	b.Browser = k%4 == 3
	b.Size = []days.Size{days.Fixed, days.Padded, days.Varied}[k/4%3]
	if b.Targets > 1 && k%2 == 1 {
		b.Naming = days.OwnNames
	}
	return b
}

// measure runs all cells: those that can share a run share it, each injection on a machine of its own.
func measure(cells []*cell, seed uint64) {
	type group struct {
		watch time.Duration
		lost  float64
		full  bool
	}
	jobs, order := map[group][]job{}, []group{}
	bots := 0
	for _, c := range cells {
		g := group{c.watch, c.lost, c.full}
		if jobs[g] == nil {
			order = append(order, g)
		}
		for k := range c.n {
			b := c.b
			if !c.poor {
				b = dress(c.b, k)
			}
			bots++
			b.Stack = bots // bots of different make
			jobs[g] = append(jobs[g], job{c, b})
		}
		w, m := c.b.Jitter, timing.Missed(c.b.Missed, 0)
		hi := c.b.Sleep.Seconds()
		if c.b.Shape == days.Symmetric {
			hi, w = hi*(1+w), 2*w/(1+w)
		}
		c.claims = !c.b.OfficeHours && c.b.ChangeAfter == 0 && c.b.Targets <= 1 && c.b.Shape <= days.Symmetric && timing.Found(hi, w, m, c.watch.Hours())
	}
	for _, g := range order {
		for list := jobs[g]; len(list) > 0; seed++ {
			n := runJobs(list, seed, g.watch, g.lost, g.full)
			list = list[n:]
		}
	}
}

// runJobs injects as many jobs as there are machines, and grades them. It gives how many it did.
func runJobs(list []job, seed uint64, watch time.Duration, lost float64, full bool) int {
	clients := 200
	if full {
		clients = 100
	}
	site := days.Office(seed, clients, 12)
	hosts := site.AlwaysOn()
	n := min(len(hosts), len(list))
	if full {
		n = min(n, 10)
	}
	// The site's last hour is 16 h of a Thursday, so that office hours and days before are the same for all.
	to := monday + record.Time(3*24*time.Hour+16*time.Hour)
	span := record.Span{From: to - record.Time(watch), To: to}
	plan := make([]days.Injection, n)
	for i := range n {
		b := list[i].b
		b.Host, b.From = hosts[i], to-record.Time(watch)
		plan[i] = b
	}
	truths := site.Truths(span, plan...)
	from := site
	if !full {
		from = site.Quiet()
	}
	rita := newRITA(insideOf(site))
	play(site, days.Lose(from.Batches(span, plan...), lost, seed), 0, rita, func(at record.Time, all []verdict.Finding) bool {
		scores := map[string][2]float64{}
		for end := at; end > span.From; end -= record.Day {
			for _, s := range rita.scores(end) {
				x := scores[s.key.src.String()]
				scores[s.key.src.String()] = [2]float64{max(x[0], s.score), max(x[1], s.threat)}
			}
		}
		for i := range n {
			c := list[i].c
			h := grade(all, &truths[i], centre(&list[i].b)...)
			c.got[h]++
			x := scores[truths[i].Host.String()]
			c.tries = append(c.tries, try{h, x[0], x[1]})
		}
		return true
	})
	return n
}

// found counts what stands with source and destination right; whether its period is right, too, has a column of its own.
func (c *cell) found() int { return c.got[right] + c.got[wrong] }

// line writes a row; RITA finds what reaches a level.
func (c *cell) line(rita float64) string {
	k, n := c.found(), len(c.tries)
	low, high := wilson(k, n)
	pairs := func(level float64) (theirs, ours, onlyThem int) {
		for _, x := range c.tries {
			r := x.rita >= level
			if r {
				theirs++
			}
			switch stands := x.hit >= wrong; {
			case stands && !r:
				ours++
			case !stands && r:
				onlyThem++
			}
		}
		return theirs, ours, onlyThem
	}
	theirs, ours, onlyThem := pairs(rita)
	at9, ours9, only9 := pairs(.9)
	claim := ""
	if c.claims {
		claim = "claimed"
	}
	share := func(k int) float64 { return 100 * float64(k) / float64(max(n, 1)) }
	return fmt.Sprintf("%-44s n %3d  found %5.1f %% (%3.0f-%3.0f)  of these other period %2d  undecided %2d  weak context %2d  not periodic %3d | RITA %5.1f %%  only we %3d only RITA %3d p %.2g | RITA >= 0.9 %5.1f %%  %d : %d p %.2g %s",
		c.name, n, share(k), 100*low, 100*high, c.got[wrong], c.got[undecided], c.got[explained], c.got[missed], share(theirs), ours, onlyThem, signTest(ours, onlyThem), share(at9), ours9, only9, signTest(ours9, only9), claim)
}

const (
	dayLong  = 24 * time.Hour
	halfHour = 30 * time.Minute
)

// grid is sleep x jitter x shape x missed. A sleep is watched for a day, a slow one for two weeks.
func grid(n int) []*cell {
	var out []*cell
	for _, sleep := range []time.Duration{5 * time.Second, time.Minute, 5 * time.Minute, halfHour, 6 * time.Hour, dayLong} {
		watch := dayLong
		switch {
		case sleep < time.Minute:
			watch = 7 * time.Hour // enough for RITA, too
		case sleep >= 6*time.Hour:
			watch = 14 * dayLong
		}
		for _, shape := range []days.Shape{days.Shorten, days.Symmetric} {
			for _, jitter := range []float64{0, .2, .5, .95} {
				if shape == days.Symmetric && jitter == 0 {
					continue
				}
				for _, miss := range []float64{0, .3, .6} {
					b := days.Beacon{Sleep: sleep, Jitter: jitter, Shape: shape, Missed: miss}
					out = append(out, &cell{name: fmt.Sprintf("%v j%.0f%% %s missed %.0f%%", sleep, 100*jitter, shapeName(shape), 100*miss), b: b, watch: watch, n: n})
				}
			}
		}
	}
	return out
}

func shapeName(s days.Shape) string {
	return map[days.Shape]string{days.Shorten: "shorten", days.Symmetric: "symmetric", days.Exponential: "poisson", days.Lognormal: "lognormal", days.Cron: "cron"}[s]
}

// named are the rows that the issue names, each of several cells with n in all.
func named(n int) map[string][]*cell {
	minute := func(m int) time.Duration { return time.Duration(m) * time.Minute }
	row := func(each int, list ...*cell) []*cell {
		for _, c := range list {
			c.n = each
		}
		return list
	}
	bot := func(name string, sleep time.Duration, jitter float64, watch time.Duration, change func(*days.Beacon)) *cell {
		b := days.Beacon{Sleep: sleep, Jitter: jitter}
		if change != nil {
			change(&b)
		}
		return &cell{name: name, b: b, watch: watch}
	}
	office := func(b *days.Beacon) { b.OfficeHours = true }
	rotate := func(k int) func(*days.Beacon) { return func(b *days.Beacon) { b.Targets = k } }
	shape := func(s days.Shape) func(*days.Beacon) { return func(b *days.Beacon) { b.Shape = s } }
	return map[string][]*cell{
		"young": row(n/4, bot("60s j20 for 30 min", minute(1), .2, minute(30), nil), bot("60s j50 for 1 h", minute(1), .5, minute(60), nil),
			bot("300s j20 for 2 h", minute(5), .2, minute(120), nil), bot("300s j50 for 4 h", minute(5), .5, minute(240), nil)),
		"slow": row(n/4, bot("6h j20 for 5 d", 6*time.Hour, .2, 5*dayLong, nil), bot("12h j20 for 10 d", 12*time.Hour, .2, 10*dayLong, nil),
			bot("24h j10 for 14 d", dayLong, .1, 14*dayLong, nil), bot("6h j50 for 14 d", 6*time.Hour, .5, 14*dayLong, nil)),
		"office hours": row(n/4, bot("60s j50 one day", minute(1), .5, dayLong, office), bot("300s j20 one day", minute(5), .2, dayLong, office),
			bot("300s j50 5 days", minute(5), .5, 5*dayLong, office), bot("1800s j20 5 days", minute(30), .2, 5*dayLong, office)),
		"rotating": row(n/4, bot("60s j20 5 targets", minute(1), .2, dayLong, rotate(5)), bot("60s j20 50 targets", minute(1), .2, dayLong, rotate(50)),
			bot("300s j20 50 targets", minute(5), .2, dayLong, rotate(50)), bot("300s j50 5 targets", minute(5), .5, dayLong, rotate(5))),
		"Poisson": row(n/4, bot("mean 60s one day", minute(1), 0, dayLong, shape(days.Exponential)), bot("mean 300s one day", minute(5), 0, dayLong, shape(days.Exponential)),
			bot("mean 60s 1 h", minute(1), 0, time.Hour, shape(days.Exponential)), bot("mean 30 min 7 d", minute(30), 0, 7*dayLong, shape(days.Exponential))),
		"lognormal": row(n/8, bot("300s sigma 1 one day", minute(5), 1, dayLong, shape(days.Lognormal)), bot("300s sigma 1.5 one day", minute(5), 1.5, dayLong, shape(days.Lognormal))),
	}
}

// more are smaller samples of what else the issue lists.
func more(n int) []*cell {
	bot := func(name string, sleep time.Duration, jitter float64, watch time.Duration, change func(*cell)) *cell {
		c := &cell{name: name, b: days.Beacon{Sleep: sleep, Jitter: jitter}, watch: watch, n: n}
		if change != nil {
			change(c)
		}
		return c
	}
	m := time.Minute
	out := []*cell{
		bot("sleep 60s -> 300s j20", m, .2, dayLong, func(c *cell) { c.b.ChangeAfter, c.b.NewSleep = 8*time.Hour, 5*m }),
		bot("sleep 60s -> 600s j50", m, .5, dayLong, func(c *cell) { c.b.ChangeAfter, c.b.NewSleep = 12*time.Hour, 10*m }),
		bot("300s j20, 4 calls a time", 5*m, .2, dayLong, func(c *cell) { c.b.Calls = 4 }),
		bot("300s j20 never answered", 5*m, .2, dayLong, func(c *cell) { c.b.Failed = true }),
		bot("60s j20 HTTP", m, .2, dayLong, func(c *cell) { c.b.Clear = true }),
		bot("300s j20 clock", 5*m, .2, dayLong, func(c *cell) { c.b.Shape = days.Cron }),
	}
	for _, lost := range []float64{.01, .1, .5} {
		out = append(out, bot(fmt.Sprintf("300s j20, %.0f %% of packets lost", 100*lost), 5*m, .2, dayLong, func(c *cell) { c.lost = lost }))
	}
	for _, sleep := range []time.Duration{m, 5 * m, 30 * m, 6 * time.Hour} {
		for _, watch := range []time.Duration{30 * m, 4 * time.Hour, dayLong, 14 * dayLong} {
			if sleep < 5*m && watch > dayLong {
				continue
			}
			out = append(out, bot(fmt.Sprintf("%v j20 started %v ago", sleep, watch), sleep, .2, watch, nil))
		}
	}
	return out
}

// contexts are one timing in every dress.
func contexts(n int) []*cell {
	var out []*cell
	for _, naming := range []days.Naming{days.NoName, days.OwnDomain, days.Fronted} {
		for _, browser := range []bool{false, true} {
			for _, size := range []days.Size{days.Fixed, days.Varied} {
				for _, port := range []uint16{443, 8444} {
					if port != 443 && naming != days.NoName {
						continue
					}
					b := days.Beacon{Sleep: 5 * time.Minute, Jitter: .2, Naming: naming, Browser: browser, Size: size, Port: port}
					out = append(out, &cell{name: fmt.Sprintf("%s, browser's print %v, sizes %s, port %d", [...]string{"no name", "own domain", "own names", "fronted"}[naming], browser, [...]string{"fixed", "padded", "varied"}[size], port), b: b, watch: dayLong, n: n, full: true, poor: true})
				}
			}
		}
	}
	return out
}

// sum adds cells up.
func sum(name string, cells []*cell) *cell {
	s := &cell{name: name}
	for _, c := range cells {
		for i := range c.got {
			s.got[i] += c.got[i]
		}
		s.tries = append(s.tries, c.tries...)
	}
	return s
}
