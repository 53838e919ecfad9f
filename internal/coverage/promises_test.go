package coverage

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"candor/internal/record"
	"candor/internal/verdict"
)

// piece is what was seen in a part of an observation, in its first quarter hour.
type piece struct {
	from  record.Time
	parts []part
}

// observed makes days of pieces: windows, their merge, presence, and the defects as the whole shows them.
func observed(on *Terms, seen record.Span, pieces ...piece) *Days {
	d := &Days{Whole: gather(on, seen)}
	if !seen.Zero() {
		for q := seen.From.Floor(record.Quarter); q <= seen.To; q += record.Quarter {
			w := NewEvidence(on, record.Span{From: q, To: q + record.Quarter})
			w.Seen = record.Span{From: max(q, seen.From), To: min(q+record.Quarter, seen.To)}
			d.Windows, d.Presence = append(d.Windows, w), append(d.Presence, NewPresence())
		}
	}
	for _, p := range pieces {
		w := d.Windows[(p.from.Floor(record.Quarter)-seen.From.Floor(record.Quarter))/record.Quarter]
		for _, add := range p.parts {
			add(w)
		}
	}
	for i, w := range d.Windows {
		d.Whole.Join(w)
		for id, s := range w.Segments {
			minute := record.Sight{Span: w.Window, Segment: id, Hosts: s.Hosts}
			d.Presence[i].Add(on, &minute)
		}
	}
	d.Whole.Seen = seen
	rules := Rules()
	for i := range rules {
		subjects := []string{""}
		if rules[i].Subjects != nil {
			subjects = rules[i].Subjects(on, d.Whole)
		}
		for _, s := range subjects {
			r := rules[i].Judge(d.Whole, s)
			x := verdict.Defect{Code: rules[i].Code, Subject: s, Verdict: r.Verdict, Needs: r.Needs, Words: r.Words}
			if r.Verdict == verdict.Yes && on.Accepts(rules[i].Accepts) {
				x.Accepted = rules[i].Accepts
			}
			d.Defects = append(d.Defects, x)
		}
	}
	return d
}

// every is a piece in each quarter hour of a span.
func every(s record.Span, parts ...part) []piece {
	var out []piece
	for q := s.From; q < s.To; q += record.Quarter {
		out = append(out, piece{q, parts})
	}
	return out
}

func promise(t testing.TB, list []verdict.Promise, id string) verdict.Promise {
	t.Helper()
	for i := range list {
		if list[i].ID == id {
			return list[i]
		}
	}
	ids := make([]string, 0, len(list))
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	t.Fatalf("no promise %s among %s", id, strings.Join(ids, " "))
	return verdict.Promise{}
}

const unmeasured = "" // blind: not measured here

