package answer

import "candor/internal/verdict"

// need says which defects stand in the way of a "no" (DESIGN.md 4, the table of questions).
type need struct {
	kinds      []string       // of finding that make it yes
	beside     []string       // of finding that make it yes only on a host that has one of kinds
	known      []verdict.Code // must be no: in the way when yes and when nothing can be said
	not        []verdict.Code // must not be yes: not being able to say so is covered by another need
	data       []string       // kinds of data whose kind.missing and feed.dead must be no: dns, log
	directions []string       // directions whose direction.missing must be no
	question   string         // one line for people: what a "no" would need
}

// sightKnown are the codes without which nothing at all can be ruled out for a host.
func sightKnown(more ...verdict.Code) []verdict.Code {
	return append([]verdict.Code{
		verdict.VantageOutside, verdict.VantageUnmirroredPort, verdict.VantageManagementPort, verdict.VantageAfterProxy, verdict.FeedTunnelOnly,
		verdict.SegmentMissing, verdict.InputDamaged, verdict.InputUnread, verdict.StateEvicted, verdict.FeedOneWay, verdict.HistoryShort,
	}, more...)
}

// sightNot are codes that hide something when they are yes. Loss that a capture does not count is measured as feed.loss; a
// segment that shows no sign of IPv6 has none as far as anybody can tell; what was lost on the way is listed only where it was;
// the others have a least evidence that small networks never reach.
func sightNot(more ...verdict.Code) []verdict.Code {
	return append([]verdict.Code{
		verdict.CaptureDrops, verdict.FeedIPv6Missing, verdict.TrafficInconsistent, verdict.VolumeLow,
		verdict.SensorSilent, verdict.RecordGap, verdict.StoreMissing, verdict.SensorShed, verdict.FeedSampled,
	}, more...)
}

// outward are the directions that what a machine sends to the Internet takes.
func outward() []string { return []string{"client-internet", "server-internet"} }

// needsOf lists what each question needs.
func needsOf(q verdict.Question) need {
	switch q {
	case verdict.Beaconing:
		return need{
			kinds: []string{"beacon"}, known: sightKnown(verdict.FeedLoss), not: sightNot(verdict.FeedAsymmetric), directions: outward(),
			question: "every connection of every promised host",
		}
	case verdict.Botnet:
		return need{
			kinds: []string{"beacon", "dga", "dns_tunnel", "icmp_tunnel", "intel"}, beside: []string{"scan", "lateral_movement"},
			known: sightKnown(verdict.FeedLoss, verdict.FeedAsymmetric, verdict.FeedTruncated, verdict.DNSEncrypted, verdict.IntelStale),
			not:   sightNot(), data: []string{"dns"}, directions: outward(),
			question: "connections and lookups of every promised host, both ways, and a fresh list of known bad addresses",
		}
	case verdict.DNSTunnel, verdict.DGA:
		return need{
			kinds: []string{string(q)}, known: sightKnown(verdict.FeedLoss, verdict.FeedAsymmetric, verdict.FeedTruncated, verdict.DNSEncrypted),
			not: sightNot(), data: []string{"dns"},
			question: "lookups between every promised host and its resolver, both ways",
		}
	case verdict.Scanning:
		return need{
			kinds: []string{"scan"}, known: sightKnown(verdict.FeedLoss), not: sightNot(verdict.FeedAsymmetric), directions: outward(),
			question: "connections that failed as well as those that did not",
		}
	case verdict.Exfiltration:
		return need{
			kinds: []string{"exfiltration"}, known: sightKnown(verdict.FeedLoss, verdict.FeedAsymmetric), not: sightNot(), directions: outward(),
			question: "both directions, and three days of history",
		}
	case verdict.KnownBad:
		return need{
			kinds: []string{"intel"}, known: sightKnown(verdict.FeedLoss, verdict.FeedTruncated, verdict.IntelStale, verdict.DNSEncrypted),
			not: sightNot(verdict.FeedAsymmetric), data: []string{"dns"}, directions: outward(),
			question: "connections, lookups and TLS names, and a fresh list",
		}
	case verdict.LongConnections:
		return need{
			kinds: []string{"long_connection"}, known: sightKnown(verdict.FeedLoss), not: sightNot(verdict.FeedAsymmetric), directions: outward(),
			question: "connections over the whole time",
		}
	case verdict.LateralMovement:
		return need{
			kinds: []string{"lateral_movement"}, known: sightKnown(verdict.FeedLoss, verdict.FeedAsymmetric), not: sightNot(),
			directions: []string{"client-server", "server-server"},
			question:   "traffic from client to server and server to server, within each segment",
		}
	case verdict.SignInAttacks:
		return need{
			kinds: []string{"sign_in_attack"}, known: sightKnown(verdict.FeedTruncated), not: sightNot(), data: []string{"log"},
			question: "the promised sign-in logs, or the protocols in clear",
		}
	}
	return need{known: sightKnown(), not: sightNot()}
}

// Kinds lists the kinds of finding that a question asks for: it has a detector when each of them has.
func Kinds(q verdict.Question) []string { return needsOf(q).kinds }
