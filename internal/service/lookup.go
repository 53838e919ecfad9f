package service

import (
	"net/netip"
	"time"

	"candor/internal/answer"
	"candor/internal/record"
	"candor/internal/store"
)

// plan is what a lookup asks the store for: first the records that say who or what is meant, then those that follow from them.
type plan struct {
	understood *answer.Understood
	span       record.Span
	first      []store.Filter
}

// begunBefore is how long before the time asked about a connection may have begun that is still listed.
const begunBefore = record.Hour

// maxThen bounds the addresses of a name that are followed; the lookup counts those that do not fit.
const maxThen = 64

func planOf(u *answer.Understood, v *View, zone *time.Location) *plan {
	span, _ := u.When.Resolve(windowOf(v.Result), zone)
	p := &plan{understood: u, span: span}
	if u.Peer.Kind == answer.SubjectName {
		f := p.filter()
		f.Kinds, f.Name = []record.Kind{record.KindDNS, record.KindTLS, record.KindHTTP}, "*."+u.Peer.Text
		p.first = append(p.first, f)
		return p
	}
	for _, net := range p.nets(&v.Terms.Scope) {
		f := p.filter()
		f.Addr = net
		f.From -= begunBefore
		p.first = append(p.first, f)
	}
	return p
}

func (p *plan) filter() store.Filter {
	return store.Filter{From: p.span.From, To: p.span.To, Limit: store.MaxLimit}
}

// nets are the networks of the end that narrows most: the other end if it is named, else the subject.
func (p *plan) nets(scope *record.Scope) []netip.Prefix {
	of := &p.understood.Peer
	if of.Kind == answer.SubjectAll {
		of = &p.understood.Subject
	}
	switch of.Kind {
	case answer.SubjectAddress, answer.SubjectHost:
		var out []netip.Prefix
		for _, a := range of.Addrs {
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
		}
		return out
	case answer.SubjectNetwork:
		return []netip.Prefix{of.Net}
	case answer.SubjectSegment:
		if s := scope.Segment(record.SegmentID(of.Text)); s != nil {
			return s.Networks
		}
	}
	return nil
}

// then asks for the connections of the messages that said a name, and of the addresses that the name was answered with.
func (p *plan) then(b *record.Batch) []store.Filter {
	if p.understood.Peer.Kind != answer.SubjectName {
		return nil
	}
	var out []store.Filter
	seen := map[netip.Addr]bool{}
	add := func(a netip.Addr) {
		a = a.Unmap().WithZone("")
		if !a.IsValid() || seen[a] || len(seen) >= maxThen {
			return
		}
		seen[a] = true
		f := p.filter()
		f.Kinds, f.Resp = []record.Kind{record.KindConn}, netip.PrefixFrom(a, a.BitLen())
		f.From -= begunBefore
		out = append(out, f)
	}
	for i := range b.DNS {
		for _, text := range b.DNS[i].Answers {
			if a, err := netip.ParseAddr(text); err == nil {
				add(a)
			}
		}
	}
	for i := range b.TLS {
		add(b.TLS[i].RespH)
	}
	for i := range b.HTTP {
		add(b.HTTP[i].RespH)
	}
	return out
}
