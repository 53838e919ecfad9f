package answer

import (
	"time"

	"candor/internal/verdict"
)

// History is how long a question must look before a "no" can mean anything; 0: there is no such time (a beacon's depends on
// its power, and is judged where that is known).
func History(q verdict.Question) time.Duration {
	switch q {
	case verdict.Exfiltration:
		return 72 * time.Hour // against the host's own past
	case verdict.LongConnections, verdict.LateralMovement:
		return time.Hour
	case verdict.DNSTunnel, verdict.DGA, verdict.Scanning, verdict.SignInAttacks:
		return 10 * time.Minute
	case verdict.Beaconing, verdict.Botnet, verdict.KnownBad:
	}
	return 0
}
