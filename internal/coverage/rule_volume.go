package coverage

import (
	"fmt"
	"time"

	"candor/internal/record"
	"candor/internal/verdict"
)

// volumeRule recognises that far less traffic passes than was promised.
func volumeRule() Rule {
	return Rule{Code: verdict.VolumeLow, Needs: record.CarriesVolume, Reach: volumeLeastWork, Least: leastVolume, Weigh: weighVolume}
}

const (
	volumeLeastWork = 4 * time.Hour
	volumeYes       = 0.50 // of the promised floor, scaled to the time
	volumeNo        = 0.75
)

func leastVolume(e *Evidence, _ string) Least {
	if e.Terms.Agreement == nil || e.Terms.Agreement.ExpectedVolume(e.Seen).Words == "" {
		return least("the agreement promises no volume", 0, 1)
	}
	work := e.Terms.Work(e.Seen)
	return least(fmt.Sprintf("%s of working time seen; 4 h are needed", spanWords(work)), work.Hours(), volumeLeastWork.Hours())
}

func weighVolume(e *Evidence, _ string) Ruling {
	due := e.Terms.Agreement.ExpectedVolume(e.Seen).Events
	seen := e.n(record.Bytes)
	sign := verdict.Sign{Sign: "volume by IP headers, copies counted once, of the promised floor scaled to the time", Value: fmt.Sprintf("%s of %s", bytesWord(seen), bytesWord(due))}
	switch s := share(seen, due); {
	case s < volumeYes:
		r := measured(verdict.Yes, sign)
		r.Words = fmt.Sprintf("%s seen, and %s were promised for this time.", bytesWord(seen), bytesWord(due))
		r.Do = e.Terms.mirrorAdvice()
		return r
	case s >= volumeNo:
		r := measured(verdict.No, sign)
		r.Words = "About as much traffic passes as was promised."
		return r
	}
	r := measured(verdict.CannotSay, sign)
	r.Needs = "under half of the floor says yes, three quarters say no"
	return r
}

// bytesWord writes a volume as people do: 2.9 GB. One GB is 1e9 bytes, as in the agreement.
func bytesWord(b float64) string {
	switch {
	case b >= 1e9:
		return fmt.Sprintf("%.1f GB", b/1e9)
	case b >= 1e6:
		return fmt.Sprintf("%.1f MB", b/1e6)
	case b >= 1e3:
		return fmt.Sprintf("%.1f kB", b/1e3)
	}
	return fmt.Sprintf("%.0f bytes", b)
}
