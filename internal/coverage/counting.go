package coverage

import (
	"fmt"
	"strconv"
	"time"
)

// sendingCards counts the cards that sent frames.
func (e *Evidence) sendingCards() int {
	n := 0
	for i := range e.Whole.Cards {
		if e.Whole.Cards[i].Sent > 0 {
			n++
		}
	}
	return n
}

// directHosts counts machines of every named segment that were seen directly, at least.
func (e *Evidence) directHosts() int {
	n := 0
	for _, c := range e.census().counts {
		n += c.Least
	}
	return n
}

// directCards counts machines that a card of their own ties.
func (e *Evidence) directCards() int {
	n := 0
	for i := range e.Machines() {
		if m := &e.Machines()[i]; m.Direct && m.Tied {
			n++
		}
	}
	return n
}

// count writes a whole number with thousands separated: 4,118,204.
func count(n float64) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func percent(f float64) string {
	switch p := 100 * f; {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "under 0.1 %"
	case p < 10:
		return fmt.Sprintf("%.1f %%", p)
	default:
		return fmt.Sprintf("%.0f %%", p)
	}
}

// span writes a duration in words that people use: 43 s, 12 min, 3.5 h, 2 days.
func spanWords(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case d < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

func hostsWord(n int) string {
	if n == 1 {
		return "1 host"
	}
	return count(float64(n)) + " hosts"
}

// HostTotals counts machines of every named segment, directly (at least) and in passing.
func (e *Evidence) HostTotals() (direct, inPassing int) {
	for _, c := range e.census().counts {
		direct += c.Least
		inPassing += c.InPassing
	}
	return direct, inPassing
}

// Cards counts the cards that sent frames; 0 when the input carries no link layer.
func (e *Evidence) Cards() int { return e.sendingCards() }
