package coverage

import (
	"fmt"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// unmirroredRule recognises a port that gets no copy of traffic: it hears what is shouted to all, and the sensor's own talk.
func unmirroredRule() Rule {
	return Rule{Code: verdict.VantageUnmirroredPort, Needs: record.CarriesFrames | record.CarriesCards, Least: leastUnmirrored, Weigh: weighUnmirrored}
}

const (
	unmirroredLeastFrames = 20
	unmirroredLeastTime   = 2 * time.Minute
	unmirroredShare       = 0.98 // DESIGN.md 4
	talkedFrames          = 10   // unicast frames that make a conversation; a few are neighbours asking whether they are there
	busyOutward           = 5.0  // TCP connections a minute that one address opens outward; a sensor reports to one or two places
)

func leastUnmirrored(e *Evidence, _ string) Least {
	frames := e.n(record.Frames)
	return least(fmt.Sprintf("%s frames in %s seen; %d frames and 2 minutes are needed", count(frames), spanWords(e.observed()), unmirroredLeastFrames),
		frames, unmirroredLeastFrames, e.observed().Minutes(), unmirroredLeastTime.Minutes())
}

func weighUnmirrored(e *Evidence, _ string) Ruling {
	frames := e.n(record.Frames)
	if e.sendingCards() == 0 {
		return lacking("no link layer in this input, so that broadcasts cannot be told apart")
	}
	shouted := share(e.n(record.Broadcast)+e.n(record.Multicast), frames)
	if r, told := weighOwnFrames(e, shouted); told {
		return r
	}
	own := e.ownCard()
	total := shouted + share(own.touched, frames)
	value := fmt.Sprintf("%s shouted, %s one card's own", percent(shouted), percent(share(own.touched, frames)))
	var b balance
	switch {
	case shouted >= unmirroredShare:
		b.add("share", "frames sent to everybody", percent(shouted), 4)
		judgeListeners(e, &b, own) // one card alone may just be idle
	case total < 0.90:
		b.add("share", "frames sent to everybody or by the sensor itself", value, -4)
		b.add("conversations", "conversations of others pass this port", percent(1-total), -4)
	case total < unmirroredShare:
		b.add("share", "frames sent to everybody or by the sensor itself", value, -1)
	case 2*e.talkers(own.mac) >= e.sendingCards() && e.talkers(own.mac) >= 8:
		b.add("share", "frames sent to everybody or by one card", value, -4)
		b.add("conversations", "cards that talk with that card: it is a router or server, not the sensor", fmt.Sprintf("%d of %d", e.talkers(own.mac), e.sendingCards()), -4)
	case shouted < 0.02 && e.outwardRate() >= busyOutward && !e.Terms.Scope.Assumed:
		b.add("share", "frames sent to everybody", percent(shouted), -4)
		b.add("conversations", "TCP connections a minute that one address opens outward: no sensor does that", fmt.Sprintf("%.0f", e.outwardRate()), -4)
	case shouted < 0.02:
		b.add("share", "frames sent to everybody or by one card", value, 0)
	default:
		b.add("share", "frames sent to everybody or by the sensor itself", value, 4)
		judgeListeners(e, &b, own)
	}
	r := b.decide()
	return r.saying(endings{
		yes: "The port gets no copy of traffic. We hear only what is sent to everybody, no conversations.", do: e.Terms.mirrorAdvice(),
		no:    "Conversations of others pass this port: it gets a copy of traffic.",
		open:  "It cannot be told whether this port gets a copy of traffic or is one computer's own.",
		needs: "all conversations are one card's: more cards heard, or a conversation of others, would decide it",
	})
}

// weighOwnFrames decides where the capture itself says which frames are its machine's own, as cooked captures do.
func weighOwnFrames(e *Evidence, shouted float64) (r Ruling, told bool) {
	own := share(e.n(record.OwnFrames), e.n(record.Frames))
	if own == 0 || own+shouted < unmirroredShare {
		return Ruling{}, false
	}
	r = measured(verdict.Yes, verdict.Sign{
		Sign: "frames that the capturing machine itself sent or received, or that went to everybody", Value: percent(own + shouted),
	})
	r.Words = "The capture shows one machine's own traffic and what is sent to everybody: no copy of other traffic."
	r.Do = e.Terms.mirrorAdvice()
	return r, true
}

// talkers counts the other cards that took part in conversations.
func (e *Evidence) talkers(own record.MAC) int {
	n := 0
	for i := range e.Whole.Cards {
		if c := &e.Whole.Cards[i]; c.MAC != own && c.Touched >= talkedFrames {
			n++
		}
	}
	return n
}

// outwardRate is how many TCP connections a minute the busiest address opens toward the Internet.
func (e *Evidence) outwardRate() float64 {
	var most uint64
	for i := range e.Whole.Clients {
		if c := &e.Whole.Clients[i]; c.Place != record.Internet {
			most = max(most, c.Toward)
		}
	}
	return share(float64(most), e.observed().Minutes())
}

// judgeListeners looks at cards that are heard and never in a conversation. A card that asks for others (ARP, neighbour
// solicitation) would be answered on a mirrored port. One that only announces itself may be idle, as at night; in working
// time a network in which nobody converses is not one.
func judgeListeners(e *Evidence, b *balance, own ownCard) {
	asking, silentAsking, cards, silent := 0, 0, 0, 0
	for i := range e.Whole.Cards {
		c := &e.Whole.Cards[i]
		if c.Sent == 0 || (own.found && c.MAC == own.mac) {
			continue
		}
		cards++
		quiet := c.Touched*20 < c.Sent
		if quiet {
			silent++
		}
		if c.Asked > 0 {
			asking++
			if quiet {
				silentAsking++
			}
		}
	}
	awake := e.Terms.Scope.Assumed || 2*e.Terms.Work(e.Seen) >= e.observed()
	switch {
	case silentAsking >= 3 && 2*silentAsking >= asking:
		b.add("listeners", "cards that ask for others and are never heard in a conversation", fmt.Sprintf("%d of %d", silentAsking, asking), 4)
	case awake && silent >= 3 && 2*silent >= cards:
		b.add("listeners", "cards that shout and are never heard in a conversation", fmt.Sprintf("%d of %d", silent, cards), 4)
	default:
		b.add("listeners", "cards that shout and are never heard in a conversation", fmt.Sprintf("%d of %d", silent, cards), 0)
	}
}

// ownCard is the card that could be the sensor's own: it takes part in nearly every conversation, and is no router.
type ownCard struct {
	mac     record.MAC
	touched float64
	found   bool
}

func (e *Evidence) ownCard() ownCard {
	var own ownCard
	unicast := e.n(record.Unicast)
	for i := range e.Whole.Cards {
		c := &e.Whole.Cards[i]
		if c.Touched == 0 || c.Forwards || c.Public || c.Addresses > routerAddresses || float64(c.Touched) < unmirroredShare*unicast {
			continue
		}
		if t := float64(c.Touched); !own.found || t > own.touched {
			own = ownCard{mac: c.MAC, touched: min(t, unicast), found: true}
		}
	}
	return own
}
