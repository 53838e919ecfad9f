// Package timing decides whether the starts of a key's connections are periodic, and says how surely.
//
// A key is whatever its caller groups connections by (one source to one address, say). Its starts become wake-ups at
// three idle gaps; the intervals between wake-ups are weighed under two hypotheses: R, any mixture of "wait at least so
// long, then memoryless", fitted to the key itself, and a beat, whose sleep is shortened by up to the share w and whose
// sightings may be missed. The score S is the logarithm (natural) of their ratio after everything the search tried was
// paid for; from S = 5 on a key is periodic. Periodic is not malicious: who calls, and whether that is harmless, is
// judged elsewhere.
//
// Here: the score of a list of starts (Scorer), the state of a key that costs 100 to 200 bytes (Key), growing
// schedules, and what would have been found (Power, Found). Not here: keys, hosts, names, context, findings; this
// package knows only times.
//
// Start at Scorer.Starts for the method on all stamps, at Key for the state a detector keeps. The method: grid.go has
// the hypotheses, fit.go the null, search.go the beats.
package timing
