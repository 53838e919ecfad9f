package eval_test

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/detect"
	"candor/internal/labnet/days"
	"candor/internal/record"
	"candor/internal/verdict"
)

// family is bots of one make: how they call, and how they look. Families follow what is published of tools and malware of their kind.
type family struct {
	name string
	make func(k int) days.Beacon
	days int // watched
}

func families() []family {
	s, m := time.Second, time.Minute
	sizes := []days.Size{days.Padded, days.Fixed, days.Varied}
	size := func(b days.Beacon, k int) days.Beacon { b.Size = sizes[k%3]; return b }
	return []family{
		{"framework over HTTPS, 60 s j20 to j50, own domain", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: m, Jitter: []float64{.2, .37, .5}[k%3], Naming: days.OwnDomain}, k)
		}, 1},
		{"framework without a name, 300 s symmetric 30 %", func(k int) days.Beacon { return size(days.Beacon{Sleep: 5 * m, Jitter: .3, Shape: days.Symmetric}, k) }, 1},
		{"RAT, 3.5 s, odd port", func(k int) days.Beacon { return days.Beacon{Sleep: 3500 * time.Millisecond, Jitter: .1, Port: 1337} }, 1},
		{"banking bot, 200 s, five addresses, port 449", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: 200 * s, Jitter: .05, Targets: 5, Port: 449}, k)
		}, 1},
		{"HTTP bot, 120 s j20, own domain", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: 2 * m, Jitter: .2, Naming: days.OwnDomain, Clear: true}, k)
		}, 1},
		{"fifty domains in turn, 60 s j20", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: m, Jitter: .2, Naming: days.OwnNames, Targets: 50}, k)
		}, 1},
		{"hides behind the browser's print, no name, 300 s j20", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: 5 * m, Jitter: .2, Browser: true}, k)
		}, 1},
		{"server that is gone, no name, 300 s j20", func(k int) days.Beacon { return days.Beacon{Sleep: 5 * m, Jitter: .2, Failed: true} }, 1},
		{"office hours, 10 min j30, own domain", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: 10 * m, Jitter: .3, OfficeHours: true, Naming: days.OwnDomain}, k)
		}, 1},
		{"misses 30 %, 300 s j20, own domain", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: 5 * m, Jitter: .2, Missed: .3, Naming: days.OwnDomain}, k)
		}, 1},
		{"slow, 4 h j20, own domain or none", func(k int) days.Beacon {
			return size(days.Beacon{Sleep: 4 * time.Hour, Jitter: .2, Naming: []days.Naming{days.OwnDomain, days.NoName}[k%2]}, k)
		}, 5},
	}
}

// sample is a finding, explained by nothing or by its weak context only, and whether it is true. Bots that have none are samples, too, without
// evidence.
type sample struct {
	family     int // of what it is about: -1 noise, -2 an attack other than a bot
	kind       string
	periodic   bool // there is a finding at all
	stands     bool
	confidence float64
	level      float64         // beacons: context less what opens a finding
	x          [groups]float64 // beacons: context by group of evidence
	words      string
	bot        uint64 // whose; several findings may be about one
}

// groups of context evidence, as weights are fitted for them.
const groups = 10

// groupOf tells by its words which group a factor of context belongs to.
func groupOf(words string) int {
	for i, list := range [groups - 1][]string{
		{"calls there", "calls where it calls", "call there"},
		{"goes round"},
		{"TLS fingerprint", "user agent", "its program"},
		{"since it was first seen", "it began"},
		{"no name"},
		{"port "},
		{"never answered"},
		{"send about", "different amounts", "answers are long"},
		{"come together", "calls alone"},
	} {
		if slices.ContainsFunc(list, func(s string) bool { return strings.Contains(words, s) }) {
			return i
		}
	}
	return groups - 1
}

