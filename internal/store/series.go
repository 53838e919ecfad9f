package store

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"candor/internal/record"
)

// maxSteps bounds the points of a series for one kind.
const maxSteps = 10000

// Point counts the records of a kind that begin in one step of time. Connections count once, at their start; their bytes are those of all
// their reports, payload both ways.
type Point struct {
	At    record.Time
	Kind  record.Kind
	Count uint64
	Bytes uint64 // of connections
}

// Series is what a filter asks for, counted by steps of time; steps without records are left out.
type Series struct {
	Points  []Point // by time, then kind
	Looked  Looked
	Missing []record.Blind
}

// Series counts records by steps of time. The filter must have both ends of its time; order, limit and cursor mean nothing here.
func (s *Store) Series(ctx context.Context, tenant record.Tenant, f Filter, step time.Duration) (Series, error) {
	var out Series
	f, _, err := f.checked()
	if err != nil {
		return out, fmt.Errorf("series: %w", err)
	}
	if step < time.Second || f.To == math.MaxInt64 || f.To <= f.From || f.To-f.From < 0 || (f.To-f.From)/record.Time(step) > maxSteps {
		return out, fmt.Errorf("series: %w: from %d to %d by %s: give both ends, steps of a second or more, and at most %d of them",
			ErrInvalid, f.From, f.To, step, maxSteps)
	}
	done := s.leases.take()
	defer done()
	list, err := s.candidates(ctx, tenant, &f)
	if err != nil {
		return out, fmt.Errorf("series: %w", err)
	}
	all := newSlice(f.From, f.To, list)
	for _, k := range f.Kinds {
		w, ok := f.whole(k, all.from, all.to)
		if !ok {
			continue
		}
		text := "SELECT (epoch_ns(ts) - ?) // ?, " + counted(k) + " FROM read_parquet({files}) WHERE " + w.text() + " GROUP BY 1 ORDER BY 1"
		args := append([]arg{number(int64(f.From)), number(int64(step))}, w.args...)
		rows, err := s.query(ctx, all.ofKind(k), k, text, args)
		if err != nil {
			return out, fmt.Errorf("series: %w", err)
		}
		for _, row := range rows {
			p := Point{Kind: k}
			n, err := toNumber[record.Time](row[0])
			if err == nil {
				p.At = f.From + n*record.Time(step)
				p.Count, p.Bytes, err = toCounts(row[1:])
			}
			if err != nil {
				return out, fmt.Errorf("series: %w", err)
			}
			out.Points = append(out.Points, p)
		}
	}
	slices.SortStableFunc(out.Points, func(a, b Point) int { return compareTimes(a.At, b.At) })
	out.Looked = looked(&f, list, allSeen(all.folders))
	out.Missing, err = s.Missing(ctx, tenant, record.Span{From: f.From, To: f.To})
	return out, err
}

// Top is a value of a column and how much there is of it.
type Top struct {
	Value string
	Count uint64
	Bytes uint64 // of connections
}

// Tops are the most frequent values of a column.
type Tops struct {
	Values  []Top // by count, the highest first
	Looked  Looked
	Missing []record.Blind
}

// TopColumns lists the columns of a kind that Top counts.
func TopColumns(k record.Kind) []string {
	ends := []string{"feed", "id_orig_h", "id_resp_h", "id_resp_p", "ip_proto"}
	switch k {
	case record.KindConn:
		return append(ends, "service", "conn_state", "orig_host", "resp_host", "vlan")
	case record.KindDNS:
		return append(ends, "query", "qtype", "rcode", "variant")
	case record.KindTLS:
		return append(ends, "server_name", "version", "cipher", "issuer", "subject", "ja4", "next_protocol")
	case record.KindHTTP:
		return append(ends, "host", "method", "status_code", "user_agent", "resp_mime_type")
	case record.KindDHCP:
		return append(ends, "host_name", "domain", "server_addr", "assigned_addr")
	case record.KindLog:
		return []string{"feed", "format", "host", "user", "action", "result", "src", "dst"}
	case record.KindAlert:
		return append(ends, "by", "signature", "category", "severity")
	}
	return nil
}

// Top counts the values of a column (TopColumns) over the records of the one kind that the filter names. Limit bounds the values.
func (s *Store) Top(ctx context.Context, tenant record.Tenant, f Filter, column string) (Tops, error) {
	var out Tops
	f, _, err := f.checked()
	if err != nil {
		return out, fmt.Errorf("top: %w", err)
	}
	k := f.Kinds[0]
	if len(f.Kinds) != 1 || !slices.Contains(TopColumns(k), column) {
		return out, fmt.Errorf("top: %w: column %.40q: name one kind, and of it one of %s", ErrInvalid, column, strings.Join(TopColumns(k), ", "))
	}
	done := s.leases.take()
	defer done()
	list, err := s.candidates(ctx, tenant, &f)
	if err != nil {
		return out, fmt.Errorf("top: %w", err)
	}
	all := newSlice(f.From, f.To, list)
	if w, ok := f.whole(k, all.from, all.to); ok {
		address := strings.HasSuffix(column, "_h") || strings.HasSuffix(column, "_addr") || column == "src" || column == "dst"
		value := "CAST(" + quoted(column) + " AS VARCHAR)"
		if address {
			value = quoted(column)
		}
		rows, err := s.query(ctx, all.ofKind(k), k, "SELECT "+value+", "+counted(k)+" FROM read_parquet({files}) WHERE "+w.text()+
			" GROUP BY 1 ORDER BY 2 DESC, 3 DESC, 1 LIMIT "+strconv.Itoa(f.Limit), w.args)
		if err != nil {
			return out, fmt.Errorf("top: %w", err)
		}
		for _, row := range rows {
			t := Top{Value: valueText(row[0], address)}
			if t.Count, t.Bytes, err = toCounts(row[1:]); err != nil {
				return out, fmt.Errorf("top: %w", err)
			}
			out.Values = append(out.Values, t)
		}
	}
	out.Looked = looked(&f, list, allSeen(all.folders))
	out.Missing, err = s.Missing(ctx, tenant, record.Span{From: f.From, To: f.To})
	return out, err
}

// whole are all conditions of a filter for a kind.
func (f *Filter) whole(k record.Kind, from, to record.Time) (where, bool) {
	same, some, ok := f.conditions(k)
	w := where{terms: append(same.terms, some.terms...), args: append(same.args, some.args...)}
	w.between(from, to)
	return w, ok
}

// counted is how many records and bytes there are, in SQL. A connection counts with its first report.
func counted(k record.Kind) string {
	if k == record.KindConn {
		return "CAST(count(*) FILTER (report = 0) AS BIGINT), CAST(sum(orig_bytes + resp_bytes) AS UBIGINT)"
	}
	return "count(*), 0"
}

func toCounts(row []any) (count, bytes uint64, err error) {
	if count, err = toNumber[uint64](row[0]); err != nil {
		return 0, 0, err
	}
	bytes, err = toNumber[uint64](row[1])
	return count, bytes, err
}

// valueText is a value for people; an address comes as 16 bytes.
func valueText(v any, address bool) string {
	text, _ := v.(string)
	if b, err := base64.StdEncoding.DecodeString(text); address && err == nil && len(b) == 16 {
		return netip.AddrFrom16([16]byte(b)).Unmap().String()
	}
	return text
}

func compareTimes(a, b record.Time) int { return cmp.Compare(a, b) }

func allSeen(list []*folder) map[int64]bool {
	out := map[int64]bool{}
	for _, c := range list {
		out[c.id] = true
	}
	return out
}