func TestPromises(t *testing.T) {
	workday := record.Span{From: at(23, 8, 0), To: at(23, 18, 0)}
	day := record.Span{From: at(23, 0, 0), To: at(24, 0, 0)}
	week := record.Span{From: at(16, 0, 0), To: at(23, 0, 0)}
	hour := monday(time.Hour)
	start := func(s record.Span, parts ...part) []piece { return []piece{{s.From, parts}} }
	saidBy := func(c verdict.Code, subject string, v verdict.Verdict, accepted string) func(*Days) {
		return func(d *Days) {
			for i := range d.Defects {
				if x := &d.Defects[i]; x.Code == c && x.Subject == subject {
					x.Verdict, x.Accepted = v, accepted
				}
			}
		}
	}
	tests := []struct {
		name    string
		id      string
		changes []string // of the agreement
		seen    record.Span
		pieces  []piece
		alter   func(*Days)
		want    string   // kept, broken, cannot_say; unmeasured
		spots   []string // among the blind spots
		because string
	}{
		{name: "min_seen_24h: enough in an hour", id: "segments/users/min_seen_24h", seen: hour, pieces: start(hour, direct("users", "10.1.0", 80)), want: "kept"},
		{name: "min_seen_24h: too few in an hour", id: "segments/users/min_seen_24h", seen: hour, pieces: start(hour, direct("users", "10.1.0", 79)), want: "cannot_say", because: "it takes 24.0 h"},
		{name: "min_seen_24h: too few in a day", id: "segments/users/min_seen_24h", seen: day, pieces: start(day, direct("users", "10.1.0", 79)), want: "broken", because: "80 are promised"},
		{name: "min_seen_24h: five minutes may lack", id: "segments/users/min_seen_24h", seen: record.Span{From: day.From, To: day.To - 5*record.Minute}, want: "broken"},
		{name: "min_seen_24h: six may not", id: "segments/users/min_seen_24h", seen: record.Span{From: day.From, To: day.To - 6*record.Minute}, want: "cannot_say"},
		{
			name: "min_seen_24h: addresses that nothing ties leave it open", id: "segments/users/min_seen_24h", changes: []string{`["10.1.0.0/24"] => ["10.1.0.0/24", "2001:db8::/64"]`}, seen: day,
			pieces: start(day, direct("users", "10.1.0", 79), sighted("users", ownFrames("2001:db8::1", record.MAC{}), ownFrames("2001:db8::2", record.MAC{}))), want: "kept",
		},
		{
			name: "min_seen_24h: only IPv6 that nothing ties", id: "segments/users/min_seen_24h", changes: []string{`["10.1.0.0/24"] => ["10.1.0.0/24", "2001:db8::/64"]`}, seen: day,
			pieces: start(day, direct("users", "10.1.0", 78), sighted("users", ownFrames("2001:db8::1", record.MAC{}), ownFrames("2001:db8::2", record.MAC{}))), want: "cannot_say", because: "between 79 and 80",
		},
		{name: "min_seen_24h: in passing does not count", id: "segments/servers/min_seen_24h", seen: day, pieces: start(day, sighted("servers", routed("10.2.0", 1, 20, 1)...)), want: "broken"},
		{
			name: "min_seen_24h: hosts of the second day do not make up for the first", id: "segments/users/min_seen_24h", seen: record.Span{From: at(23, 0, 0), To: at(25, 0, 0)},
			pieces: []piece{{at(23, 9, 0), []part{direct("users", "10.1.0", 40)}}, {at(24, 9, 0), []part{direct("users", "10.1.0", 90)}}}, want: "broken",
		},
		{
			name: "min_seen_24h: one day certainly too few, another perhaps", id: "segments/users/min_seen_24h", changes: []string{`["10.1.0.0/24"] => ["10.1.0.0/24", "2001:db8::/64"]`}, seen: record.Span{From: at(23, 0, 0), To: at(25, 0, 0)},
			pieces: []piece{{at(23, 9, 0), []part{direct("users", "10.1.0", 50)}}, {at(24, 9, 0), []part{direct("users", "10.1.0", 40), sighted("users", addresses6(50)...)}}}, want: "broken",
		},
		{
			name: "min_seen_24h: blind from the first hour of a day to the last of the next", id: "segments/users/min_seen_24h", seen: record.Span{From: at(23, 0, 0), To: at(25, 0, 0)},
			pieces: []piece{{at(23, 0, 30), []part{direct("users", "10.1.0", 90)}}, {at(24, 23, 30), []part{direct("users", "10.1.0", 90)}}}, want: "broken",
		},
		{
			name: "min_seen_24h: too few in the first of 47 hours but the last", id: "segments/users/min_seen_24h", seen: record.Span{From: at(23, 0, 0), To: at(24, 23, 0)},
			pieces: every(record.Span{From: at(24, 1, 0), To: at(24, 23, 0)}, direct("users", "10.1.0", 90)), want: "broken",
		},
		{
			name: "min_seen_24h: all the time", id: "segments/users/min_seen_24h", seen: record.Span{From: at(23, 0, 0), To: at(25, 5, 0)},
			pieces: every(record.Span{From: at(23, 0, 0), To: at(25, 5, 0)}, direct("users", "10.1.0", 90)), want: "kept",
		},
		{name: "min_seen_24h: outside", id: "segments/users/min_seen_24h", seen: day, pieces: start(day, beyond(9000)), want: "broken", spots: []string{"vantage.outside", "segment.missing:users"}},
		{name: "min_seen_24h: segment not covered", id: "segments/servers/min_seen_24h", changes: []string{"covers: [users, servers] => covers: [users]"}, seen: day, want: unmeasured, because: "not covered"},
		{name: "min_seen_7d: too few in a day", id: "segments/users/min_seen_7d", seen: day, want: "cannot_say"},
		{name: "min_seen_7d: too few in a week", id: "segments/users/min_seen_7d", seen: week, pieces: start(week, direct("users", "10.1.0", 89)), want: "broken"},
		{
			name: "min_seen_7d: enough, over the week", id: "segments/users/min_seen_7d", seen: week,
			pieces: []piece{{at(17, 9, 0), []part{direct("users", "10.1.0", 50)}}, {at(20, 9, 0), []part{sighted("users", directList("10.1.0", 51, 40)...)}}}, want: "kept",
		},

		{name: "active_workday: enough in an hour", id: "segments/users/active_workday", seen: hour, pieces: start(hour, direct("users", "10.1.0", 50)), want: "kept"},
		{name: "active_workday: too few in an hour", id: "segments/users/active_workday", seen: hour, pieces: start(hour, direct("users", "10.1.0", 49)), want: "cannot_say", because: "whole workday"},
		{name: "active_workday: too few", id: "segments/users/active_workday", seen: workday, pieces: start(workday, direct("users", "10.1.0", 49)), want: "broken"},
		{name: "active_workday: a day off", id: "segments/users/active_workday", seen: record.Span{From: at(26, 0, 0), To: at(27, 0, 0)}, want: "cannot_say"},
		{name: "active_workday: just under all of a workday", id: "segments/users/active_workday", seen: record.Span{From: workday.From, To: workday.To - 31*record.Minute}, want: "cannot_say"},
		{
			name: "active_workday: other hosts each day do not add up", id: "segments/users/active_workday", seen: record.Span{From: at(23, 0, 0), To: at(25, 0, 0)},
			pieces: []piece{{at(23, 9, 0), []part{direct("users", "10.1.0", 40)}}, {at(24, 9, 0), []part{sighted("users", directList("10.1.0", 101, 40)...)}}}, want: "broken", because: "50 are promised",
		},
		{
			name: "active_workday: a weekend does not count", id: "segments/users/active_workday", seen: record.Span{From: at(27, 0, 0), To: at(30, 0, 0)},
			pieces: []piece{{at(27, 9, 0), []part{direct("users", "10.1.0", 10)}}, {at(28, 9, 0), []part{direct("users", "10.1.0", 90)}}}, want: "broken",
		},
		{
			name: "active_workday: enough on each", id: "segments/users/active_workday", seen: record.Span{From: at(23, 0, 0), To: at(25, 0, 0)},
			pieces: []piece{{at(23, 9, 0), []part{direct("users", "10.1.0", 50)}}, {at(24, 9, 0), []part{direct("users", "10.1.0", 51)}}}, want: "kept",
		},

		{name: "max_unseen: never, not long enough", id: "critical/db/max_unseen", seen: monday(30 * time.Minute), want: "cannot_say"},
		{name: "max_unseen: never, just as long as promised", id: "critical/db/max_unseen", seen: hour, want: "cannot_say"},
		{name: "max_unseen: never, longer", id: "critical/db/max_unseen", seen: monday(61 * time.Minute), want: "broken", because: "longer than 60 min"},
		{name: "max_unseen: now and then", id: "critical/db/max_unseen", seen: monday(4 * time.Hour), pieces: every(monday(4*time.Hour), sighted("servers", ownFrames("10.2.0.31", record.MAC{2}))), want: "kept"},
		{
			name: "max_unseen: a gap of an hour and more", id: "critical/db/max_unseen", seen: monday(4 * time.Hour),
			pieces: []piece{{at(23, 9, 0), []part{sighted("servers", ownFrames("10.2.0.31", record.MAC{2}))}}, {at(23, 10, 15), []part{sighted("servers", ownFrames("10.2.0.31", record.MAC{2}))}}}, want: "broken",
		},
		{name: "max_unseen: only as a peer", id: "critical/db/max_unseen", seen: monday(4 * time.Hour), pieces: every(monday(4*time.Hour), sighted("servers", passing("10.2.0.31", record.NoHops))), want: "broken"},

		{name: "directions: in sight", id: "directions/client-server", seen: hour, pieces: start(hour, between("users", "servers", 9, 9)), want: "kept"},
		{name: "directions: never", id: "directions/client-server", seen: hour, want: "broken", spots: []string{"direction.missing:client-server"}},
		{name: "directions: too short", id: "directions/client-server", seen: monday(30 * time.Minute), want: "cannot_say", spots: []string{"direction.missing:client-server"}},

		{name: "volume: enough", id: "volume/floor_gb_per_workday", seen: workday, pieces: start(workday, feed(record.Bytes, 100e9)), want: "kept"},
		{name: "volume: a little less", id: "volume/floor_gb_per_workday", seen: workday, pieces: start(workday, feed(record.Bytes, 99e9)), want: "broken", because: "100.0 GB were due"},
		{name: "volume: far less", id: "volume/floor_gb_per_workday", seen: workday, pieces: start(workday, feed(record.Bytes, 9e9)), want: "broken", spots: []string{"volume.low"}},
		{name: "volume: a part of a workday", id: "volume/floor_gb_per_workday", seen: hour, pieces: start(hour, feed(record.Bytes, 500e9)), want: "cannot_say"},
		{
			name: "volume: a Saturday does not make up for a Friday", id: "volume/floor_gb_per_workday", seen: record.Span{From: at(27, 0, 0), To: at(29, 0, 0)},
			pieces: []piece{{at(27, 9, 0), []part{feed(record.Bytes, 60e9)}}, {at(28, 9, 0), []part{feed(record.Bytes, 900e9)}}}, want: "broken", because: "100.0 GB were due",
		},
		{
			name: "volume: the night of a workday counts", id: "volume/floor_gb_per_workday", seen: day,
			pieces: []piece{{at(23, 3, 0), []part{feed(record.Bytes, 50e9)}}, {at(23, 9, 0), []part{feed(record.Bytes, 51e9)}}}, want: "kept",
		},

		{name: "expect: the rate", id: "data/dns/expect", seen: hour, pieces: start(hour, feed(record.Conns, 500), within("users", record.DNSQueries, 500), lookups(9)), want: "kept"},
		{name: "expect: less than the rate, and not none", id: "data/dns/expect", seen: hour, pieces: start(hour, feed(record.Conns, 500), within("users", record.DNSQueries, 499), lookups(9)), want: "cannot_say", because: "fewer than promised"},
		{name: "expect: none", id: "data/dns/expect", seen: hour, pieces: start(hour, feed(record.Conns, 500)), want: "broken", spots: []string{"kind.missing:dns"}},
		{name: "expect: nothing was due at night", id: "data/dns/expect", seen: night(time.Hour), pieces: []piece{{at(23, 20, 0), []part{feed(record.Conns, 500)}}}, want: "cannot_say", spots: []string{"kind.missing:dns"}},
		{
			name: "expect: none for a part of the time", id: "data/dns/expect", seen: hour, pieces: start(hour, feed(record.Conns, 500), within("users", record.DNSQueries, 500), lookups(9)),
			alter: saidBy(verdict.KindMissing, "dns", verdict.Yes, ""), want: "broken", because: "part of the time",
		},
		{name: "expect: a log that was not handed over", id: "data/auth/expect", seen: day, want: unmeasured, spots: []string{"kind.missing:auth"}, because: "--feed auth=PATH"},

		{name: "both_directions: enough", id: "data/packets/both_directions", seen: hour, pieces: start(hour, tcp(100, 5)), want: "kept"},
		{name: "both_directions: close", id: "data/packets/both_directions", seen: hour, pieces: start(hour, tcp(100, 6)), want: "cannot_say", because: "too close"},
		{name: "both_directions: too few", id: "data/packets/both_directions", seen: hour, pieces: start(hour, tcp(100, 8)), want: "broken"},
		{name: "both_directions: 49 connections", id: "data/packets/both_directions", seen: hour, pieces: start(hour, tcp(49, 0)), want: "cannot_say", because: "50 connections"},
		{name: "both_directions: one-way for a part of the time", id: "data/packets/both_directions", seen: hour, pieces: start(hour, tcp(1000, 5)), alter: saidBy(verdict.FeedOneWay, "", verdict.Yes, ""), want: "cannot_say"},
		{
			name: "both_directions: a second way, accepted", id: "data/packets/both_directions", changes: []string{"accepts: [] => accepts: [asymmetric]"}, seen: hour,
			pieces: start(hour, tcp(500, 100), group("a", 100, 100), group("b", 400, 0)), want: "cannot_say", spots: []string{"feed.asymmetric"}, because: "accepted",
		},
		{name: "both_directions: a second way, not accepted", id: "data/packets/both_directions", seen: hour, pieces: start(hour, tcp(500, 100), group("a", 100, 100), group("b", 400, 0)), want: "broken"},

		{name: "loss_max: none", id: "data/packets/loss_max", seen: hour, pieces: start(hour, acked(10000, 0, 0)), want: "kept"},
		{name: "loss_max: too much", id: "data/packets/loss_max", seen: hour, pieces: start(hour, acked(10000, 500, 500)), want: "broken", spots: []string{"feed.loss"}},
		{name: "loss_max: in between", id: "data/packets/loss_max", seen: hour, pieces: start(hour, acked(10000, 50, 50)), want: "cannot_say"},
		{name: "loss_max: too few acknowledgements", id: "data/packets/loss_max", seen: hour, pieces: start(hour, acked(100, 0, 0)), want: "cannot_say"},
		{name: "loss_max: less than can be proven", id: "data/packets/loss_max", changes: []string{"loss_max: 0.01 => loss_max: 0.001"}, seen: hour, pieces: start(hour, acked(10000, 0, 0)), want: "cannot_say"},
		{name: "loss_max: one-sided", id: "data/packets/loss_max", seen: hour, pieces: start(hour, acked(10000, 0, 0), tcp(100, 60)), want: "cannot_say", because: "one-sided"},
		{name: "loss_max: more may be lost than is", id: "data/packets/loss_max", changes: []string{"loss_max: 0.01 => loss_max: 0.20"}, seen: hour, pieces: start(hour, acked(10000, 500, 500)), want: "cannot_say"},
		{
			name: "loss_max: the capture's own count", id: "data/packets/loss_max", seen: hour,
			pieces: start(hour, acked(10000, 0, 0), func(e *Evidence) { e.Add(&record.Sight{Drops: &record.Drops{Received: 900, Dropped: 100}}) }), want: "broken", spots: []string{"capture.drops"},
		},
		{
			name: "loss_max: all was dropped", id: "data/packets/loss_max", seen: hour,
			pieces: start(hour, acked(10000, 0, 0), func(e *Evidence) { e.Add(&record.Sight{Drops: &record.Drops{Dropped: 1<<64 - 1}}) }), want: "broken",
		},
		{
			name: "loss_max: the capture dropped less than promised", id: "data/packets/loss_max", seen: hour,
			pieces: start(hour, acked(10000, 0, 0), func(e *Evidence) { e.Add(&record.Sight{Drops: &record.Drops{Received: 1000, Dropped: 10}}) }), want: "kept",
		},

		{name: "snaplen: whole", id: "data/packets/snaplen", seen: hour, pieces: start(hour, feed(record.Frames, 1000)), want: "kept"},
		{name: "snaplen: cut", id: "data/packets/snaplen", seen: hour, pieces: start(hour, feed(record.Frames, 1000), feed(record.Truncated, 500)), want: "broken", spots: []string{"feed.truncated"}},
		{
			name: "snaplen: cut, accepted", id: "data/packets/snaplen", changes: []string{"accepts: [] => accepts: [truncated]"}, seen: hour,
			pieces: start(hour, feed(record.Frames, 1000), feed(record.Truncated, 500)), want: "cannot_say", because: "accepted",
		},
		{name: "snaplen: too few frames", id: "data/packets/snaplen", seen: hour, pieces: start(hour, feed(record.Frames, 10)), want: "cannot_say"},
		{
			name: "snaplen: only the first bytes are promised, and frames are cut", id: "data/packets/snaplen", changes: []string{"snaplen: full => snaplen: 96"}, seen: hour,
			pieces: start(hour, feed(record.Frames, 1000), feed(record.Truncated, 500)), want: "cannot_say", because: "how many bytes",
		},
		{name: "snaplen: only the first bytes are promised, and frames are whole", id: "data/packets/snaplen", changes: []string{"snaplen: full => snaplen: 96"}, seen: hour, pieces: start(hour, feed(record.Frames, 1000)), want: "kept"},

		{name: "vantage: inside", id: "sensors/core/vantage", seen: hour, pieces: start(hour, inside(9000, 9000), direct("users", "10.1.0", 20)), want: "kept"},
		{name: "vantage: outside", id: "sensors/core/vantage", seen: hour, pieces: start(hour, beyond(9000)), want: "broken", spots: []string{"vantage.outside"}},
		{name: "vantage: too little", id: "sensors/core/vantage", seen: hour, pieces: start(hour, beyond(100)), want: "cannot_say", spots: []string{"vantage.outside"}},
		{name: "vantage: no copy of traffic", id: "sensors/core/vantage", seen: hour, pieces: start(hour, shouted(1000, 1000), shouters(5, 9)), want: "broken", spots: []string{"vantage.unmirrored_port"}},
		{name: "vantage: gear only", id: "sensors/core/vantage", seen: hour, pieces: start(hour, beyondGear()), want: "broken", spots: []string{"vantage.management_port"}},
		{name: "vantage: outside on purpose, and outside", id: "sensors/core/vantage", changes: []string{"side: inside, accepts: [] => side: outside, accepts: [outside]"}, seen: hour, pieces: start(hour, beyond(9000)), want: "kept"},
		{
			name: "vantage: outside on purpose, and inside", id: "sensors/core/vantage", changes: []string{"side: inside, accepts: [] => side: outside, accepts: [outside]"}, seen: hour,
			pieces: start(hour, inside(9000, 9000), direct("users", "10.1.0", 20)), want: "broken",
		},
		{name: "vantage: inside promised, outside accepted, and outside", id: "sensors/core/vantage", changes: []string{"accepts: [] => accepts: [outside]"}, seen: hour, pieces: start(hour, beyond(9000)), want: "cannot_say", because: "accepted"},

		{name: "coverage: enough", id: "sensors/core/accepted/coverage", seen: hour, pieces: start(hour, direct("users", "10.1.0", 80), direct("servers", "10.2.0", 16)), want: "kept"},
		{name: "coverage: too few in an hour", id: "sensors/core/accepted/coverage", seen: hour, pieces: start(hour, direct("users", "10.1.0", 80), direct("servers", "10.2.0", 15)), want: "cannot_say"},
		{name: "coverage: too few in a workday", id: "sensors/core/accepted/coverage", seen: workday, pieces: start(workday, direct("users", "10.1.0", 80), direct("servers", "10.2.0", 15)), want: "broken"},
		{
			name: "coverage: more hosts than promised in one segment do not make up for another", id: "sensors/core/accepted/coverage", changes: []string{"coverage: 0.80 => coverage: 0.90"}, seen: workday,
			pieces: start(workday, direct("users", "10.1.0", 150)), want: "broken",
		},

		{name: "nothing observed", id: "data/packets/loss_max", seen: record.Span{}, want: "cannot_say", because: "nothing was observed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			on := terms(t, office, tt.changes...)
			d := observed(on, tt.seen, tt.pieces...)
			if tt.alter != nil {
				tt.alter(d)
			}
			got := promise(t, Promises(on, d), tt.id)
			if tt.want == unmeasured {
				if got.MeasuredHere || got.Verdict != verdict.CannotTell {
					t.Errorf("measured here %v, %s", got.MeasuredHere, got.Verdict)
				}
			} else if got.Verdict.String() != tt.want || !got.MeasuredHere {
				t.Errorf("%s (measured here %v), want %s: seen %q because %q, %v", got.Verdict, got.MeasuredHere, tt.want, got.Seen, got.Because, got.BlindSpots)
			}
			for _, s := range tt.spots {
				if !slices.Contains(got.BlindSpots, s) {
					t.Errorf("blind spots %v, want %s among them", got.BlindSpots, s)
				}
			}
			if !strings.Contains(got.Because, tt.because) || (got.Verdict != verdict.IsKept && got.Because == "") {
				t.Errorf("because %q, want %q in it", got.Because, tt.because)
			}
		})
	}
}

