package coverage

import (
	"fmt"
	"time"

	"candor/internal/verdict"
)

// skewRule recognises that two witnesses of the same connections do not agree on the time. Which of the two clocks is wrong
// cannot be told from them, so both are named. With one witness there is nothing to hold its clock against.
func skewRule() Rule {
	return Rule{Code: verdict.ClockSkew, Subjects: comparedClocks, Least: leastSkew, Weigh: weighSkew}
}

// comparedClocks lists the feeds that stand beside the first; only the sensor itself when there is no other.
func comparedClocks(_ *Terms, e *Evidence) []string {
	out := []string{}
	for i := range e.Clocks {
		out = append(out, string(e.Clocks[i].Feed))
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

func leastSkew(e *Evidence, subject string) Least {
	c := e.clock(subject)
	switch {
	case c == nil && subject == "":
		return least("no second clock to hold it against: one witness alone cannot show that its clock is wrong; logs of the same traffic beside the packets would", 0, 1)
	case c == nil:
		return least(fmt.Sprintf("no connection in this time that a second witness reports as well; %d are needed", skewLeastConns), 0, 1)
	case c.Log && len(c.Apart) == 0:
		return least(fmt.Sprintf("no line of %s names both ends of a connection that %s reports exactly once; %d such are needed", c.Feed, feedWords(c.Beside), skewLeastConns), 0, 1)
	}
	n := float64(len(c.Apart))
	return least(fmt.Sprintf("%s connections that both %s and %s report exactly once; %d are needed", count(n), feedWords(c.Feed), feedWords(c.Beside), skewLeastConns), n, skewLeastConns)
}

func weighSkew(e *Evidence, subject string) Ruling {
	c, limit := e.clock(subject), e.Terms.skewMax()
	apart, same := c.median(max(limit/2, 500*time.Millisecond))
	if c.Log {
		apart, same = c.median(logDelay)
	}
	off := apart.Abs()
	sign := verdict.Sign{
		Sign:  fmt.Sprintf("time by %s less time by %s, the middle of the connections that both report", feedWords(c.Feed), feedWords(c.Beside)),
		Value: fmt.Sprintf("%s (%s connections)", apartWords(apart), count(float64(len(c.Apart)))),
	}
	allowed := limit
	if c.Log && apart > 0 {
		allowed += logDelay
	}
	switch {
	case same < skewSame:
		r := measured(verdict.CannotSay, sign)
		r.Words = fmt.Sprintf("The times of %s and %s differ, and by a different amount each time: no clock explains that.", feedWords(c.Feed), feedWords(c.Beside))
		r.Needs = fmt.Sprintf("differences that agree: %s of them lie around the middle, two thirds should", percent(same))
		return r
	case off > allowed:
		r := measured(verdict.Yes, sign)
		r.Words = fmt.Sprintf("The clocks behind %s and %s are %s apart: %s. Which of the two is wrong cannot be told from here, and the order of what they report cannot be trusted.",
			feedWords(c.Feed), feedWords(c.Beside), apartSpan(off), laterWords(c, apart))
		r.Do = "Set both machines by one time source, and look which of them was wrong."
		if zoneLike(apart) {
			r.Words += " It is a whole number of half hours: rather a time zone than a clock."
			r.Do = "See in which time zone each of the two writes its times, then set both by one time source."
		}
		return r
	case float64(off) <= skewWellBelow*float64(limit):
		r := measured(verdict.No, sign)
		r.Words = fmt.Sprintf("The clocks behind %s and %s agree.", feedWords(c.Feed), feedWords(c.Beside))
		return r
	case off > limit:
		r := measured(verdict.CannotSay, sign)
		r.Words = fmt.Sprintf("Lines of %s come %s after the connections that they name: that may be when they are written, or a clock.", c.Feed, apartSpan(off))
		r.Needs = "a log that is written when a connection begins"
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Words = fmt.Sprintf("The clocks behind %s and %s are %s apart, close to the %s that are allowed.", feedWords(c.Feed), feedWords(c.Beside), apartSpan(off), apartSpan(limit))
	r.Needs = "more than the limit says yes, half of it no"
	return r
}

// laterWords says whose times are the later ones.
func laterWords(c *Clock, apart time.Duration) string {
	if apart > 0 {
		return "the times of " + feedWords(c.Feed) + " are the later ones"
	}
	return "the times of " + feedWords(c.Beside) + " are the later ones"
}

// apartWords is a difference with its sign: +3,600 s, -0.04 s.
func apartWords(d time.Duration) string {
	if d < 0 {
		return "-" + apartSpan(-d)
	}
	return "+" + apartSpan(d)
}

// apartSpan is the size of a difference, in seconds below two minutes.
func apartSpan(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.01:
		return "under 0.01 s"
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	}
	return spanWords(d)
}
