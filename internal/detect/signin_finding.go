package detect

import (
	"fmt"

	"candor/internal/verdict"
)

// idKey is the part of a finding's identity beside its source.
func (g *guesser) idKey() string {
	return fmt.Sprint(g.key.by, "/", g.key.text, "/", g.key.to, "/", g.key.port)
}

// finding tells an attack. Its source is the guessing address; of many, the first one seen.
func (g *guesser) finding() verdict.Finding {
	f := blank("sign_in_attack", g.source, g.idKey(), g.first, g.last)
	f.Ports = append(f.Ports, g.ports...)
	f.UIDs = append(f.UIDs, g.uids...)
	many := g.key.by == signByAccount || g.key.by == signByHost
	sources := 1
	switch {
	case many:
		sources = g.peers.count()
		if g.key.by == signByHost {
			f.Destinations = []string{g.key.text}
		}
	default:
		f.Destinations = append(f.Destinations, g.peerNames...)
	}
	users := g.users.count()
	way := g.way(users)
	f.Evidence = map[string]any{
		"attempts": g.attempts, "users": users, "succeeded": g.succeeded, "way": way, "sources": sources,
		"seen_in": g.seenIn(), "lockouts": g.lockouts, "seconds": (g.last - g.first).Seconds(),
	}
	if len(g.names) > 0 {
		f.Evidence["sample"] = g.names
	}
	if many {
		f.Evidence["sample_sources"] = g.peerNames
	}
	f.Attack = []string{"T1110.001"}
	if way == "spraying" {
		f.Attack = []string{"T1110.003"}
		if users >= 20 && float64(g.attempts) < 1.5*float64(users) {
			f.Attack = append(f.Attack, "T1110.004")
		}
	}
	f.Severity, f.Confidence = g.weight()
	f.Words = g.words(users, sources)
	f.ExplainedBy = g.explained(users)
	return f
}

func (g *guesser) way(users int) string {
	if g.spraying && (users >= 5 || g.key.by == signByHost) {
		return "spraying"
	}
	return "guessing"
}

func (g *guesser) seenIn() string {
	switch g.key.by {
	case signByConn:
		return "the pattern of connections"
	case signByHTTP:
		return "http"
	}
	return "logs"
}

// weight gives severity and confidence. What only the pattern of connections shows is less sure, also that it worked.
func (g *guesser) weight() (string, float64) {
	sure := 0.7
	switch g.key.by {
	case signByConn:
		sure = 0.5
		if crowded(g.key.port) {
			sure = 0.3
		}
	case signByHTTP:
		sure = 0.6
	}
	sure = min(sure+0.002*float64(g.attempts), sure+0.2)
	switch {
	case g.succeeded && g.key.by != signByConn && g.key.by != signByHTTP:
		return "critical", min(sure+0.05, 0.95)
	case g.succeeded:
		return "high", sure
	case g.place == Outside:
		return "low", sure
	}
	return "medium", sure
}

func (g *guesser) words(users, sources int) string {
	what := fmt.Sprintf("%s failed to sign in %d times", g.source, g.attempts)
	switch {
	case g.key.by == signByAccount:
		what = fmt.Sprintf("%d addresses, %s first, failed %d times to sign in as %s", sources, g.source, g.attempts, g.key.text)
	case g.key.by == signByHost:
		what = fmt.Sprintf("%d addresses, %s first, failed %d times to sign in to %s as %d accounts", sources, g.source, g.attempts, g.key.text, users)
	case g.key.by == signByConn:
		what = fmt.Sprintf("%s opened %d short connections of a refused sign-in's size to port %d", g.source, g.attempts, g.ports[0])
	case g.key.by == signByHTTP:
		what = fmt.Sprintf("%s was refused %d times by the web server %s", g.source, g.attempts, g.key.to)
	case users > 1:
		what = fmt.Sprintf("%s failed to sign in %d times, as %d accounts", g.source, g.attempts, users)
	}
	switch {
	case g.succeeded && g.won != "":
		return what + ", and then signed in as " + g.won + "."
	case g.succeeded:
		return what + ", and then was let in, as it seems."
	}
	return what + "."
}

// explained names the ordinary reason, where there is one that the evidence shows.
func (g *guesser) explained(users int) string {
	logs := g.key.by == signBySource && users == 1
	if g.place != Outside && (logs || g.key.by == signByHTTP) && g.gap.even() && !g.succeeded {
		return "a program that signs in again and again with an old password: one account, at an even pace"
	}
	return ""
}
