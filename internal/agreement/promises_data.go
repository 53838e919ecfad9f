package agreement

import (
	"fmt"
	"strings"
)

// Words is the rate's unit: "a client hour".
func (p Per) Words() string {
	switch p {
	case PerClientHour:
		return "a client hour"
	case PerHostDay:
		return "a host day"
	case PerHour:
		return "an hour"
	case PerMinute:
		return "a minute"
	case PerWorkday:
		return "a workday"
	}
	return string(p)
}

// events names what a kind of data counts.
func (k DataKind) events() string {
	switch k {
	case DataDNS:
		return "lookups"
	case DataDHCP:
		return "DHCP leases"
	case DataTLS:
		return "TLS hellos"
	case DataHTTP:
		return "web requests"
	case DataConn:
		return "connections"
	case DataLog:
		return "log lines"
	case DataAlert:
		return "alerts"
	case DataPackets, DataQuality:
		return "packets"
	}
	return string(k)
}

// counted writes one event in the singular.
func counted(n float64, plural string) string {
	if n == 1 {
		return strings.TrimSuffix(plural, "s")
	}
	return plural
}

// RestsOffWork reports whether nothing is due outside working hours, so that silence there is none: the rate counts for
// workdays or for hosts at work. Without a rate, and with a rate by the clock, silence counts at all times.
func (d *Data) RestsOffWork() bool {
	if d.Expect == nil {
		return false
	}
	switch d.Expect.Per {
	case PerWorkday, PerHostDay, PerClientHour:
		return true
	case PerHour, PerMinute:
		return false
	}
	return false
}

// isLog reports whether the data comes from others than the sensor's packets and must be handed over.
func (k DataKind) isLog() bool { return k == DataLog || k == DataAlert }

func (p *promiser) data(d *Data) {
	base := Promise{Clause: d.Clause, Data: d.ID, Default: p.assumed.data}
	why := p.uncovered(d.Segments...)
	if d.Kind.isLog() {
		base.NeedsFeed, why = d.ID, ""
	}
	add := func(kind PromiseKind, key, promised, text, why string, fill func(*Promise)) {
		one := base
		one.ID, one.Kind, one.Promised, one.Text = fmt.Sprintf("data/%s/%s", d.ID, key), kind, promised, text
		fill(&one)
		p.add(one, why)
	}
	if e := d.Expect; e != nil {
		rate := number(e.Rate) + " " + e.Per.Words()
		add(EventsDue, "expect", rate, fmt.Sprintf("At least %s %s %s are in sight (%s).", number(e.Rate), counted(e.Rate, d.Kind.events()), e.Per.Words(), d.ID), why, func(o *Promise) {
			o.Number, o.Clause = e.Rate, firstOf(e.Clause, d.Clause)
		})
	}
	if r := d.BothDirections; r != nil {
		add(BothDirections, "both_directions", r.Words(), fmt.Sprintf("At least %s of TCP connections are seen in both directions.", r.Words()), why, func(o *Promise) { o.Ratio = float64(*r) })
	}
	if r := d.LossMax; r != nil {
		add(LossAtMost, "loss_max", r.Words()+" lost", fmt.Sprintf("At most %s of the packets are lost.", r.Words()), why, func(o *Promise) { o.Ratio = float64(*r) })
	}
	if s := d.Snaplen; s.Full {
		add(PacketsWhole, "snaplen", "whole packets", "Packets are seen whole.", why, func(*Promise) {})
	} else if s.Bytes > 0 {
		add(PacketsWhole, "snaplen", fmt.Sprintf("%d bytes", s.Bytes), fmt.Sprintf("At least the first %d bytes of each packet are seen.", s.Bytes), why, func(o *Promise) { o.Number = float64(s.Bytes) })
	}
	if t := d.MaxSilence; !t.Zero() {
		text := fmt.Sprintf("%s is never silent for longer than %s.", d.ID, t.Words())
		if d.RestsOffWork() {
			text = fmt.Sprintf("%s is never silent for longer than %s, working hours counted alone.", d.ID, t.Words())
		}
		add(SilenceAtMost, "max_silence", t.Words(), text, why, func(o *Promise) { o.Limit, o.WorkingHours = t.Duration(), d.RestsOffWork() })
	}
	if len(d.Fields) > 0 {
		add(FieldsThere, "fields", fmt.Sprintf("%d fields", len(d.Fields)), fmt.Sprintf("Each line of %s carries %s.", d.ID, joinWords(d.Fields)), why, func(*Promise) {})
	}
	p.quality(d, add)
}