// lookups is hosts that asked a resolver.
func lookups(n int) part {
	hosts := directList("10.1.0", 1, n)
	for i := range hosts {
		hosts[i].Flags |= record.SeenLookup
	}
	return sighted("users", hosts...)
}

// addresses6 is n IPv6 addresses that no card ties.
func addresses6(n int) []record.HostSeen {
	out := make([]record.HostSeen, 0, n)
	for i := range n {
		h := ownFrames("2001:db8::1", record.MAC{})
		h.Addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i + 1)})
		out = append(out, h)
	}
	return out
}

// TestNothingKeepsNoPromise: no evidence, no kept promise: whatever was promised, even nothing at all.
func TestNothingKeepsNoPromise(t *testing.T) {
	zero := terms(t, office, "min_seen_24h: 0.80 => min_seen_24h: 0", "active_workday: 0.50 => active_workday: 0", "coverage: 0.80 => coverage: 0", "both_directions: 0.95 => both_directions: 0", "loss_max: 0.01 => loss_max: 1")
	for _, on := range []*Terms{terms(t, office), zero} {
		for _, p := range Promises(on, observed(on, record.Span{})) {
			if p.Verdict != verdict.CannotTell {
				t.Errorf("%s is %s of nothing", p.ID, p.Verdict)
			}
		}
	}
	if got := Promises(assumed(t), observed(assumed(t), record.Span{})); got == nil || len(got) != 0 {
		t.Errorf("without an agreement: %v", got)
	}
}

