package detect

import (
	"fmt"
	"strings"

	"candor/internal/detect/timing"
)

// BeaconPower says in words which beacons would have been found with 95 % probability in so many hours of seeing a machine,
// while a share of its connections was lost; a "no" covers only those. enough is false when that is less than a beacon of a
// minute whose sleep is shortened by a fifth: nothing worth the word "no" would have been found.
func BeaconPower(hours, lost float64) (words string, enough bool) {
	s := timing.State(hours, 0, lost)
	var parts []string
	say := func(seconds float64, how string) {
		if seconds >= 1 {
			parts = append(parts, fmt.Sprintf("%s %s", span(seconds), how))
		}
	}
	say(s.Regular, "when regular")
	say(s.Fifth, "when shortened by up to a fifth")
	say(s.Half, "by up to half")
	say(s.Any, "by nearly all")
	if len(parts) == 0 {
		return "", false
	}
	return fmt.Sprintf("beacons with a sleep of up to %s, of machines that were on all the time, and not those that hide among programs that many machines here use", strings.Join(parts, ", ")), s.Fifth >= 60
}
