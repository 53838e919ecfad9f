package detect

import (
	"strings"

	"candor/internal/record"
)

// log takes a line of a log over. The words of actions and results are those of ingest/syslog; CEF and LEEF have their
// makers' own, of which the usual ones are known.
func (d *SignIns) log(n *Net, l *record.Log) {
	if l.Action == "" || l.Result == "" || strings.HasSuffix(l.User, "$") { // $: a machine's own account
		return
	}
	lockout := l.Action == "lockout"
	if !lockout && !signsIn(l.Action) {
		return
	}
	d.now = max(d.now, l.TS)
	place, source := Inside, l.Host
	if l.Src.IsValid() {
		place, source = n.Place(l.Src), l.Src.String()
	}
	key := signKey{by: signBySource, who: l.Src}
	if !l.Src.IsValid() {
		key.text = l.Host
	}
	if lockout {
		if g := d.at(key, source, place, false); g != nil {
			g.lockouts++
		}
		return
	}
	switch outcome(l.Result) {
	case granted:
		d.logGranted(key, l, source)
	case refused:
		d.logFailed(key, l, source, place)
	}
}

func (d *SignIns) logFailed(key signKey, l *record.Log, source string, place Place) {
	form := logForm(l.Message)
	target := l.Host
	if l.Dst.IsValid() {
		target = l.Dst.String()
	}
	g := d.at(key, source, place, true)
	if g.lead(form) {
		g.failed(l.TS, l.User, target, 0)
		if l.User != "" && l.Src.IsValid() {
			d.at(signKey{by: signByAccount, text: l.User}, source, place, true).failed(l.TS, l.User, source, 0)
		}
		if place == Outside && l.Host != "" {
			d.at(signKey{by: signByHost, text: l.Host}, source, place, true).failed(l.TS, l.User, source, 0)
		}
	}
}

// lead counts a line of a form, and reports whether it tells of a try that no other line told of.
func (g *guesser) lead(form int) bool {
	g.forms[form]++
	return g.forms[form] > g.attempts
}

func (d *SignIns) logGranted(key signKey, l *record.Log, source string) {
	used := !d.regulars.add(mix(textHash(source)*3 + textHash(l.User)))
	if g := d.at(key, source, Inside, false); g != nil {
		g.grantedTo(l.TS, l.User, l.Host, used)
	}
	if l.User != "" && l.Src.IsValid() {
		if g := d.at(signKey{by: signByAccount, text: l.User}, source, Inside, false); g != nil {
			g.grantedTo(l.TS, l.User, source, used)
		}
	}
	if l.Host != "" {
		if g := d.at(signKey{by: signByHost, text: l.Host}, source, Inside, false); g != nil {
			g.grantedTo(l.TS, l.User, source, used)
		}
	}
}

// logForm tells apart the lines that sshd and PAM write of one try.
func logForm(message string) int {
	switch {
	case strings.HasPrefix(message, "Invalid user"):
		return 1
	case strings.HasPrefix(message, "pam_"):
		return 2
	}
	return 0
}

// signsIn reports whether an action is a sign-in.
func signsIn(action string) bool {
	switch action {
	case "login", "ticket":
		return true
	case "logout", "elevate", "connect":
		return false
	}
	if len(action) > 64 {
		return false
	}
	a := strings.ToLower(action)
	for _, word := range [...]string{"login", "logon", "log on", "log in", "sign-in", "sign in", "signin", "authentication"} {
		if strings.Contains(a, word) {
			return true
		}
	}
	return false
}

type outcomeOf uint8

const (
	unknownOutcome outcomeOf = iota
	granted
	refused
)

func outcome(result string) outcomeOf {
	switch result {
	case "success":
		return granted
	case "failure":
		return refused
	case "allowed", "blocked":
		return unknownOutcome
	}
	if len(result) > 64 {
		return unknownOutcome
	}
	r := strings.ToLower(result)
	switch {
	case strings.Contains(r, "fail"), strings.Contains(r, "denied"), strings.Contains(r, "invalid"), strings.Contains(r, "reject"):
		return refused
	case strings.HasPrefix(r, "succe"), r == "ok":
		return granted
	}
	return unknownOutcome
}

// request takes an answer of a web server over: 401, and 403 to what was posted, refuse. Sign-ins in several steps (NTLM, Kerberos) are refused
// first each time: what then goes on, in whatever way it ends, was let in.
func (d *SignIns) request(n *Net, h *record.HTTP) {
	refusal := h.StatusCode == 401 || h.StatusCode == 403 && h.Method == "POST"
	if !refusal && d.http == 0 {
		return
	}
	key := signKey{by: signByHTTP, who: h.OrigH, to: h.RespH, port: h.RespP}
	if !refusal {
		if g := d.guessers.get(key); g != nil && (!g.hot || h.StatusCode >= 200 && h.StatusCode < 400) {
			g.grantedTo(h.TS, "", h.RespH.String(), false)
		}
		return
	}
	d.now = max(d.now, h.TS)
	d.http++
	g := d.at(key, h.OrigH.String(), n.Place(h.OrigH), true)
	g.failed(h.TS, "", h.RespH.String(), 0)
	g.show(string(h.UID), h.RespP)
}
