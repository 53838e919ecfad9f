package coverage

import (
	"fmt"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// managementRule recognises a port in the network where gear is cared for: SNMP, syslog, SSH, and no people.
func managementRule() Rule {
	return Rule{Code: verdict.VantageManagementPort, Needs: record.CarriesVolume, Least: leastManagement, Weigh: weighManagement}
}

const (
	managementLeastPackets = 500
	managementLeastTime    = 10 * time.Minute
	managementLeastShare   = 0.20 // of packets that are conversations which can be told apart
)

func leastManagement(e *Evidence, _ string) Least {
	packets := e.n(record.Packets)
	return least(fmt.Sprintf("%s packets in %s seen; %d packets and 10 minutes are needed", count(packets), spanWords(e.observed()), managementLeastPackets),
		packets, managementLeastPackets, e.observed().Minutes(), managementLeastTime.Minutes())
}

func weighManagement(e *Evidence, _ string) Ruling {
	mgmt, user := e.n(record.MgmtPackets), e.n(record.UserPackets)
	if packets := e.n(record.Packets); mgmt+user < managementLeastShare*packets {
		return lacking(fmt.Sprintf("only %s of %s packets tell: the others are between strangers, or spoken to everybody", count(mgmt+user), count(packets)))
	}
	m := share(mgmt, mgmt+user)
	var b balance
	value := fmt.Sprintf("%s of %s", count(mgmt), count(mgmt+user))
	words := "conversations that care for gear (SNMP, syslog, SSH, time)"
	switch {
	case m >= 0.50:
		b.add("gear", words, value, 4)
	case m >= 0.30:
		b.add("gear", words, value, 1)
	case m < 0.15:
		b.add("gear", words, value, -4)
		b.add("people", "conversations that do not", percent(1-m), -4)
	default:
		b.add("gear", words, value, -1)
	}
	if m >= 0.15 {
		managementPlace(e, &b)
	}
	r := b.decide()
	return r.saying(endings{
		yes: "The sensor sees your network gear talking to itself, not your computers.", do: e.Terms.mirrorAdvice(),
		no:   "People's traffic passes here: this is no management port.",
		open: "It cannot be told whether this is a port of the management network.", needs: r.bitsLacking(),
	})
}

// managementPlace looks at who else is here. The sensor itself may report to the Internet; people's computers do by the dozen.
func managementPlace(e *Evidence, b *balance) {
	outward := 0
	for i := range e.Whole.Clients {
		if c := &e.Whole.Clients[i]; c.Toward > 0 && c.Place != record.Internet {
			outward++
		}
	}
	switch words := "addresses that open connections to the Internet"; {
	case outward <= 1:
		b.add("internet", words, fmt.Sprintf("%d", outward), 2)
	case outward >= 5:
		b.add("internet", words, fmt.Sprintf("%d", outward), -3)
	}
	watched, others := 0, 0
	for i := range e.Terms.Scope.Segments {
		s := &e.Terms.Scope.Segments[i]
		if s.Excluded || e.Terms.Scope.Assumed {
			others += e.CountOf(s.ID).Least
		} else {
			watched += e.CountOf(s.ID).Least
		}
	}
	if e.Terms.Scope.Assumed {
		return
	}
	switch {
	case watched >= 3:
		b.add("hosts", "promised hosts seen by their own frames", fmt.Sprintf("%d", watched), -4)
	case watched == 0:
		b.add("hosts", "promised hosts seen by their own frames", "0", 1)
	}
	if others > 0 && watched == 0 {
		b.add("segment", "hosts of a segment that is named and not watched", fmt.Sprintf("%d", others), 1)
	}
}
