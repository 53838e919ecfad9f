package detect

import (
	"candor/internal/record"
)

// join keeps what messages said until their connection is told of, by uid, in two halves that take turns: bounded, and the
// last maxJoined/2 connections at least are known. A message whose half was dropped is missed, which costs evidence only.
type join struct {
	seed hashSeed
	said hashed[*said] // by the hash of a uid
}

const maxJoined = 1 << 17

type said struct {
	name, domain    string
	ja4, agent      string
	tls, selfSigned bool
	certFrom        record.Time
}

func newJoin() join { return join{newSeed(), newHashed[*said]()} }

func (j *join) at(uid record.UID) *said {
	id := j.seed.text(string(uid))
	m, s := j.said.find(id)
	if m == j.said.young {
		return s
	}
	if s == nil {
		s = &said{}
	}
	if j.said.n[j.said.young] >= maxJoined/2 {
		j.said.turn()
	}
	j.said.put(id, j.said.young, s)
	return s
}

func (j *join) tls(n *Net, t *record.TLS) {
	if t.UID == "" {
		return
	}
	s := j.at(t.UID)
	s.tls = true
	if t.ServerName != "" {
		s.name, s.domain = n.Intern(t.ServerName), n.Domain(t.ServerName)
	}
	if t.JA4 != "" {
		s.ja4 = n.Intern(t.JA4)
	}
	s.selfSigned = t.Subject != "" && t.Subject == t.Issuer
	s.certFrom = t.NotBefore
}

func (j *join) http(n *Net, h *record.HTTP) {
	if h.UID == "" {
		return
	}
	s := j.at(h.UID)
	if s.name == "" && h.Host != "" {
		s.name, s.domain = n.Intern(h.Host), n.Domain(h.Host)
	}
	if s.agent == "" {
		s.agent = n.Intern(h.UserAgent)
	}
}

func (j *join) of(uid string) (*said, bool) {
	_, s := j.said.find(j.seed.text(uid))
	return s, s != nil
}
