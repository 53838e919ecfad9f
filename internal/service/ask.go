package service

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"candor/internal/agreement"
	"candor/internal/answer"
	"candor/internal/coverage"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Asking is one question on its way: understood, then held against what was observed.
type Asking struct {
	terms      *coverage.Terms
	understood *answer.Understood
	zone       *time.Location
	seen       *answer.Seen
	peers      *answer.Seen   // of a lookup: ties a name at the other end to addresses
	lookup     *answer.Lookup // nil for a question of the catalogue
}

// Ask understands a question in free wording. Without an agreement a is nil. The error says why it was not understood.
func Ask(question string, a *agreement.Agreement, terms *coverage.Terms) (*Asking, error) {
	u, err := answer.Understand(question, namesOf(a, terms))
	if err != nil {
		return nil, err
	}
	x := &Asking{terms: terms, understood: u, zone: time.UTC, seen: answer.NewSeen(terms, &u.Subject)}
	if a != nil {
		x.zone = a.Location()
	}
	if u.Lookup != "" {
		x.lookup = answer.NewLookup(u, &terms.Scope, x.zone)
		x.peers = answer.NewSeen(terms, &u.Peer)
	}
	return x, nil
}

// namesOf are the names that a question may use: segments, and the machines that the agreement names.
func namesOf(a *agreement.Agreement, terms *coverage.Terms) *answer.Names {
	n := &answer.Names{Scope: &terms.Scope, Hosts: map[string][]netip.Addr{}}
	if a != nil {
		for i := range a.Watched.Critical {
			h := &a.Watched.Critical[i]
			id := strings.ToLower(h.ID)
			n.Hosts[id] = append(n.Hosts[id], h.Address.Unmap())
		}
	}
	return n
}

// Understood is how the question was read.
func (x *Asking) Understood() *answer.Understood { return x.understood }

// IsLookup reports whether rows are asked for, and no verdict.
func (x *Asking) IsLookup() bool { return x.lookup != nil }

// Zone is where times are shown.
func (x *Asking) Zone() *time.Location { return x.zone }

// Observe folds records and sight that may concern the question.
func (x *Asking) Observe(b *record.Batch) {
	x.seen.Observe(b)
	if x.lookup != nil {
		x.peers.Observe(b)
		x.lookup.Observe(b)
	}
}

// Asked is an answer with how the question was understood: what `candor ask --json` prints. Answer and findings are as in
// candor/check/v1.
type Asked struct {
	Understood Understood        `json:"understood"`
	Answer     verdict.Answer    `json:"answer"`
	Findings   []verdict.Finding `json:"findings"`
}

// Understood is how a question was understood, for programs. Times are empty where none was named.
type Understood struct {
	Asked       string           `json:"asked"`
	Words       string           `json:"words"`
	Question    verdict.Question `json:"question"`
	Lookup      string           `json:"lookup"`
	Subject     string           `json:"subject"`
	SubjectKind string           `json:"subject_kind"`
	Peer        string           `json:"peer"`
	PeerKind    string           `json:"peer_kind"`
	From        string           `json:"from"`
	To          string           `json:"to"`
	When        string           `json:"when"` // the time asked about, in words
	Matched     []string         `json:"matched"`
	Ignored     []string         `json:"ignored"`
	Notes       []string         `json:"notes"`
}

// Answer makes the answer to a question of the catalogue.
func (x *Asking) Answer(r *judge.Result) *Asked {
	v := &answer.View{
		Terms: x.terms, Findings: r.Findings, Defects: r.Defects, Segments: r.Segments, Seen: x.seen, Window: windowOf(r),
		Named: !x.understood.When.All(), Power: r.Power[x.understood.Question],
	}
	when := ""
	if !v.Window.Zero() {
		v.Span, when = x.understood.When.Resolve(v.Window, x.zone)
	}
	var whole verdict.Answer
	for i := range r.Answers {
		if r.Answers[i].Question == x.understood.Question {
			whole = r.Answers[i]
		}
	}
	got, findings := answer.Narrow(whole, x.understood, v)
	return &Asked{Understood: x.said(v.Span, when), Answer: got, Findings: findings}
}

func windowOf(r *judge.Result) record.Span {
	if r.Window == nil {
		return record.Span{}
	}
	from, err1 := time.Parse(time.RFC3339Nano, r.Window.First)
	to, err2 := time.Parse(time.RFC3339Nano, r.Window.Last)
	if err1 != nil || err2 != nil {
		return record.Span{}
	}
	return record.Span{From: record.TimeOf(from), To: record.TimeOf(to)}
}

func (x *Asking) said(span record.Span, when string) Understood {
	u := x.understood
	out := Understood{
		Asked: u.Asked, Words: u.Words(), Question: u.Question, Lookup: u.Lookup, Subject: u.Subject.Text, SubjectKind: string(u.Subject.Kind),
		Peer: u.Peer.Text, PeerKind: string(u.Peer.Kind), Matched: notNil(u.Matched), Ignored: notNil(u.Ignored), Notes: notNil(u.Notes),
	}
	if !u.When.All() {
		out.When = when
		if !span.Zero() {
			out.From, out.To = span.From.Text(), span.To.Text()
		}
	}
	return out
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Found is the rows of a lookup with how it was understood. It never says that they are all.
type Found struct {
	Understood Understood
	Rows       []answer.Row
	Others     []answer.Other // the other ends, the busiest first
	Left       uint64         // rows that no longer fitted
	Notes      []string       // what a reader of the rows must know
	Spots      []verdict.Defect
	Blind      bool // there is no row, and part of what was asked about was not in sight
}

// Found gives the rows of a lookup.
func (x *Asking) Found(r *judge.Result) *Found {
	f := x.lookup.Found()
	spots := withoutLookups(f.Blind(x.understood, &x.terms.Scope, r.Defects), x.understood, r)
	return &Found{
		Understood: x.said(f.Span, f.When), Rows: f.Rows, Others: f.Others, Left: f.Left, Notes: notNil(lookupNotes(f)), Spots: spots,
		Blind: len(f.Rows) == 0 && (len(spots) > 0 || r.Window == nil),
	}
}

// withoutLookups adds that no rule was asked whether lookups are in sight, where a name is looked for and there are none.
func withoutLookups(spots []verdict.Defect, u *answer.Understood, r *judge.Result) []verdict.Defect {
	name := verdict.Name(verdict.KindMissing, string(record.KindDNS))
	if u.Peer.Kind != answer.SubjectName || slices.ContainsFunc(spots, func(d verdict.Defect) bool { return d.Name() == name }) {
		return spots
	}
	for i := range r.Answers {
		if a := &r.Answers[i]; a.Question == verdict.DNSTunnel && slices.Contains(a.BlindSpots, name) {
			return append(spots, verdict.Defect{Code: verdict.KindMissing, Subject: string(record.KindDNS), Needs: "no lookup was seen, and nobody promised any"})
		}
	}
	return spots
}