// TestAcceptedDefectsBreakNoPromise: what the agreement accepts is never a broken promise.
func TestAcceptedDefectsBreakNoPromise(t *testing.T) {
	on := terms(t, office, "accepts: [] => accepts: [asymmetric, truncated, outside, proxy, tunnel_only]")
	seen := monday(time.Hour)
	d := observed(on, seen, piece{seen.From, []part{
		feed(record.Frames, 1000), feed(record.Truncated, 500), tcp(500, 100), group("a", 100, 100), group("b", 400, 0), feed(record.Packets, 1000),
	}})
	for i := range d.Defects {
		if x := &d.Defects[i]; x.Code == verdict.VantageOutside || x.Code == verdict.VantageAfterProxy || x.Code == verdict.FeedTunnelOnly {
			x.Verdict, x.Accepted = verdict.Yes, "accepted"
		}
	}
	for _, id := range []string{"data/packets/snaplen", "data/packets/both_directions", "sensors/core/vantage"} {
		p := promise(t, Promises(on, d), id)
		if p.Verdict != verdict.CannotTell || len(p.BlindSpots) == 0 {
			t.Errorf("%s is %s with %v", id, p.Verdict, p.BlindSpots)
		}
	}
}

// TestLessEvidenceKeepsNoPromise: hosts taken away never make a promise of hosts kept. A host has the
// same card whenever it is seen: a card that ties two addresses in one hour only makes fewer machines of more evidence.
func TestLessEvidenceKeepsNoPromise(t *testing.T) {
	ids := []string{"segments/users/min_seen_24h", "segments/users/min_seen_7d", "segments/users/active_workday", "segments/servers/min_seen_24h", "sensors/core/accepted/coverage"}
	on := terms(t, office, "hosts: 100 => hosts: 10", "hosts: 20 => hosts: 4", `["10.1.0.0/24"] => ["10.1.0.0/24", "2001:db8::/64"]`)
	rapid.Check(t, func(t *rapid.T) {
		from := at(rapid.IntRange(20, 24).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"), 0)
		seen := record.Span{From: from, To: from + record.Time(rapid.IntRange(1, 60).Draw(t, "hours"))*record.Hour}
		population := map[record.SegmentID][]record.HostSeen{"users": drawHosts(t, "users"), "servers": drawHosts(t, "servers")}
		var full, fewer []piece
		for range rapid.IntRange(1, 4).Draw(t, "pieces") {
			when := from + record.Time(rapid.Int64Range(0, int64(seen.To-seen.From)-1).Draw(t, "when"))
			for _, id := range []record.SegmentID{"users", "servers"} {
				hosts := drawSome(t, population[id])
				left := drawSome(t, hosts)
				full, fewer = append(full, piece{when, []part{sighted(id, hosts...)}}), append(fewer, piece{when, []part{sighted(id, left...)}})
			}
		}
		before, after := Promises(on, observed(on, seen, full...)), Promises(on, observed(on, seen, fewer...))
		for i := range after {
			if slices.Contains(ids, after[i].ID) && after[i].Verdict == verdict.IsKept && before[i].Verdict != verdict.IsKept {
				t.Errorf("%s: %s, and kept with fewer hosts: %s, %s", after[i].ID, before[i].Verdict, before[i].Seen, after[i].Seen)
			}
		}
	})
}

func drawSome(t *rapid.T, hosts []record.HostSeen) []record.HostSeen {
	return slices.DeleteFunc(slices.Clone(hosts), func(record.HostSeen) bool { return rapid.IntRange(0, 2).Draw(t, "gone") == 0 })
}

func drawHosts(t *rapid.T, id record.SegmentID) []record.HostSeen {
	var out []record.HostSeen
	net := byte(1)
	if id == "servers" {
		net = 2
	}
	for i := range rapid.IntRange(0, 12).Draw(t, "hosts") {
		h := ownFrames("10.1.0.1", record.MAC{2, net, byte(i)})
		h.Addr = netip.AddrFrom4([4]byte{10, net, 0, byte(i + 1)})
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			h.MAC = record.MAC{}
		case 1:
			h = passing(h.Addr.String(), 1)
		case 2:
			h.MAC = record.MAC{2, net, 99} // one card, many addresses
		case 3:
			if id == "users" {
				h.MAC, h.Addr = record.MAC{}, netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(i + 1)})
			}
		}
		out = append(out, h)
	}
	return out
}

