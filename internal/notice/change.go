package notice

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/verdict"
)

// How long a change must have held (DESIGN.md 2): going blind, and seeing again. A hard fact waits for nothing.
const (
	HoldBlind = 2 * time.Minute
	HoldWell  = 15 * time.Minute
)

// Key names what may go blind.
type Key struct {
	Tenant  record.Tenant
	Sensor  record.Sensor
	Code    verdict.Code
	Subject string
}

// Notice is one change that people are told of.
type Notice struct {
	ID      string          `json:"id"` // the same for every try to deliver it
	Tenant  record.Tenant   `json:"tenant"`
	Sensor  record.Sensor   `json:"sensor"`
	Code    verdict.Code    `json:"code"`
	Subject string          `json:"subject"`
	Now     verdict.Verdict `json:"now"` // yes: blind; no: sees again
	Since   time.Time       `json:"since"`
	At      time.Time       `json:"at"` // when it was noticed
	Words   string          `json:"words"`
	Do      string          `json:"do"`
}

// standing is what was told of one key, and the change that is under way.
type standing struct {
	told   bool      // people were told that it is blind
	change time.Time // since when the opposite holds; zero: no change under way
}

// Watch follows what judges say and finds the changes worth a notice. It is not safe for concurrent use. The zero Watch has told nothing.
type Watch struct {
	keys map[Key]*standing
}

// See looks at a Result of one sensor at a moment of the hub's clock. Cannot say changes nothing: it neither is blindness of a kind that
// was declared, nor the end of one. An accepted defect is no news.
func (w *Watch) See(t record.Tenant, s record.Sensor, r *judge.Result, now time.Time) []Notice {
	if w.keys == nil {
		w.keys = map[Key]*standing{}
	}
	var out []Notice
	seen := map[Key]bool{}
	for i := range r.Defects {
		d := &r.Defects[i]
		if !Blinds(d.Code) || d.Accepted != "" {
			continue
		}
		key := Key{t, s, d.Code, d.Subject}
		seen[key] = true
		if changed, since := w.step(key, d.Now, now); changed {
			out = append(out, notice(key, d, since, now))
		}
	}
	for _, key := range w.ended(t, s, seen) { // facts that are listed only while they are yes
		if changed, since := w.step(key, verdict.No, now); changed {
			out = append(out, notice(key, &verdict.Defect{Now: verdict.No}, since, now))
		}
	}
	return out
}

// ended lists the keys of a sensor that stood and are not listed any more, in a fixed order.
func (w *Watch) ended(t record.Tenant, s record.Sensor, seen map[Key]bool) []Key {
	gone := slices.DeleteFunc(slices.Collect(maps.Keys(w.keys)), func(k Key) bool { return k.Tenant != t || k.Sensor != s || seen[k] })
	slices.SortFunc(gone, func(a, b Key) int { return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject)) })
	return gone
}

// step follows one key and reports whether a change has held long enough, and since when.
func (w *Watch) step(key Key, v verdict.Verdict, now time.Time) (changed bool, since time.Time) {
	st := w.keys[key]
	if st == nil {
		if v != verdict.Yes {
			return false, time.Time{}
		}
		st = &standing{}
		w.keys[key] = st
	}
	blind := v == verdict.Yes
	if v == verdict.CannotSay || blind == st.told {
		if v != verdict.CannotSay {
			st.change = time.Time{}
			if !st.told { // well, and nobody was told otherwise
				delete(w.keys, key)
			}
		}
		return false, time.Time{}
	}
	if st.change.IsZero() {
		st.change = now
	}
	hold := HoldWell
	if blind {
		hold = HoldBlind
		if hard(key.Code) {
			hold = 0
		}
	}
	if now.Sub(st.change) < hold {
		return false, time.Time{}
	}
	since = st.change
	st.told, st.change = blind, time.Time{}
	if !blind {
		delete(w.keys, key)
	}
	return true, since
}

// Told lists what people were told and was not taken back, to be kept over a restart.
func (w *Watch) Told() []Key {
	var out []Key
	for k, st := range w.keys {
		if st.told {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Sensor, b.Sensor), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject))
	})
	return out
}

// Recall takes up what was told before a restart.
func (w *Watch) Recall(told []Key) {
	if w.keys == nil {
		w.keys = map[Key]*standing{}
	}
	for _, k := range told {
		w.keys[k] = &standing{told: true}
	}
}

// Blinds reports whether a defect takes sight away, so that people must know at once; others only limit answers or are shown.
func Blinds(c verdict.Code) bool {
	switch c {
	case verdict.IntelStale, verdict.HistoryShort, verdict.DNSEncrypted, verdict.DetectorNotBuilt, verdict.InputDamaged, verdict.InputUnread,
		verdict.HostsCountedTwice, verdict.FeedDuplicated:
		return false
	}
	return true
}

// hard reports whether one event is a fact that needs no time to hold.
func hard(c verdict.Code) bool {
	switch c {
	case verdict.SensorSilent, verdict.RecordGap, verdict.StoreMissing, verdict.SensorShed, verdict.CaptureDrops, verdict.StateEvicted:
		return true
	}
	return false
}
