package coverage

import (
	"fmt"
	"strings"

	"candor/internal/record"
	"candor/internal/verdict"
)

// outsideRule recognises a sensor on the Internet side of the translating firewall (PLACEMENT.md 3.3, first row).
func outsideRule() Rule {
	return Rule{Code: verdict.VantageOutside, Needs: record.CarriesVolume, Accepts: "outside", Least: leastOutside, Weigh: weighOutside}
}

const outsideLeastPackets = 200

func leastOutside(e *Evidence, _ string) Least {
	n := e.n(record.Packets)
	return least(fmt.Sprintf("%s of %d IP packets seen; a minute of work is usually enough", count(n), outsideLeastPackets), n, outsideLeastPackets)
}

func weighOutside(e *Evidence, _ string) Ruling {
	if own := share(e.n(record.Inside4)+e.n(record.Foreign4), e.n(record.Packets4)); own >= 0.5 && e.gearOnly() {
		r := measured(verdict.No, verdict.Sign{Sign: "packets of a management network with inside addresses", Value: percent(own)})
		r.Words = "The sensor stands inside, in the network of the gear; see vantage.management_port."
		return r
	}
	var b balance
	outsideAddresses(e, &b)
	outsideTranslation(e, &b)
	outsideCards(e, &b)
	outsideLink(e, &b)
	outsideScans(e, &b)
	r := b.decide()
	// Veto: hosts' own cards and ARP of promised addresses do not cross a router.
	if e.directCards() >= 10 && e.n(record.ARPInside)+e.n(record.Neighbour) > 0 && r.Bits > 0 {
		r.Bits = 0
		r.Verdict, r.Strength = verdict.CannotSay, verdict.NotDecided
	}
	open, needs := outsideOpen(e)
	return r.saying(endings{
		yes:  fmt.Sprintf("The sensor sits on the Internet side of the firewall. It sees the addresses after translation, not the %s promised. An infected computer cannot be told apart.", e.Terms.promisedHosts()),
		do:   e.Terms.moveInside(),
		no:   "The sensor stands inside: computers pass it with their own addresses.",
		open: open, needs: r.bitsLacking() + ". " + needs,
	})
}

// outsideOpen says what leaves the place open, and what would decide it. Where reports lack what cards and hop distances show,
// more of the same reports would not.
func outsideOpen(e *Evidence) (words, needs string) {
	lacks := (record.CarriesCards | record.CarriesHops) &^ e.Whole.Carries
	if lacks == 0 {
		return "Where the sensor stands cannot be told from this traffic: the signs point both ways or are too weak.", "More traffic of promised hosts would decide it"
	}
	words = "Where the sensor stands cannot be told from these reports: the signs that they carry point both ways or are too weak."
	needs = "More of the same does not decide it, as this input carries no " + strings.Join(lacks.Names(), " and no ") + "; the packets themselves do"
	if lacks&record.CarriesCards != 0 {
		needs += ", or reports that name the hosts' cards (Zeek: policy mac-logging; Suricata: ethernet in eve-log)"
	}
	return words, needs
}

// families gives the packets that translation would change: IPv4 when an IPv4 address stands for the inside, else all.
func (e *Evidence) families() (all, inside, public float64) {
	v4, v6 := e.n(record.Packets4), e.n(record.Packets6)
	if e.Terms.translates4() && v4 >= 50 {
		return v4, e.n(record.Inside4), e.n(record.Public4)
	}
	return v4 + v6, e.n(record.Inside4) + e.n(record.Inside6), e.n(record.Public4) + e.n(record.Public6)
}

func outsideAddresses(e *Evidence, b *balance) {
	all, inside, _ := e.families()
	s := share(inside, all)
	value := fmt.Sprintf("%s of %s", count(inside), count(all))
	words := "packets that carry an inside address"
	weight := maxSign
	if e.Terms.Scope.Assumed {
		weight = 1 // who uses public addresses inside would look the same
	}
	switch {
	case all < 50:
	case s < 0.01:
		b.add("addresses", words, value, weight)
	case s < 0.05:
		b.add("addresses", words, value, weight/4)
	case s < 0.20:
		b.add("addresses", words, value, -1)
	default:
		b.add("addresses", words, value, -4)
	}
}

