package store

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"candor/internal/record"
)

// Records gives the records that a filter asks for, in the order of time, page by page. A connection that was reported several times while it
// was open comes once: its reports are joined, wherever they are stored.
func (s *Store) Records(ctx context.Context, tenant record.Tenant, f Filter) (Page, error) {
	var p Page
	f, at, err := f.checked()
	if err != nil {
		return p, fmt.Errorf("records: %w", err)
	}
	done := s.leases.take()
	defer done()
	span := record.Span{From: f.From, To: f.To}
	if at != nil && f.Newest {
		f.To = min(f.To, min(at.At, math.MaxInt64-1)+1)
	} else if at != nil {
		f.From = max(f.From, at.At)
	}
	list, err := s.candidates(ctx, tenant, &f)
	if err != nil {
		return p, fmt.Errorf("records: %w", err)
	}
	r := reading{s: s, f: &f, at: at}
	for _, sl := range cut(&f, list) {
		if err := r.slice(ctx, &sl, &p); err != nil {
			return p, fmt.Errorf("records: %w", err)
		}
		if p.Next != "" {
			break
		}
	}
	p.Looked = looked(&f, list, r.seen)
	p.Missing, err = s.Missing(ctx, tenant, span)
	return p, err
}

func looked(f *Filter, list []*folder, seen map[int64]bool) Looked {
	var l Looked
	for _, c := range list {
		if !seen[c.id] || c.bad.Load() {
			continue
		}
		l.Blocks += c.sources
		for _, k := range f.Kinds {
			l.Rows += c.rows[k]
		}
	}
	return l
}

// reading fills one page.
type reading struct {
	s    *Store
	f    *Filter
	at   *place // where the page before ended
	seen map[int64]bool
	last record.Time
	told map[record.Kind]int // records given of the moment last
}

// found are the records of one kind in one slice.
type found interface {
	len() int
	at(i int) record.Time
	give(p *Page, i int)
}

