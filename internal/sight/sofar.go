package sight

import "candor/internal/record"

// SoFar is the open minute of the feed as a whole as far as it came, without its sets (hosts, cards, clients, groups, pairs)
// but VLANs: cheap enough for every second. It shares nothing with the Builder. nil when no minute is open.
func (b *Builder) SoFar() *record.Sight {
	if !b.open {
		return nil
	}
	s := &record.Sight{
		Span: record.Span{From: b.minute, To: minuteAfter(b.minute)}, Minutes: 1,
		Sensor: b.sensor, Feed: b.feed, Segment: record.Nowhere, Carries: b.carries,
		Counts: b.whole, VLANs: b.vlansSeen(), Undecodable: b.undecodable(), Tunnels: b.tunnelBytes(),
	}
	if b.drops != nil {
		drops := *b.drops
		s.Drops = &drops
	}
	return s
}
