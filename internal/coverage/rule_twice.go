package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

// countedTwiceRule recognises that counting addresses would count computers more than once.
func countedTwiceRule() Rule {
	return Rule{Code: verdict.HostsCountedTwice, Needs: record.CarriesCards, Subjects: coveredSegments, Least: leastCountedTwice, Weigh: weighCountedTwice}
}

const (
	twiceLeastMachines = 5
	twiceYes           = 1.20
	twiceNo            = 1.10
)

func leastCountedTwice(e *Evidence, subject string) Least {
	machines, _ := e.addressesOf(record.SegmentID(subject))
	return least(fmt.Sprintf("%d computers with IPv4 known by card or lease; %d are needed", machines, twiceLeastMachines),
		float64(machines), twiceLeastMachines)
}

func weighCountedTwice(e *Evidence, subject string) Ruling {
	machines, addrs := e.addressesOf(record.SegmentID(subject))
	ratio := share(float64(addrs), float64(machines))
	sign := verdict.Sign{Sign: "IPv4 addresses, of so many computers", Value: fmt.Sprintf("%d of %d", addrs, machines)}
	switch {
	case ratio > twiceYes:
		r := measured(verdict.Yes, sign)
		r.Words = fmt.Sprintf("%d addresses, probably %d computers.", addrs, machines)
		r.Do = "Nothing: Candor counts computers by card and lease. Do not compare counts of addresses with the agreement."
		return r
	case ratio < twiceNo:
		r := measured(verdict.No, sign)
		r.Words = "Counting addresses counts computers."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Needs = "a longer time: 20 % more addresses than computers say yes, under 10 % say no"
	return r
}

// addressesOf counts computers known by their card, and their IPv4 addresses. IPv6 addresses are not held against anybody:
// one for each prefix, and temporary ones, are many by design.
func (e *Evidence) addressesOf(id record.SegmentID) (machines, addrs int) {
	for i := range e.Machines() {
		m := &e.Machines()[i]
		if m.Segment != id || !m.Tied {
			continue
		}
		n := 0
		for _, a := range m.Addrs {
			if a.Is4() {
				n++
			}
		}
		addrs += n
		if n > 0 {
			machines++
		}
	}
	return machines, addrs
}
