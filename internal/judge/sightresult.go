package judge

import (
	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/record"
)

func inputResults(in []record.Input) []InputResult {
	out := []InputResult{}
	for _, i := range in {
		unread := i.Unread
		if unread == nil {
			unread = []record.Unread{}
		}
		notes := i.Notes
		if notes == nil {
			notes = []string{}
		}
		out = append(out, InputResult{
			Path: i.Path, Kind: i.Kind, Feed: string(i.Feed), Packets: i.Packets, Bytes: i.Bytes,
			Records: i.Records, Unread: unread, Stopped: i.Stopped, Notes: notes,
		})
	}
	return out
}

func agreementRef(a *agreement.Agreement) *AgreementRef {
	if a == nil {
		return nil
	}
	return &AgreementRef{
		ID: a.Metadata.ID, Title: a.Metadata.Title, Customer: a.Parties.Customer.Name, Provider: a.Parties.Provider.Name,
		Revision: a.Metadata.Revision, TimeZone: a.Location().String(),
	}
}

func sightResult(e *coverage.Evidence, any bool) SightResult {
	w := &e.Whole
	n := func(c record.Count) uint64 { return w.Counts[c] }
	r := SightResult{
		Packets: n(record.Frames), IPPackets: n(record.Packets), Bytes: n(record.Bytes),
		VLANs: []int{}, Undecodable: w.Undecodable, Tunnels: w.Tunnels, Drops: w.Drops,
		Kinds: map[record.Kind]uint64{
			record.KindConn: n(record.Conns), record.KindDNS: n(record.MessagesDNS), record.KindTLS: n(record.MessagesTLS),
			record.KindHTTP: n(record.MessagesHTTP), record.KindDHCP: n(record.MessagesDHCP), record.KindLog: n(record.LogLines),
			record.KindAlert: n(record.AlertLines),
		},
	}
	for _, v := range w.VLANs {
		r.VLANs = append(r.VLANs, int(v))
	}
	if r.Undecodable == nil {
		r.Undecodable = map[string]uint64{}
	}
	if r.Tunnels == nil {
		r.Tunnels = map[string]uint64{}
	}
	if !w.Carries.Has(record.CarriesFrames) {
		r.Packets = r.IPPackets
	}
	if !any {
		return r
	}
	r.OneSidedTCP = fraction(n(record.OneWay), n(record.TCPJudged))
	r.GapFraction = fraction(n(record.Gaps), n(record.Acks))
	if w.Carries.Has(record.CarriesFrames) {
		r.DuplicateFraction = fraction(n(record.Copies), n(record.Frames))
		r.TruncatedFraction = fraction(n(record.Truncated), n(record.Frames))
	}
	r.InsideFraction = fraction(n(record.Inside4)+n(record.Inside6), n(record.Packets4)+n(record.Packets6))
	r.PublicFraction = fraction(n(record.Public4)+n(record.Public6), n(record.Packets4)+n(record.Packets6))
	direct, passing := e.HostTotals()
	r.Hosts = Hosts{InPassing: &passing}
	if e.DirectTold() {
		r.Hosts.Direct = &direct
	}
	if cards := e.Cards(); cards > 0 {
		r.NetworkCards = &cards
	}
	return r
}

// fraction is part/all; null when nothing could be counted.
func fraction(part, all uint64) *float64 {
	if all == 0 {
		return nil
	}
	f := float64(part) / float64(all)
	return &f
}

func ofFeed(e *coverage.Evidence, c record.Count) uint64 { return e.Whole.Counts[c] }

// ofSegments adds up what hosts of the named segments did themselves: their lookups, and not those of their resolver.
func ofSegments(e *coverage.Evidence, c record.Count) uint64 {
	var n uint64
	for _, s := range e.Segments {
		n += s.Counts[c]
	}
	return n
}

// maxSteps bounds the timeline: longer windows get longer steps.
const maxSteps = 200

func (j *sitting) timeline(windows []*coverage.Evidence) Timeline {
	kinds := []struct {
		name   string
		of     func(*coverage.Evidence, record.Count) uint64
		counts []record.Count
	}{
		{"conn", ofFeed, []record.Count{record.Conns}},
		{"web", ofFeed, []record.Count{record.MessagesTLS, record.MessagesHTTP}},
		{"dns", ofSegments, []record.Count{record.DNSQueries, record.DNSReplies}},
		{"dhcp", ofFeed, []record.Count{record.MessagesDHCP}},
	}
	t := Timeline{StepSeconds: int(record.Quarter / 1e9), Rows: []TimelineRow{}}
	if len(windows) == 0 {
		return t
	}
	from := windows[0].Window.From
	t.From = from.Text()
	quarters := int((j.span.To-from)/record.Quarter) + 1
	join := (quarters + maxSteps - 1) / maxSteps
	t.StepSeconds *= join
	step := record.Quarter * record.Time(join)
	for _, k := range kinds {
		row := TimelineRow{Kind: k.name, Counts: make([]uint64, (quarters+join-1)/join)}
		for _, w := range windows {
			for _, c := range k.counts {
				row.Counts[(w.Window.From-from)/step] += k.of(w, c)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}
