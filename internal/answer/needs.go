package answer

import "candor/internal/verdict"

// need says which defects, when they are yes or cannot say, stand in the way of a "no" (DESIGN.md 4, the table of
// questions).
type need struct {
	codes      []verdict.Code
	kinds      []string // kinds of data whose kind.missing counts: dns, log
	directions []string // directions whose direction.missing counts
	question   string   // one line for people: what a "no" would need
}

// sightNeeds are the codes without which nothing at all can be ruled out for a host.
func sightNeeds() []verdict.Code {
	return []verdict.Code{
		verdict.VantageOutside, verdict.VantageUnmirroredPort, verdict.VantageManagementPort, verdict.VantageAfterProxy, verdict.FeedTunnelOnly,
		verdict.SegmentMissing, verdict.InputDamaged, verdict.InputUnread, verdict.StateEvicted, verdict.CaptureDrops,
		verdict.FeedIPv6Missing, verdict.TrafficInconsistent,
	}
}

func with(more ...verdict.Code) []verdict.Code { return append(sightNeeds(), more...) }

// needs lists what each question needs.
func needs(q verdict.Question) need {
	both := []verdict.Code{verdict.FeedOneWay, verdict.FeedAsymmetric}
	switch q {
	case verdict.Beaconing:
		return need{codes: with(verdict.FeedLoss, verdict.FeedOneWay), question: "every connection of every promised host"}
	case verdict.Botnet:
		return need{
			codes: with(append(both, verdict.FeedLoss, verdict.FeedTruncated, verdict.DNSEncrypted)...), kinds: []string{"dns"},
			question: "connections and lookups of every promised host, both ways",
		}
	case verdict.DNSTunnel, verdict.DGA:
		return need{
			codes: with(append(both, verdict.FeedLoss, verdict.FeedTruncated, verdict.DNSEncrypted)...), kinds: []string{"dns"},
			question: "lookups between every promised host and its resolver, both ways",
		}
	case verdict.Scanning:
		return need{codes: with(verdict.FeedLoss, verdict.FeedOneWay), question: "connections that failed as well as those that did not"}
	case verdict.Exfiltration:
		return need{codes: with(append(both, verdict.FeedLoss, verdict.HistoryShort)...), question: "both directions, and three days of history"}
	case verdict.KnownBad:
		return need{
			codes: with(verdict.FeedLoss, verdict.FeedTruncated, verdict.IntelStale), kinds: []string{"dns"},
			question: "connections, lookups and TLS names, and a fresh list",
		}
	case verdict.LongConnections:
		return need{codes: with(verdict.FeedLoss), question: "connections over the whole time"}
	case verdict.LateralMovement:
		return need{
			codes: with(both...), directions: []string{"client-server", "server-server"},
			question: "traffic from client to server and server to server, within each segment",
		}
	case verdict.SignInAttacks:
		return need{codes: with(verdict.FeedTruncated), kinds: []string{"log"}, question: "the promised sign-in logs, or the protocols in clear"}
	}
	return need{codes: sightNeeds()}
}
