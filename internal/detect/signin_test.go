package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"candor/internal/record"
)

// login adds a line of a log.
func (l *lab) login(at record.Time, src, user, result string) *record.Log {
	x := record.Log{TS: labStart + at, Feed: "auth", Format: "syslog", Host: "web1", User: user, Action: "login", Result: result, Message: "Failed password for " + user}
	if src != "" {
		x.Src = netip.MustParseAddr(src)
	}
	l.logs = append(l.logs, x)
	return &l.logs[len(l.logs)-1]
}

// answer adds an answer of a web server.
func (l *lab) answer(at record.Time, src string, method string, status int) {
	l.uid++
	l.http = append(l.http, record.HTTP{
		Ends:   record.Ends{TS: labStart + at, UID: record.UID(fmt.Sprint("H", l.uid)), OrigH: netip.MustParseAddr(src), RespH: addr("10.0.9.1"), OrigP: 40000, RespP: 80, Proto: 6},
		Method: method, StatusCode: status,
	})
}

// TestSignIns: guessing and spraying are found in logs, requests and connections; forgetful people and honest programs are not.
func TestSignIns(t *testing.T) {
	const far, near = "198.51.100.7", "10.0.0.5"
	for _, tt := range []struct {
		name      string
		do        func(l *lab)
		open, all int
		way       string
		attempts  uint64
		users     int
		succeeded bool
		source    string
	}{
		{"one source guesses one password after the other", func(l *lab) {
			for i := range 60 {
				l.login(record.Time(i)*3*second1, far, "root", "failure")
			}
		}, 1, 1, "guessing", 60, 1, false, far},
		{"and gets in", func(l *lab) {
			for i := range 60 {
				l.login(record.Time(i)*3*second1, near, "root", "failure")
			}
			l.login(200*second1, near, "root", "success")
		}, 1, 1, "guessing", 60, 1, true, near},
		{"each try writes three lines", func(l *lab) {
			for i := range 60 {
				at := record.Time(i) * 3 * second1
				l.login(at, far, "bob", "failure").Message = "Invalid user bob from 198.51.100.7"
				l.login(at, far, "bob", "failure").Message = "pam_unix(sshd:auth): authentication failure;"
				l.login(at, far, "bob", "failure")
			}
		}, 1, 1, "guessing", 60, 1, false, far},
		{"slowly, over a day", func(l *lab) {
			for i := range 60 {
				l.login(record.Time(i)*20*minute+record.Time(i%7)*minute, far, "root", "failure")
			}
		}, 1, 1, "guessing", 60, 1, false, far},
		{"spraying", func(l *lab) {
			for i := range 40 {
				l.login(record.Time(i)*minute, near, fmt.Sprint("user", i), "failure")
			}
		}, 1, 1, "spraying", 40, 40, false, near},
		{"somebody else at the machine signs in later", func(l *lab) {
			l.login(0, near, "gina", "success")
			for i := range 60 {
				l.login(record.Hour+record.Time(i)*3*second1, near, "root", "failure")
			}
			l.login(3*record.Hour, near, "gina", "failure")
			l.login(3*record.Hour+5*second1, near, "gina", "success")
			l.login(4*record.Hour, near, "newcomer", "success")
		}, 1, 1, "guessing", 61, 2, false, near},
		{"spraying, slowly, and one works", func(l *lab) {
			for i := range 40 {
				l.login(record.Time(i)*30*minute, near, fmt.Sprint("user", i), "failure")
			}
			l.login(21*record.Hour, near, "user39", "success")
		}, 1, 1, "spraying", 40, 40, true, near},
		{"one account from many places", func(l *lab) {
			for i := range 60 {
				l.login(record.Time(i)*10*minute, fmt.Sprintf("198.51.100.%d", i%20+1), "boss", "failure")
			}
		}, 1, 1, "guessing", 60, 1, false, "198.51.100.1"},
		{"a forgotten password", func(l *lab) {
			for i := range 6 {
				l.login(record.Time(i)*10*second1, near, "alice", "failure")
			}
			l.login(80*second1, near, "alice", "success")
		}, 0, 0, "", 0, 0, false, ""},
		{"many people behind one address, some mistype", func(l *lab) {
			for i := range 400 {
				result := "success"
				if i%8 == 0 {
					result = "failure"
				}
				l.login(record.Time(i)*20*second1, near, fmt.Sprint("user", i%90), result)
			}
		}, 0, 0, "", 0, 0, false, ""},
		{"a program with an old password", func(l *lab) {
			for i := range 200 {
				l.login(record.Time(i)*2*minute, near, "backup", "failure")
			}
		}, 0, 1, "guessing", 200, 1, false, near},
		{"machines' own accounts, sudo, sessions that end", func(l *lab) {
			for i := range 100 {
				l.login(record.Time(i)*second1, near, "PC5$", "failure")
				l.login(record.Time(i)*second1, near, "alice", "failure").Action = "elevate"
				l.login(record.Time(i)*second1, near, "alice", "success").Action = "logout"
			}
		}, 0, 0, "", 0, 0, false, ""},
		{"a maker's own words", func(l *lab) {
			for i := range 30 {
				x := l.login(record.Time(i)*second1, far, "admin", "Authentication Failed")
				x.Action, x.Format = "User Logon", "cef"
			}
		}, 1, 1, "guessing", 30, 1, false, far},
		{"a web server refuses and refuses", func(l *lab) {
			for i := range 80 {
				l.answer(record.Time(i)*second1, near, "GET", 401)
			}
			l.answer(90*second1, near, "GET", 200)
		}, 1, 1, "guessing", 80, 0, true, near},
		{"sign-ins in two steps", func(l *lab) {
			for i := range 200 {
				l.answer(record.Time(i)*second1, near, "GET", 401)
				l.answer(record.Time(i)*second1, near, "GET", []int{200, 0, 500}[i%3])
			}
		}, 0, 0, "", 0, 0, false, ""},
		{"SSH, connections alike", func(l *lab) {
			for i := range 60 {
				l.conn(record.Time(i)*2*second1, addr(near), addr("10.0.9.1"), 6, 22, "SF", 1744, 1839)
			}
			l.conn(200*second1, addr(near), addr("10.0.9.1"), 6, 22, "SF", 9000, 40_000)
		}, 1, 1, "guessing", 60, 0, true, near},
		{"SSH on a port of its own", func(l *lab) {
			for i := range 60 {
				l.conn(record.Time(i)*2*second1, addr(far), addr("10.0.9.1"), 6, 2222, "SF", 1744, 1839).Service = "ssh"
			}
		}, 1, 1, "guessing", 60, 0, false, far},
		{"RDP", func(l *lab) {
			for i := range 60 {
				l.conn(record.Time(i)*2*second1, addr(far), addr("10.0.9.1"), 6, 3389, "RSTR", 1200, 1900)
			}
		}, 1, 1, "guessing", 60, 0, false, far},
		{"machines are set up by SSH", func(l *lab) {
			for i := range 300 {
				l.conn(record.Time(i)*second1, addr(near), addr("10.0.9.%d", i%60+1), 6, 22, "SF", uint64(4000+i*97%9000), uint64(5000+i*31%30_000))
			}
		}, 0, 0, "", 0, 0, false, ""},
		{"a monitor looks whether SSH is there", func(l *lab) {
			for i := range 300 {
				l.conn(record.Time(i)*10*second1, addr(near), addr("10.0.9.1"), 6, 22, "SF", 25, 41)
			}
		}, 0, 0, "", 0, 0, false, ""},
		{"mail is fetched each minute", func(l *lab) {
			for i := range 600 {
				l.conn(record.Time(i)*minute, addr(near), addr("10.0.9.1"), 6, 110, "SF", 60, 140)
			}
		}, 0, 0, "", 0, 0, false, ""},
		{"programs open a database", func(l *lab) {
			for i := range 600 {
				l.conn(record.Time(i)*second1, addr(near), addr("10.0.9.1"), 6, 3306, "SF", 300, 900)
			}
		}, 0, 0, "", 0, 0, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &lab{t: t}
			tt.do(l)
			got := l.run(NewSignIns())
			if open(got) != tt.open || len(got) != tt.all {
				t.Errorf("%d open findings of %d, want %d of %d", open(got), len(got), tt.open, tt.all)
			}
			right := tt.all == 0
			for i := range got {
				f := &got[i]
				t.Log(shownAs(f))
				right = right || f.Source == tt.source && f.Evidence["way"] == tt.way && f.Evidence["attempts"] == tt.attempts && f.Evidence["users"] == tt.users && f.Evidence["succeeded"] == tt.succeeded
			}
			if !right {
				t.Errorf("none is %s by %s, %d attempts, %d users, succeeded %v", tt.way, tt.source, tt.attempts, tt.users, tt.succeeded)
			}
		})
	}
}