// adder appends a promise of one data line.
type adder func(kind PromiseKind, key, promised, text, why string, fill func(*Promise))

// quality adds what only a running service shows.
func (p *promiser) quality(d *Data, add adder) {
	if t := d.Retain; !t.Zero() {
		why := "how long it is kept shows only in the store"
		if d.Kind == DataPackets {
			why = "Candor keeps no packets yet"
		}
		add(Retained, "retain", t.Words(), fmt.Sprintf("What %s gives is kept for %s.", d.ID, t.Words()), why, func(o *Promise) { o.Limit = t.Duration() })
	}
	if t := d.SearchDelay; !t.Zero() {
		add(SearchDelay, "p95_event_to_searchable", t.Words(), fmt.Sprintf("95 %% of events can be searched within %s.", t.Words()),
			"a file has no time of arrival", func(o *Promise) { o.Limit, o.Ratio = t.Duration(), 0.95 })
	}
	if t := d.ClockSkewMax; !t.Zero() {
		add(ClockSkew, "clock_skew_max", t.Words(), fmt.Sprintf("No clock is wrong by more than %s.", t.Words()),
			"a file does not show how late it was written", func(o *Promise) { o.Limit = t.Duration() })
	}
}

func (p *promiser) sensor(s *Sensor) {
	why := ""
	if p.own != nil && p.own.ID != s.ID {
		why = fmt.Sprintf("it speaks of sensor %s, and this is %s", s.ID, p.own.ID)
	}
	place := "sensors/" + string(s.ID)
	p.add(Promise{
		ID: place + "/vantage", Clause: firstOf(s.Vantage.Clause, s.Clause), Kind: StandsAt, Sensor: s.ID, Side: s.Vantage.Side,
		Text:     fmt.Sprintf("Sensor %s stands %s the network%s.", s.ID, s.Vantage.Side, atDevice(s.Vantage.Device)),
		Promised: string(s.Vantage.Side), Default: s.Vantage.assumed,
	}, why)
	if a := s.Accepted; a != nil {
		p.accepted(s, a, place, why)
	}
	if !s.Buffer.Zero() {
		p.add(Promise{
			ID: place + "/buffer", Clause: s.Clause, Kind: Buffered, Sensor: s.ID, Limit: s.Buffer.Duration(), Promised: s.Buffer.Words(),
			Text: fmt.Sprintf("Sensor %s keeps %s of what it cannot deliver.", s.ID, s.Buffer.Words()),
		}, "a buffer shows only when the line is down")
	}
}

func atDevice(device string) string {
	if device == "" {
		return ""
	}
	return " (" + device + ")"
}

func (p *promiser) accepted(s *Sensor, a *Acceptance, place, why string) {
	clause := firstOf(a.Clause, s.Clause)
	if a.Coverage != nil {
		hosts := p.expectedHosts(s.Covers)
		due := hostsDue(hosts, *a.Coverage)
		p.add(Promise{
			ID: place + "/accepted/coverage", Clause: clause, Kind: CoverageReached, Sensor: s.ID, Ratio: float64(*a.Coverage), Hosts: due,
			Text:     fmt.Sprintf("Sensor %s sees at least %s of its %d hosts directly.", s.ID, a.Coverage.Words(), hosts),
			Promised: a.Coverage.Words(),
		}, why)
	}
	if a.Drill != "" {
		p.add(Promise{
			ID: place + "/accepted/drill", Clause: clause, Kind: DrillArrived, Sensor: s.ID,
			Text:     fmt.Sprintf("Drills of %s arrive at sensor %s.", strings.ReplaceAll(string(a.Drill), "_", " "), s.ID),
			Promised: strings.ReplaceAll(string(a.Drill), "_", " "),
		}, "a drill is run, not read from a capture")
	}
}

func (p *promiser) level(l *Level) {
	promised := l.Target.Words()
	if l.Metric == MetricTime {
		promised = l.Limit.Words() + ", " + promised
	}
	p.add(Promise{
		ID: "levels/" + l.ID, Clause: l.Clause, Kind: LevelHeld, Text: sentence(l.Promise), Promised: promised,
		Ratio: float64(*l.Target), Limit: l.Limit.Longest().Duration(),
	}, "it is about what people and the service do, not about packets")
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
