package coverage

import (
	"slices"
	"testing"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// handed says that logs were handed to the check, with so many lines in the stretch.
func handed(id record.Feed, lines uint64) part {
	return func(e *Evidence) {
		e.Handed = append(e.Handed, id)
		if lines == 0 {
			return
		}
		s := record.Sight{Feed: id, Carries: record.CarriesLogs, Minutes: 1}
		s.Counts[record.LogLines] = lines
		e.Feeds = map[record.Feed]*record.Sight{id: &s}
	}
}

func TestFeedDead(t *testing.T) {
	busy := feed(record.Conns, 500)
	asked := func(n uint64, hosts int) part {
		list := directList("10.1.0", 1, hosts)
		for i := range list {
			list[i].Flags |= record.SeenLookup
		}
		return all(within("users", record.DNSQueries, n), sighted("users", list...))
	}
	leased := func(n uint64) part { return within("users", record.DHCPLeases, n) }
	days := record.Span{From: at(23, 8, 0), To: at(24, 18, 0)}
	// 500 lines of the log an hour, at night as well; 500 lookups an hour of work; 50 leases a workday of ten hours.
	judgeCases(t, deadRule(), []ruled{
		{name: "not promised", subject: "tls", parts: []part{busy}, want: verdict.CannotSay, needs: "not promised"},
		{name: "a log that was not handed over", subject: "auth", parts: []part{busy}, want: verdict.CannotSay, needs: "not handed to this check"},
		{name: "another log was handed over", subject: "auth", parts: []part{busy, handed("mail", 0)}, want: verdict.CannotSay, needs: "not handed to this check"},
		{name: "just under 10 lines due", subject: "auth", seen: monday(71 * time.Second), parts: []part{handed("auth", 0)}, want: verdict.CannotSay, have: 500.0 * 71 / 3600 / 10, needs: "10 are needed"},
		{name: "10 lines due", subject: "auth", seen: monday(72 * time.Second), parts: []part{handed("auth", 0)}, want: verdict.CannotSay, have: 1, needs: "20 are needed"},
		{name: "just under 20 lines due", subject: "auth", seen: monday(143 * time.Second), parts: []part{handed("auth", 0)}, want: verdict.CannotSay, needs: "20 are needed"},
		{name: "20 lines due", subject: "auth", seen: monday(144 * time.Second), parts: []part{handed("auth", 0)}, want: verdict.Yes, have: 2},
		{name: "silence at night", subject: "auth", seen: night(time.Hour), parts: []part{handed("auth", 0)}, want: verdict.Yes},
		{name: "one line of many", subject: "auth", parts: []part{handed("auth", 1)}, want: verdict.CannotSay, needs: "2 %"},
		{name: "just under 2 % of what is due", subject: "auth", parts: []part{handed("auth", 9)}, want: verdict.CannotSay},
		{name: "2 % of what is due", subject: "auth", parts: []part{handed("auth", 10)}, want: verdict.No},
		{name: "a line is evidence by itself", subject: "auth", seen: monday(10 * time.Second), parts: []part{handed("auth", 1)}, want: verdict.No, have: 1},
		{name: "49 connections", subject: "dns", parts: []part{feed(record.Conns, 49)}, want: verdict.CannotSay, have: 0.98, needs: "50 connections"},
		{name: "no lookup", subject: "dns", parts: []part{busy}, want: verdict.Yes, have: 10},
		{name: "lookups", subject: "dns", parts: []part{busy, asked(10, 2)}, want: verdict.No},
		{name: "trap: one host's lookups may be the sensor's own", subject: "dns", parts: []part{busy, asked(400, 1)}, want: verdict.CannotSay, needs: "second host"},
		{name: "trap: a night", subject: "dns", seen: night(8 * time.Hour), parts: []part{busy}, want: verdict.CannotSay, needs: "0 events due"},
		{name: "trap: a holiday", subject: "dns", seen: holiday(8 * time.Hour), parts: []part{busy}, want: verdict.CannotSay, needs: "0 events due"},
		{name: "trap: frames are cut", subject: "dns", parts: []part{busy, feed(record.Frames, 1000), feed(record.Truncated, 500)}, want: verdict.CannotSay, needs: "whole frames"},
		{name: "trap: lookups are encrypted", subject: "dns", parts: []part{busy, sealing(5, 5)}, want: verdict.CannotSay, needs: "clear"},
		{name: "trap: leases come in the morning", subject: "dhcp", seen: monday(5 * time.Hour), parts: []part{busy}, want: verdict.CannotSay, needs: "whole workday"},
		{name: "two workdays without a lease", subject: "dhcp", seen: days, parts: []part{busy}, want: verdict.Yes},
		{name: "leases", subject: "dhcp", seen: days, parts: []part{busy, leased(3)}, want: verdict.No},
		{name: "few leases of those due", subject: "dhcp", seen: days, parts: []part{busy, leased(1)}, want: verdict.CannotSay},
		{name: "DHCP heard, no lease", subject: "dhcp", seen: days, parts: []part{busy, feed(record.MessagesDHCP, 3)}, want: verdict.CannotSay, needs: "DHCP server"},
		{name: "logs carry no lookups", subject: "dns", parts: []part{busy, carrying(record.CarriesConns)}, want: verdict.CannotSay, needs: "carries no lookups"},
		{name: "the log comes, whatever the witness of traffic carries", subject: "auth", parts: []part{carrying(record.CarriesConns), handed("auth", 400)}, want: verdict.No},
	})
}

// carrying is a witness that carries only so much.
func carrying(c record.Carries) part {
	return func(e *Evidence) { e.Whole.Carries, e.Whole.Minutes = c, 1 }
}

func TestFeedDeadSubjects(t *testing.T) {
	on := terms(t, office)
	for name, c := range map[string]struct {
		parts []part
		want  []string
	}{
		"nothing handed over":  {nil, []string{"dns", "dhcp"}},
		"a log":                {[]part{handed("auth", 0)}, []string{"dns", "dhcp", "auth"}},
		"a log among inputs":   {[]part{func(e *Evidence) { e.Inputs = []record.Input{{Feed: "auth"}} }}, []string{"dns", "dhcp", "auth"}},
		"what nobody promised": {[]part{handed("mail", 5)}, []string{"dns", "dhcp"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := deadRule().Subjects(on, gather(on, monday(time.Hour), c.parts...)); !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

// TestHandedIsJoined: a stretch joined of windows knows what was handed over.
func TestHandedIsJoined(t *testing.T) {
	on := terms(t, office)
	e := NewEvidence(on, monday(time.Hour))
	e.Join(gather(on, monday(time.Minute), handed("auth", 0)))
	e.Join(gather(on, monday(2*time.Minute)))
	if !slices.Equal(e.Handed, []record.Feed{"auth"}) {
		t.Errorf("handed %v", e.Handed)
	}
}
