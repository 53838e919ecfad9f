package coverage

import (
	"fmt"

	"candor/internal/record"
	"candor/internal/verdict"
)

// duplicatedRule recognises a mirror that copies frames twice.
func duplicatedRule() Rule {
	return Rule{Code: verdict.FeedDuplicated, Needs: record.CarriesFrames, Least: leastFrames(duplicatedLeastPackets), Weigh: weighDuplicated}
}

const (
	duplicatedLeastPackets = 1000
	duplicatedYes          = 0.05
	duplicatedNo           = 0.03
)

// leastFrames wants so many frames.
func leastFrames(n float64) func(*Evidence, string) Least {
	return func(e *Evidence, _ string) Least {
		frames := e.n(record.Frames)
		return least(fmt.Sprintf("%s of %s frames seen", count(frames), count(n)), frames, n)
	}
}

func weighDuplicated(e *Evidence, _ string) Ruling {
	frames := e.n(record.Frames)
	s := share(e.n(record.Copies), frames)
	sign := verdict.Sign{Sign: "frames that came again, byte for byte, within 2 ms", Value: fmt.Sprintf("%s of %s", count(e.n(record.Copies)), count(frames))}
	switch {
	case s > duplicatedYes:
		r := measured(verdict.Yes, sign)
		r.Words = fmt.Sprintf("%s of the frames are copies of others. Volumes here count them once.", percent(s))
		r.Do = "Mirror each packet at one place only: sources in one direction, or ports instead of the VLAN and its ports."
		return r
	case s < duplicatedNo:
		r := measured(verdict.No, sign)
		r.Words = "Frames come once."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Needs = "more traffic: over 5 % says yes, under 3 % says no"
	return r
}

// truncatedRule recognises frames that were cut when they were captured.
func truncatedRule() Rule {
	return Rule{Code: verdict.FeedTruncated, Needs: record.CarriesFrames, Accepts: "truncated", Least: leastTruncated, Weigh: weighTruncated}
}

const (
	truncatedLeastPackets = 100
	truncatedYes          = 0.01
	truncatedNo           = 0.005
)

func leastTruncated(e *Evidence, _ string) Least {
	frames := e.readFrames()
	return least(fmt.Sprintf("%s of %d frames whose length can be read seen", count(frames), truncatedLeastPackets), frames, truncatedLeastPackets)
}

// readFrames counts the frames of which more than the link layer was understood: only they tell how long they should be.
func (e *Evidence) readFrames() float64 { return max(0, e.n(record.Frames)-e.foreignFrames()) }

// foreignFrames counts the frames of which nothing beyond the link layer was understood (reasons of decode).
func (e *Evidence) foreignFrames() float64 {
	var n float64
	for _, reason := range []string{"unknown_link", "unknown_ether_type", "bad_ip_version", "bad_ip_header", "bad_ip_length", "bad_arp"} {
		n += float64(e.Whole.Undecodable[reason])
	}
	return n
}

func weighTruncated(e *Evidence, _ string) Ruling {
	frames := e.readFrames()
	s := share(e.n(record.Truncated), frames)
	sign := verdict.Sign{Sign: "frames that end before their own headers say", Value: fmt.Sprintf("%s of %s", count(e.n(record.Truncated)), count(frames))}
	switch {
	case s > truncatedYes:
		r := measured(verdict.Yes, sign)
		r.Words = "Packets are cut when they are captured: names and contents are lost."
		r.Do = "Capture whole packets (snapshot length 262144, or 0), or let the agreement accept it: accepts: [truncated]."
		return r
	case s < truncatedNo:
		r := measured(verdict.No, sign)
		r.Words = "Packets are whole."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Needs = "more traffic: over 1 % says yes, under 0.5 % says no"
	return r
}
