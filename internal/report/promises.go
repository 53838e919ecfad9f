package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"candor/internal/judge"
	"candor/internal/verdict"
)

// promises is the agreement line by line.
type promises struct {
	Words      string
	Rows       []promise
	Unmeasured []place
	Count      int
}

type promise struct {
	ID, Text, Clause, Promised, Seen, Because string
	Spots                                     []string
	Sign                                      sign
}

// place gathers the promises of one part of the agreement that this input cannot measure.
type place struct {
	Name    string
	Because string
	IDs     []string
}

func promisesOf(r *judge.Result) promises {
	s := judge.Stand(r)
	out := promises{Words: fmt.Sprintf("%d broken, %d kept, %d cannot say", s.Broken, s.Kept, s.CannotSay), Count: s.Unmeasured}
	for _, want := range []verdict.Kept{verdict.IsBroken, verdict.CannotTell, verdict.IsKept} {
		for _, p := range r.Promises {
			if p.MeasuredHere && p.Verdict == want {
				out.Rows = append(out.Rows, promise{p.ID, judge.OrElse(p.Text, p.ID), p.Clause, p.Promised, judge.OrElse(p.Seen, "cannot say"), p.Because, p.BlindSpots, keptSign(want)})
			}
		}
	}
	for _, p := range r.Promises {
		if p.MeasuredHere {
			continue
		}
		because := judge.OrElse(p.Because, "this input cannot measure it")
		name := strings.Split(p.ID, "/")[0]
		i := slices.IndexFunc(out.Unmeasured, func(g place) bool { return g.Name == name && g.Because == because })
		if i < 0 {
			out.Unmeasured, i = append(out.Unmeasured, place{Name: name, Because: because}), len(out.Unmeasured)
		}
		out.Unmeasured[i].IDs = append(out.Unmeasured[i].IDs, p.ID)
	}
	return out
}

// cannotSay is a host, or a group of them, about which questions stay open, and why.
type cannotSay struct {
	Host      string
	Spots     []string
	Questions []string
}

// cannotSayOf joins what is open for the same hosts and the same reasons.
func cannotSayOf(r *judge.Result) []cannotSay {
	var out []cannotSay
	for i := range r.Answers {
		a := &r.Answers[i]
		for _, h := range a.CannotSayFor {
			spots := judge.Spots(&verdict.Answer{Question: a.Question, BlindSpots: h.BlindSpots})
			j := slices.IndexFunc(out, func(c cannotSay) bool { return c.Host == h.Host && slices.Equal(c.Spots, spots) })
			if j < 0 {
				out, j = append(out, cannotSay{Host: h.Host, Spots: spots}), len(out)
			}
			if !slices.Contains(out[j].Questions, string(a.Question)) {
				out[j].Questions = append(out[j].Questions, string(a.Question))
			}
		}
	}
	return out
}

type fact struct{ Name, Value string }

const unknown = "cannot say"

// measuredOf is the sight as numbers; what this input cannot give is said, not left out.
func measuredOf(r *judge.Result) []fact {
	s := r.Sight
	out := []fact{
		{"IP packets", judge.Count(s.IPPackets)},
		{"Packets read", judge.Count(s.Packets)},
		{"Bytes by IP headers", judge.Count(s.Bytes)},
		{"Hosts seen directly", number(s.Hosts.Direct)},
		{"Hosts in passing", number(s.Hosts.InPassing)},
		{"Network cards", number(s.NetworkCards)},
		{"Packets with an inside address", percent(s.InsideFraction)},
		{"Packets with an own public address", percent(s.PublicFraction)},
		{"TCP seen one way only", percent(s.OneSidedTCP)},
		{"Acknowledged, never seen", percent(s.GapFraction)},
		{"Frames seen twice", percent(s.DuplicateFraction)},
		{"Frames cut short", percent(s.TruncatedFraction)},
	}
	vlans := "none"
	switch {
	case len(s.VLANs) > 0:
		vlans = strings.Trim(fmt.Sprint(s.VLANs), "[]")
	case s.Packets == 0:
		vlans = unknown
	}
	out = append(out, fact{"VLANs", vlans})
	drops := unknown
	if s.Drops != nil {
		drops = fmt.Sprintf("%s of %s", judge.Count(s.Drops.Dropped), judge.Count(s.Drops.Received))
	}
	out = append(out, fact{"Lost by the capture itself", drops})
	for _, k := range slices.Sorted(maps.Keys(s.Kinds)) {
		out = append(out, fact{"Records of kind " + string(k), judge.Count(s.Kinds[k])})
	}
	for _, k := range slices.Sorted(maps.Keys(s.Undecodable)) {
		out = append(out, fact{"Could not be read: " + k, judge.Count(s.Undecodable[k])})
	}
	for _, k := range slices.Sorted(maps.Keys(s.Tunnels)) {
		out = append(out, fact{"Bytes in tunnels: " + k, judge.Count(s.Tunnels[k])})
	}
	return out
}

func number(n *int) string {
	if n == nil {
		return unknown
	}
	return judge.Count(*n)
}

// percent prints a share; one that is not nothing or not all is never printed as 0 or 100.
func percent(f *float64) string {
	switch {
	case f == nil:
		return unknown
	case *f > 0 && *f < 0.001:
		return "under 0.1 %"
	case *f < 1 && *f > 0.999:
		return "over 99.9 %"
	}
	return judge.Decimal(100**f) + " %"
}

type input struct {
	Path, Kind, Feed, Packets, Records, Bytes string
	Damage, Notes                             []string
}

func inputsOf(r *judge.Result) []input {
	var out []input
	for _, in := range r.Inputs {
		v := input{Path: in.Path, Kind: in.Kind, Feed: in.Feed, Packets: judge.Count(in.Packets), Records: judge.Count(in.Records), Bytes: judge.Count(in.Bytes), Notes: in.Notes}
		if s := in.Stopped; s != nil {
			left := "nobody knows how much was left unread"
			if s.Unread >= 0 {
				left = judge.Count(s.Unread) + " bytes were not read"
			}
			v.Damage = append(v.Damage, fmt.Sprintf("Reading stopped at byte %s, %s: %s", judge.Count(s.At), left, s.Because))
		}
		for _, u := range in.Unread {
			v.Damage = append(v.Damage, fmt.Sprintf("%s frames of link type %s cannot be read", judge.Count(u.Frames), u.Link))
		}
		out = append(out, v)
	}
	return out
}