func outsideTranslation(e *Evidence, b *balance) {
	all, inside, public := e.families()
	if e.Terms.Scope.Assumed {
		outsideStacks(e, b)
		return
	}
	if !e.Terms.hasPublic() || all < 50 {
		return
	}
	s := share(public, all)
	value := fmt.Sprintf("%s of %s", count(public), count(all))
	switch foreign := share(e.n(record.Foreign4), e.n(record.Packets4)); {
	case s >= 0.50:
		b.add("translation", "packets that carry an address after translation", value, 4)
	case s >= 0.20:
		b.add("translation", "packets that carry an address after translation", value, 1)
	case foreign >= 0.20:
		b.add("translation", "packets with private addresses that nobody promised: translation is still ahead of them",
			fmt.Sprintf("%s of %s", count(e.n(record.Foreign4)), count(e.n(record.Packets4))), -4)
	case share(inside, all) >= 0.50:
		b.add("translation", "inside addresses pass without translation", value+" translated", -4)
	case share(inside, all) >= 0.20:
		b.add("translation", "inside addresses pass without translation", value+" translated", -2)
	case s < 0.01:
		b.add("translation", "packets that carry an address after translation", value, -3)
	}
}

// outsideStacks looks, without an agreement, for many machines behind one public address.
func outsideStacks(e *Evidence, b *balance) {
	var all uint64
	var top record.ClientSeen
	for i := range e.Whole.Clients {
		c := &e.Whole.Clients[i]
		if c.Place != record.Internet || !c.Addr.Is4() {
			continue
		}
		all += c.Conns
		if c.Conns > top.Conns {
			top = *c
		}
	}
	if all < 50 || float64(top.Conns) < 0.5*float64(all) || len(top.Stacks) < manyStacks {
		return
	}
	b.add("translation", "kinds of TCP stack behind one public address that opens most connections: many machines behind a translation",
		fmt.Sprintf("%d behind %s", len(top.Stacks), top.Addr), 4)
}

// untranslated reports whether inside addresses are common here. Then few cards, or no frame of a host's own, come from a
// mirror of one direction or a tap in the core as well, and say nothing of the side.
func (e *Evidence) untranslated() bool {
	all, inside, _ := e.families()
	return share(inside, all) >= 0.20
}

func outsideCards(e *Evidence, b *balance) {
	cards := e.sendingCards()
	value := fmt.Sprintf("%d", cards)
	switch {
	case cards == 0:
	case cards <= 3 && e.untranslated():
		b.add("cards", "network cards: few, but inside addresses pass them", value, 0)
	case cards <= 3:
		b.add("cards", "network cards; an inside port shows one for each computer", value, 2)
	case cards >= 10:
		b.add("cards", "network cards, as many as an inside port shows", value, -3)
	default:
		b.add("cards", "network cards: few, and not few enough to decide", value, 0)
	}
}

// outsideLink looks at what never crosses a router: hosts' own frames, ARP, announcements.
func outsideLink(e *Evidence, b *balance) {
	if !e.Whole.Carries.Has(record.CarriesCards | record.CarriesHops) {
		return // reports of connections do not say whose frames they were
	}
	direct := e.directHosts()
	switch {
	case direct >= 3:
		b.add("link", "promised hosts seen by their own frames", fmt.Sprintf("%d", direct), -4)
	case direct > 0:
		b.add("link", "promised hosts seen by their own frames", fmt.Sprintf("%d", direct), -2)
	case !e.untranslated():
		b.add("link", "promised hosts seen by their own frames", "0", 1)
	}
	if e.n(record.Frames) < 1000 {
		return
	}
	heard := e.n(record.Announced)
	switch s := share(heard, e.n(record.Frames)); {
	case s >= 0.002:
		b.add("announcements", "frames in which hosts announce themselves to their own link", count(heard), -1)
	case heard == 0 && !e.untranslated():
		b.add("announcements", "frames in which hosts announce themselves to their own link", "0", 1)
	}
}

func outsideScans(e *Evidence, b *balance) {
	n, all := e.n(record.ConnsUnanswered), e.n(record.Conns)
	if n < 20 || share(n, all) < 0.05 {
		return
	}
	b.add("scans", "connections that strangers tried and nobody answered", fmt.Sprintf("%s of %s", count(n), count(all)), 1.5)
}