func TestSegments(t *testing.T) {
	kept := func(id string, v verdict.Kept, measured bool) verdict.Promise {
		return verdict.Promise{ID: id, Verdict: v, MeasuredHere: measured}
	}
	missing := func(v verdict.Verdict) []verdict.Defect {
		return []verdict.Defect{{Code: verdict.SegmentMissing, Subject: "users", Verdict: v}}
	}
	day, week := "segments/users/min_seen_24h", "segments/users/min_seen_7d"
	tests := []struct {
		name     string
		promises []verdict.Promise
		defects  []verdict.Defect
		want     verdict.Kept
	}{
		{"nothing promised, nothing known", nil, nil, verdict.CannotTell},
		{"nothing promised, in sight", nil, missing(verdict.No), verdict.CannotTell},
		{"nothing promised, missing", nil, missing(verdict.Yes), verdict.IsBroken},
		{"nothing promised, cannot say", nil, missing(verdict.CannotSay), verdict.CannotTell},
		{"kept", []verdict.Promise{kept(day, verdict.IsKept, true)}, nil, verdict.IsKept},
		{"kept, though missing for a while", []verdict.Promise{kept(day, verdict.IsKept, true)}, missing(verdict.Yes), verdict.IsKept},
		{"broken", []verdict.Promise{kept(day, verdict.IsBroken, true)}, missing(verdict.No), verdict.IsBroken},
		{"one kept, one open", []verdict.Promise{kept(day, verdict.IsKept, true), kept(week, verdict.CannotTell, true)}, nil, verdict.CannotTell},
		{"one open, one kept", []verdict.Promise{kept(day, verdict.CannotTell, true), kept(week, verdict.IsKept, true)}, nil, verdict.CannotTell},
		{"one open, one broken", []verdict.Promise{kept(day, verdict.CannotTell, true), kept(week, verdict.IsBroken, true)}, nil, verdict.IsBroken},
		{"not measured here is no promise here", []verdict.Promise{kept(day, verdict.CannotTell, false)}, missing(verdict.Yes), verdict.IsBroken},
		{"not measured here never keeps it", []verdict.Promise{kept(day, verdict.IsKept, false)}, nil, verdict.CannotTell},
		{"another segment's promise", []verdict.Promise{kept("segments/users-2/min_seen_24h", verdict.IsKept, true)}, nil, verdict.CannotTell},
		{"another promise of the segment", []verdict.Promise{kept("segments/users/active_workday", verdict.IsKept, true)}, nil, verdict.CannotTell},
	}
	on := terms(t, office)
	e := gather(on, monday(time.Hour), direct("users", "10.1.0", 5), sighted("users", passing("10.1.0.99", 1)))
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Segments(on, e, tt.promises, tt.defects)
			if len(got) != 3 || got[0].ID != "users" {
				t.Fatalf("%+v", got)
			}
			s := got[0]
			if s.Verdict != tt.want {
				t.Errorf("%s, want %s", s.Verdict, tt.want)
			}
			if s.Seen != 5 || s.SeenMost != 5 || s.InPassing != 1 || s.Promised == nil || *s.Promised != 100 {
				t.Errorf("%+v", s)
			}
			if g := got[2]; !g.Excluded || g.Promised != nil || g.Reason != "another provider" || g.Verdict != verdict.CannotTell {
				t.Errorf("%+v", g)
			}
		})
	}
}