// sampleOf reads a finding.
func sampleOf(f *verdict.Finding) sample {
	s := sample{kind: f.Kind, periodic: true, stands: f.ExplainedBy == "", confidence: f.Confidence, words: f.Words}
	if f.Kind != "beacon" {
		return s
	}
	x, _ := f.Evidence["context_nats"].(float64)
	opens, _ := f.Evidence["opens_at"].(float64)
	s.level = x - opens
	why, _ := f.Evidence["why"].([]string)
	for _, w := range why {
		text, words, _ := strings.Cut(w, " ")
		if v, err := strconv.ParseFloat(text, 64); err == nil {
			s.x[groupOf(words)] += v
		}
	}
	s.x[groups-1] -= opens
	return s
}

// samples are what offices with bots of all families raise, all detectors asked at the end.
type samples struct {
	list     []sample
	hostDays float64
}

// attacks are one of each behaviour that is no bot, for machines that follow one another.
func attacks(hosts []netip.Addr, from record.Time) []days.Injection {
	who := func(i int) days.Who { return days.Who{Host: hosts[i%len(hosts)], From: from} }
	return []days.Injection{
		days.DNSTunnel{Who: who(0)},
		days.DGA{Who: who(1)},
		days.DGA{Who: who(2), Family: days.Dictionary},
		days.Scan{Who: who(3)},
		days.Scan{Who: who(4), Addresses: 1, Ports: []uint16{21, 22, 23, 25, 80, 110, 135, 139, 143, 443, 445, 993, 1433, 3306, 3389, 5432, 5900, 8080}},
		days.Exfil{Who: who(5)},
		days.SignIn{Who: who(6), SSH: true},
		days.PingTunnel{Who: who(7)},
		days.Lateral{Who: who(8)},
		days.LongC2{Who: who(9), Plain: true, Port: 4444},
	}
}

// collect lets an office with bots go by: each machine that is on day and night has one, of each family in turn, or an attack.
func (all *samples) collect(seed uint64, clients, length int) {
	site := days.Office(seed, clients, 12)
	span := since(time.Duration(length) * dayLong)
	hosts := site.AlwaysOn()
	var plan []days.Injection
	var of []int
	if length == 1 {
		plan = attacks(hosts, span.From+record.Time(12*time.Hour))
		hosts = hosts[min(len(plan), len(hosts)):]
		for range plan {
			of = append(of, -2)
		}
	}
	list, k := families(), int(seed%97)
	for i := range 3 * len(hosts) / 4 {
		f := (i + k) % len(list)
		for list[f].days != length {
			f, k = (f+1)%len(list), k+1
		}
		b := list[f].make(k + i)
		b.Host, b.Stack = hosts[i], i+1
		plan, of = append(plan, b), append(of, f)
	}
	truths := site.Truths(span, plan...)
	scope, inside := site.Scope(), insideOf(site)
	all.hostDays += float64((clients + 12 + (clients+199)/200) * length)
	fold(&scope, detect.All(detect.Config{}), site.Batches(span, plan...), 0, nil, func(_ record.Time, fs []verdict.Finding) bool {
		met := make([]bool, len(truths))
		for i := range fs {
			f := &fs[i]
			if f.ExplainedBy != "" && (f.Kind != "beacon" || f.ExplainedBy != weak && f.ExplainedBy != detect.Undecided) || !inside(addrOf(f.Source)) {
				continue
			}
			s := sampleOf(f)
			s.bot, s.family = seed<<20|uint64(i+1)<<10, -1
			for j := range truths {
				if speaksOf(f, &truths[j]) {
					s.family, s.bot, met[j] = of[j], seed<<20|uint64(j), true
				}
			}
			all.list = append(all.list, s)
		}
		for j := range truths {
			if !met[j] && of[j] >= 0 {
				all.list = append(all.list, sample{family: of[j], kind: "beacon", bot: seed<<20 | uint64(j)})
			}
		}
		return true
	})
}

// speaksOf reports whether a finding is about an injection: by whose records it names, or by its source and destinations.
func speaksOf(f *verdict.Finding, truth *days.Truth) bool {
	for _, u := range f.UIDs {
		if truth.Owns(record.UID(u)) {
			return true
		}
	}
	if f.Source != truth.Host.String() {
		return false
	}
	return f.Kind == truth.Kind && truth.Kind != days.KindBeacon || truth.Kind == days.KindBeacon && about(f, truth)
}
