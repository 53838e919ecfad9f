package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

// The hard facts: one event is enough for yes, and no needs the counter to exist.

func damagedRule() Rule {
	return Rule{Code: verdict.InputDamaged, Hard: true, Whole: true, Weigh: weighDamaged}
}

func weighDamaged(e *Evidence, _ string) Ruling {
	var damaged []verdict.Sign
	read := 0
	for i := range e.Inputs {
		in := &e.Inputs[i]
		switch {
		case in.Stopped == nil:
			read++
		case in.Kind != "unknown":
			value := fmt.Sprintf("%s, at byte %s", in.Stopped.Because, count(float64(in.Stopped.At)))
			if in.Stopped.Unread >= 0 {
				value += fmt.Sprintf(", %s bytes not read", count(float64(in.Stopped.Unread)))
			}
			damaged = append(damaged, verdict.Sign{Sign: in.Path, Value: value, Bits: verdict.CertainBits})
		}
	}
	if n := e.n(record.DamagedInputs); len(damaged) == 0 && n > 0 {
		damaged = append(damaged, verdict.Sign{Sign: "broken inputs", Value: count(n), Bits: verdict.CertainBits})
	}
	if len(damaged) > 0 {
		return Ruling{
			Verdict: verdict.Yes, Strength: verdict.AlmostCertain, Bits: verdict.CertainBits, Signs: damaged,
			Words: "An input is cut off or broken. What comes after the damage was not seen.",
			Do:    "Copy the file again, or capture again. Everything before the damage was used.",
		}
	}
	if read == 0 || !e.Ended {
		return lacking("the input has not been read to its end")
	}
	return hardNo("broken inputs", "Every input is whole.")
}

// foreignMost is the share of frames of unknown kinds that any network has; with more of them not everything was read.
const foreignMost = 0.05

func unreadRule() Rule {
	return Rule{Code: verdict.InputUnread, Hard: true, Whole: true, Weigh: weighUnread}
}

func weighUnread(e *Evidence, _ string) Ruling {
	var unread []verdict.Sign
	for i := range e.Inputs {
		in := &e.Inputs[i]
		for _, u := range in.Unread {
			unread = append(unread, verdict.Sign{
				Sign: in.Path, Value: fmt.Sprintf("cannot read this link type: %s, %s frames", u.Link, count(float64(u.Frames))), Bits: verdict.CertainBits,
			})
		}
		if in.Stopped != nil && in.Kind == "unknown" {
			unread = append(unread, verdict.Sign{Sign: in.Path, Value: in.Stopped.Because, Bits: verdict.CertainBits})
		}
	}
	if n := e.n(record.UnreadFrames); len(unread) == 0 && n > 0 {
		unread = append(unread, verdict.Sign{Sign: "frames of a link type that cannot be read", Value: count(n), Bits: verdict.CertainBits})
	}
	if len(unread) > 0 {
		return Ruling{
			Verdict: verdict.Yes, Strength: verdict.AlmostCertain, Bits: verdict.CertainBits, Signs: unread,
			Words: "Part of what was handed over cannot be read, and nothing can be said about it.",
			Do:    "Capture on an Ethernet or cooked (any) interface, and hand over pcap or pcapng files.",
		}
	}
	if len(e.Inputs) == 0 {
		return lacking("nothing was handed over")
	}
	if n, frames := e.foreignFrames(), e.n(record.Frames); n > foreignMost*frames {
		return lacking(fmt.Sprintf("%s of %s frames carry nothing that Candor knows: what is in them cannot be told", count(n), count(frames)))
	}
	return hardNo("frames or files that cannot be read", "Everything handed over can be read.")
}

func evictedRule() Rule { return Rule{Code: verdict.StateEvicted, Hard: true, Weigh: weighEvicted} }

func weighEvicted(e *Evidence, _ string) Ruling {
	var beyond record.Sketch
	beyond.Merge(&e.Whole.Beyond)
	for _, s := range e.Segments {
		beyond.Merge(&s.Beyond)
	}
	conns, budget := e.n(record.EvictedConns), e.n(record.OverBudget)
	sets := max(float64(beyond.Estimate()), min(1, float64(e.Whole.LostHosts)))
	if conns+budget+sets > 0 {
		return Ruling{
			Verdict: verdict.Yes, Strength: verdict.AlmostCertain, Bits: verdict.CertainBits,
			Signs: []verdict.Sign{
				{
					Sign:  "connections, messages, and hosts, cards and peers let go",
					Value: fmt.Sprintf("%s, %s, about %s (give or take %.1f %%)", count(conns), count(budget), count(sets), 100*record.SketchError), Bits: verdict.CertainBits,
				},
			},
			Words: "There was more going on than Candor keeps in memory; some of it was let go and counted.",
			Do:    "Give the sensor more memory, or let it watch fewer networks. A flood does the same: look for scans.",
		}
	}
	if e.n(record.Frames)+e.n(record.Conns)+e.n(record.LogLines) == 0 {
		return lacking("nothing was read")
	}
	return hardNo("connections, messages, and hosts, cards and peers let go", "Nothing had to be let go for want of memory.")
}

func dropsRule() Rule {
	return Rule{Code: verdict.CaptureDrops, Hard: true, Whole: true, Weigh: weighDrops}
}

func weighDrops(e *Evidence, _ string) Ruling {
	d := e.Whole.Drops
	if d == nil {
		return lacking("this input does not count what the capture lost; pcapng files with interface statistics do")
	}
	if d.Dropped > 0 {
		return Ruling{
			Verdict: verdict.Yes, Strength: verdict.AlmostCertain, Bits: verdict.CertainBits,
			Signs: []verdict.Sign{{Sign: "packets that the capture itself lost", Value: count(float64(d.Dropped)), Bits: verdict.CertainBits}},
			Words: fmt.Sprintf("The capture was too slow: %s packets were dropped.", count(float64(d.Dropped))),
			Do:    "Give the capture a larger buffer or a faster machine, or filter what it need not read.",
		}
	}
	if d.Partly {
		return lacking("not every input counts what its capture lost; those that do lost nothing")
	}
	return hardNo("packets that the capture itself lost", "The capture counted its losses: none.")
}

func hardNo(sign, words string) Ruling {
	return Ruling{
		Verdict: verdict.No, Strength: verdict.AlmostCertain, Bits: -verdict.CertainBits, Words: words,
		Signs: []verdict.Sign{{Sign: sign, Value: "0", Bits: -verdict.CertainBits}},
	}
}