// TestSignInsSpread: many machines outside, each with a few tries, at one of ours are one finding.
func TestSignInsSpread(t *testing.T) {
	l := &lab{t: t}
	for i := range 80 {
		l.login(record.Time(i)*20*second1, fmt.Sprintf("198.51.%d.7", i), fmt.Sprint("user", i%30), "failure")
	}
	got := l.run(NewSignIns())
	if len(got) != 1 || got[0].Evidence["way"] != "spraying" || !slices.Equal(got[0].Destinations, []string{"web1"}) || got[0].Evidence["sources"].(int) < 70 {
		t.Errorf("%+v", got)
	}
}

// TestSignInFlood: names and addresses without number take bounded room, and forgetting is counted.
func TestSignInFlood(t *testing.T) {
	d := NewSignIns()
	net := newNet(assumed())
	logs := make([]record.Log, 1000)
	for i := uint32(0); i < 200_000; i += 1000 {
		for j := range logs {
			k := i + uint32(j)
			logs[j] = record.Log{TS: labStart + record.Time(k)*1e6, Host: "web1", User: fmt.Sprint("u", k/3), Src: addr4(198, k/3), Action: "login", Result: "failure"}
		}
		d.Observe(&Slice{Net: net, Logs: logs})
	}
	if n := len(d.guessers.young) + len(d.guessers.old); n > maxGuessers || d.Lost() == 0 {
		t.Errorf("%d kept, %d lost", n, d.Lost())
	}
}

// BenchmarkSignIns is the common case.
func BenchmarkSignIns(b *testing.B) { benchDetector(b, NewSignIns()) }
