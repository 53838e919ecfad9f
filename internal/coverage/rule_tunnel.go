package coverage

import (
	"fmt"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// tunnelRule recognises a sensor that sees a sealed pipe and nothing of what is in it.
func tunnelRule() Rule {
	return Rule{Code: verdict.FeedTunnelOnly, Needs: record.CarriesTunnels, Accepts: "tunnel_only", Least: leastTunnel, Weigh: weighTunnel}
}

const (
	tunnelLeastTime    = 15 * time.Minute
	tunnelLeastPackets = 100  // a quarter hour of nothing says nothing
	tunnelYes          = 0.80 // DESIGN.md 4
	tunnelNo           = 0.50
)

func leastTunnel(e *Evidence, _ string) Least {
	packets := e.n(record.Packets)
	return least(fmt.Sprintf("%s packets in %s seen; %d packets and 15 minutes are needed", count(packets), spanWords(e.observed()), tunnelLeastPackets),
		packets, tunnelLeastPackets, e.observed().Minutes(), tunnelLeastTime.Minutes())
}

func weighTunnel(e *Evidence, _ string) Ruling {
	sealed := share(e.n(record.SealedBytes), e.n(record.Bytes))
	closed := share(e.n(record.SealedBytes)+e.n(record.TunnelBytes), e.n(record.Bytes))
	sign := verdict.Sign{Sign: "bytes inside sealed tunnels", Value: fmt.Sprintf("%s of %s", percent(sealed), bytesWord(e.n(record.Bytes)))}
	switch {
	case sealed > tunnelYes:
		r := measured(verdict.Yes, sign)
		r.Words = "We see a sealed pipe, not what is in it."
		r.Do = "Listen before the tunnel begins or behind its end, or let the agreement accept it: accepts: [tunnel_only]."
		return r
	case closed < tunnelNo:
		r := measured(verdict.No, sign)
		r.Words = "Most traffic is not in a sealed tunnel."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Words = "Much of the traffic is inside tunnels that were not opened."
	r.Needs = "over 80 % of bytes sealed says yes, under half in tunnels says no"
	return r
}