// slice asks for the records of a slice and gives them to the page until that is full.
func (r *reading) slice(ctx context.Context, sl *slice, p *Page) error {
	if r.seen == nil {
		r.seen, r.told = map[int64]bool{}, map[record.Kind]int{}
		if r.at != nil {
			r.last = r.at.At
			for k, n := range r.at.Skip {
				r.told[k] = n
			}
		}
	}
	need := r.f.Limit - len(p.Rows.Order)
	all := make([]found, len(r.f.Kinds))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(r.s.cfg.Query.Workers)
	for i, k := range r.f.Kinds {
		g.Go(func() (err error) {
			all[i], err = r.kind(gctx, sl, k, need+1+r.skip(k))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for _, c := range sl.folders {
		r.seen[c.id] = true
	}
	r.merge(all, p)
	return nil
}

// skip is how many records of a kind the page before gave of its last moment.
func (r *reading) skip(k record.Kind) int {
	if r.at == nil {
		return 0
	}
	return r.at.Skip[k]
}

// merge gives the records of all kinds in their common order; one more than fits makes a cursor.
func (r *reading) merge(all []found, p *Page) {
	type unit struct {
		kind, index int
		at          record.Time
	}
	var units []unit
	for i, f := range all {
		if f == nil {
			continue
		}
		skip := r.skip(r.f.Kinds[i])
		for j := range f.len() {
			if at := f.at(j); skip > 0 && at == r.at.At {
				skip--
			} else {
				units = append(units, unit{i, j, at})
			}
		}
	}
	slices.SortStableFunc(units, func(a, b unit) int {
		if r.f.Newest {
			a, b = b, a
		}
		return compareTimes(a.at, b.at)
	})
	for _, u := range units {
		if len(p.Rows.Order) == r.f.Limit {
			p.Next = place{At: r.last, Skip: r.told, Newest: r.f.Newest}.text()
			return
		}
		if u.at != r.last {
			r.last, r.told = u.at, map[record.Kind]int{}
		}
		k := r.f.Kinds[u.kind]
		r.told[k]++
		p.Rows.Order = append(p.Rows.Order, k)
		all[u.kind].give(p, u.index)
	}
}

// kind asks for at most n records of a kind.
func (r *reading) kind(ctx context.Context, sl *slice, k record.Kind, n int) (found, error) {
	switch k {
	case record.KindConn:
		if !r.f.Reports {
			return r.conns(ctx, sl, n)
		}
		return ask(ctx, r, sl, k, n, connCells(), func(c *record.Conn) record.Time { return c.TS }, func(p *Rows) *[]record.Conn { return &p.Conns })
	case record.KindDNS:
		return ask(ctx, r, sl, k, n, dnsCells(), func(d *record.DNS) record.Time { return d.TS }, func(p *Rows) *[]record.DNS { return &p.DNS })
	case record.KindTLS:
		return ask(ctx, r, sl, k, n, tlsCells(), func(t *record.TLS) record.Time { return t.TS }, func(p *Rows) *[]record.TLS { return &p.TLS })
	case record.KindHTTP:
		return ask(ctx, r, sl, k, n, httpCells(), func(h *record.HTTP) record.Time { return h.TS }, func(p *Rows) *[]record.HTTP { return &p.HTTP })
	case record.KindDHCP:
		return ask(ctx, r, sl, k, n, dhcpCells(), func(d *record.DHCP) record.Time { return d.TS }, func(p *Rows) *[]record.DHCP { return &p.DHCP })
	case record.KindLog:
		return ask(ctx, r, sl, k, n, logCells(), func(l *record.Log) record.Time { return l.TS }, func(p *Rows) *[]record.Log { return &p.Logs })
	case record.KindAlert:
		return ask(ctx, r, sl, k, n, alertCells(), func(a *record.Alert) record.Time { return a.TS }, func(p *Rows) *[]record.Alert { return &p.Alerts })
	}
	return nil, fmt.Errorf("%w: kind %s", ErrInvalid, k)
}

// foundOf are found records of type T.
type foundOf[T any] struct {
	rows []T
	ts   func(*T) record.Time
	into func(*Rows) *[]T
}

func (f *foundOf[T]) len() int             { return len(f.rows) }
func (f *foundOf[T]) at(i int) record.Time { return f.ts(&f.rows[i]) }
func (f *foundOf[T]) give(p *Page, i int) {
	to := f.into(&p.Rows)
	*to = append(*to, f.rows[i])
}

func ask[T any](ctx context.Context, r *reading, sl *slice, k record.Kind, n int, cells []cell[T], ts func(*T) record.Time, into func(*Rows) *[]T) (found, error) {
	f := &foundOf[T]{ts: ts, into: into}
	same, some, ok := r.f.conditions(k)
	if !ok {
		return f, nil
	}
	same.between(sl.from, sl.to)
	text := "SELECT " + strings.Join(columns(cells), ", ") + " FROM read_parquet({files}) WHERE " + same.text() + " AND " + some.text() +
		" ORDER BY " + r.order(fieldsOf(k).tie) + " LIMIT " + strconv.Itoa(n)
	rows, err := r.s.query(ctx, sl.ofKind(k), k, text, append(same.args, some.args...))
	if err == nil {
		f.rows, err = decodeRows(cells, rows)
	}
	return f, err
}

// order is ts and what orders records of one moment, always the same way.
func (r *reading) order(tie string) string {
	if r.f.Newest {
		return "ts DESC, " + tie
	}
	return "ts, " + tie
}

// conns asks for connections, whole: first which, then all reports of those.
func (r *reading) conns(ctx context.Context, sl *slice, n int) (found, error) {
	f := &foundOf[record.Conn]{ts: func(c *record.Conn) record.Time { return c.TS }, into: func(p *Rows) *[]record.Conn { return &p.Conns }}
	same, some, ok := r.f.conditions(record.KindConn)
	if !ok {
		return f, nil
	}
	keys := where{terms: append(slices.Clone(same.terms), some.terms...), args: append(slices.Clone(same.args), some.args...)}
	keys.between(sl.from, sl.to)
	folders := sl.ofKind(record.KindConn)
	// A connection without uid cannot be told from another one: each row is one.
	rows, err := r.s.query(ctx, folders, record.KindConn, `SELECT epoch_ns(ts), uid,
		min(report) = 0 AND bool_or("final") AND count(*) = max(report) + 1, list(DISTINCT filename) FROM read_parquet({files}) WHERE `+keys.text()+
		" GROUP BY ts, uid ORDER BY "+r.order("uid")+" LIMIT "+strconv.Itoa(n), keys.args)
	if err != nil || len(rows) == 0 {
		return f, err
	}
	from, to := record.Time(math.MaxInt64), record.Time(math.MinInt64)
	order := map[connKey]int{}
	allIn := map[string]bool{} // the files that have every report of every connection; nil: it is not known
	marks := make([]string, len(rows))
	for i, row := range rows {
		t, err := toNumber[record.Time](row[0])
		if err != nil {
			return nil, err
		}
		uid, _ := row[1].(string)
		from, to = min(from, t), max(to, t)
		order[connKey{t, record.UID(uid)}] = i
		marks[i] = "?"
		same.args = append(same.args, word(uid))
		if complete, _ := row[2].(bool); !complete {
			allIn = nil
		}
		for _, path := range listOf(row[3]) {
			if allIn != nil {
				allIn[path] = true
			}
		}
	}
	if allIn != nil {
		folders = slices.DeleteFunc(folders, func(c *folder) bool { return !allIn[filepath.Join(c.path, kindFile(record.KindConn))] })
	}
	same.terms = append(same.terms, "uid IN ("+strings.Join(marks, ",")+")")
	same.between(from, min(to, math.MaxInt64-1)+1)
	cells := connCells()
	rows, err = r.s.query(ctx, folders, record.KindConn, "SELECT "+strings.Join(columns(cells), ", ")+" FROM read_parquet({files}) WHERE "+
		same.text()+" ORDER BY ts, uid, report", same.args)
	if err != nil {
		return nil, err
	}
	reports, err := decodeRows(cells, rows)
	if err != nil {
		return nil, err
	}
	f.rows = whole(reports, order)
	return f, nil
}

// listOf is a list of words as a query gives it.
func listOf(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, x := range list {
		s, _ := x.(string)
		out = append(out, s)
	}
	return out
}

type connKey struct {
	ts  record.Time
	uid record.UID
}

// whole joins the reports of each connection, in the order of the keys; reports of others are left out.
func whole(reports []record.Conn, order map[connKey]int) []record.Conn {
	type feedKey struct {
		connKey
		feed record.Feed
	}
	at := map[feedKey]int{}
	var out []record.Conn
	for i := range reports {
		c := &reports[i]
		key := connKey{c.TS, c.UID}
		if _, ok := order[key]; !ok {
			continue
		}
		j, known := at[feedKey{key, c.Feed}]
		switch {
		case !known || c.UID == "":
			at[feedKey{key, c.Feed}] = len(out)
			out = append(out, *c)
		case c.Report == out[j].Report: // the same report by a second sensor with a feed of this name: not twice
		default:
			out[j].Whole(c)
		}
	}
	slices.SortStableFunc(out, func(a, b record.Conn) int {
		return order[connKey{a.TS, a.UID}] - order[connKey{b.TS, b.UID}]
	})
	return out
}
