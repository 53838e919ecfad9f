// Package storetest is the contract that every engine behind a store must keep: what the hub, service and api rely on, without a word about how it is
// kept. store.Store is the first engine; a cluster of another kind passes the same tests or is none.
//
// Here: the interface and its tests. Not here: tests of one engine's files, crashes and queries; they lie beside it.
//
// Start at Run.
package storetest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"candor/internal/block"
	"candor/internal/record"
	"candor/internal/store"
)

// Engine is what a store does for the hub.
type Engine interface {
	Incoming(record.Tenant) (string, error)
	Put(context.Context, record.Tenant, *block.Block) (duplicate bool, err error)
	After(context.Context, record.Tenant, record.Sensor, store.Cursor, int) ([]store.Meta, error)
	Load(context.Context, store.Meta) ([]*record.Batch, error)
	Holes(context.Context, record.Tenant, record.Sensor) ([]store.Hole, error)
	Missing(context.Context, record.Tenant, record.Span) ([]record.Blind, error)
	PutSnapshot(context.Context, record.Tenant, record.Sensor, store.Cursor, string, io.Reader) error
	Snapshots(context.Context, record.Tenant, record.Sensor, store.Cursor) ([]store.Snapshot, error)
	OpenSnapshot(store.Snapshot) (io.Reader, error)
	Records(context.Context, record.Tenant, store.Filter) (store.Page, error)
	Retain(context.Context, record.Tenant, store.Policy, time.Time) (store.Retention, error)
}

var _ Engine = (*store.Store)(nil)

// Noon is the time of the first packets in these tests; an engine's clock shows about that.
func Noon() record.Time { return record.TimeOf(time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)) }

// Run runs the contract. open gives a new, empty engine, and closes it when its test ends; it skips nothing.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, e Engine){
		"what is put is loaded":           loaded,
		"once is enough":                  once,
		"one identity, one block":         conflict,
		"any order, one fold":             order,
		"a hole is known until filled":    holes,
		"tenants do not meet":             tenants,
		"records are those that were put": records,
		"pages make the whole":            pages,
		"an open connection comes whole":  whole,
		"what was dropped is told":        dropped,
		"a snapshot is what was kept":     snapshots,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
}

// Batch is a small batch, different for every sequence.
func Batch(sensor record.Sensor, sequence uint64) *record.Batch {
	from := Noon() + record.Time(sequence)*record.Time(time.Second)
	b := &record.Batch{
		ID: record.BatchID{Sensor: sensor, Epoch: 1, Sequence: sequence}, Feed: "eth1", Span: record.Span{From: from, To: from + record.Time(time.Second)},
	}
	for i := range 3 {
		b.Conns = append(b.Conns, record.Conn{
			TS: from + record.Time(i), UID: record.UID(fmt.Sprintf("C%s%d-%d", sensor, sequence, i)), Feed: "eth1", Proto: 6, RespP: 443, State: "SF",
			OrigH: netip.AddrFrom4([4]byte{10, 0, byte(sequence), byte(i)}), RespH: netip.AddrFrom4([4]byte{192, 0, 2, 1}), OrigBytes: 10, Final: true,
		})
	}
	return b
}

// put seals a batch and puts it.
func put(t *testing.T, e Engine, tenant record.Tenant, b *record.Batch) (bool, error) {
	t.Helper()
	dir, err := e.Incoming(tenant)
	if err != nil {
		t.Fatal(err)
	}
	h := block.Head{Tenant: tenant, Sensor: b.ID.Sensor, Epoch: b.ID.Epoch, Sequence: b.ID.Sequence, Sealed: b.Span.To}
	if _, err := block.Seal(dir, h, b, key()); err != nil {
		t.Fatal(err)
	}
	got, err := block.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return e.Put(t.Context(), tenant, got)
}

func mustPut(t *testing.T, e Engine, tenant record.Tenant, b *record.Batch) {
	t.Helper()
	if dup, err := put(t, e, tenant, b); dup || err != nil {
		t.Fatalf("put %v: duplicate %v, %v", b.ID, dup, err)
	}
}

// fold loads everything behind a cursor, a few at a time.
func fold(t *testing.T, e Engine, tenant record.Tenant, sensor record.Sensor, c store.Cursor) []*record.Batch {
	t.Helper()
	var out []*record.Batch
	for {
		list, err := e.After(t.Context(), tenant, sensor, c, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return out
		}
		for _, m := range list {
			batches, err := e.Load(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, batches...)
			c = m.Cursor()
		}
	}
}

func loaded(t *testing.T, e Engine) {
	want := []*record.Batch{Batch("hq", 1), Batch("hq", 2), Batch("hq", 3)}
	for _, b := range want {
		mustPut(t, e, "bank", b)
	}
	if got := fold(t, e, "bank", "hq", store.Cursor{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := fold(t, e, "bank", "hq", store.Cursor{Epoch: 1, Sequence: 2}); !reflect.DeepEqual(got, want[2:]) {
		t.Errorf("behind 2: %+v", got)
	}
}

func once(t *testing.T, e Engine) {
	mustPut(t, e, "bank", Batch("hq", 1))
	for range 3 {
		if dup, err := put(t, e, "bank", Batch("hq", 1)); !dup || err != nil {
			t.Errorf("again: duplicate %v, %v", dup, err)
		}
	}
	if got := fold(t, e, "bank", "hq", store.Cursor{}); len(got) != 1 {
		t.Errorf("%d batches", len(got))
	}
}

func conflict(t *testing.T, e Engine) {
	mustPut(t, e, "bank", Batch("hq", 1))
	other := Batch("hq", 1)
	other.Conns[0].OrigBytes++
	if dup, err := put(t, e, "bank", other); dup || !errors.Is(err, store.ErrConflict) {
		t.Errorf("another one: duplicate %v, %v", dup, err)
	}
	if got := fold(t, e, "bank", "hq", store.Cursor{}); len(got) != 1 || !reflect.DeepEqual(got[0], Batch("hq", 1)) {
		t.Errorf("stored: %+v", got)
	}
	if blind, err := e.Missing(t.Context(), "bank", record.Span{}); err != nil || len(blind) != 1 {
		t.Errorf("missing: %+v, %v", blind, err)
	}
}

func order(t *testing.T, e Engine) {
	for _, n := range []uint64{4, 1, 3, 5, 2} {
		mustPut(t, e, "bank", Batch("hq", n))
	}
	var got []uint64
	for _, b := range fold(t, e, "bank", "hq", store.Cursor{}) {
		got = append(got, b.ID.Sequence)
	}
	if !slices.Equal(got, []uint64{1, 2, 3, 4, 5}) {
		t.Errorf("folded as %v", got)
	}
}

func holes(t *testing.T, e Engine) {
	mustPut(t, e, "bank", Batch("hq", 1))
	mustPut(t, e, "bank", Batch("hq", 4))
	list, err := e.Holes(t.Context(), "bank", "hq")
	if err != nil || len(list) != 1 || list[0].First != 2 || list[0].Last != 3 {
		t.Errorf("holes: %+v, %v", list, err)
	}
	if blind, err := e.Missing(t.Context(), "bank", record.Span{}); err != nil || len(blind) != 1 || blind[0].Cause != record.BlindHole || blind[0].Count != 2 {
		t.Errorf("missing: %+v, %v", blind, err)
	}
	mustPut(t, e, "bank", Batch("hq", 3))
	mustPut(t, e, "bank", Batch("hq", 2))
	if list, err := e.Holes(t.Context(), "bank", "hq"); err != nil || len(list) != 0 {
		t.Errorf("filled: %+v, %v", list, err)
	}
}

func tenants(t *testing.T, e Engine) {
	mustPut(t, e, "bank", Batch("hq", 1))
	mustPut(t, e, "shop", Batch("hq", 7))
	if got := fold(t, e, "shop", "hq", store.Cursor{}); len(got) != 1 || got[0].ID.Sequence != 7 {
		t.Errorf("shop has %+v", got)
	}
	p, err := e.Records(t.Context(), "shop", store.Filter{Addr: netip.MustParsePrefix("10.0.1.0/24")})
	if err != nil || len(p.Rows.Order) != 0 {
		t.Errorf("shop finds %d of the bank's records, %v", len(p.Rows.Order), err)
	}
	if blind, err := e.Missing(t.Context(), "bank", record.Span{}); err != nil || len(blind) != 0 {
		t.Errorf("the bank misses %+v, %v", blind, err)
	}
	b := Batch("hq", 2)
	dir, err := e.Incoming("bank")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := block.Seal(dir, block.Head{Tenant: "shop", Sensor: "hq", Epoch: 1, Sequence: 2}, b, key()); err != nil {
		t.Fatal(err)
	}
	x, err := block.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Put(t.Context(), "bank", x); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("the shop's block for the bank: %v", err)
	}
}

func records(t *testing.T, e Engine) {
	for n := range uint64(3) {
		mustPut(t, e, "bank", Batch("hq", n+1))
	}
	p, err := e.Records(t.Context(), "bank", store.Filter{Addr: netip.MustParsePrefix("10.0.2.1/32")})
	if err != nil || !reflect.DeepEqual(p.Rows.Conns, Batch("hq", 2).Conns[1:2]) || len(p.Missing) != 0 || p.Looked.Rows == 0 {
		t.Errorf("got %+v, %v", p, err)
	}
	mustPut(t, e, "bank", Batch("hq", 5))
	if p, err := e.Records(t.Context(), "bank", store.Filter{}); err != nil || len(p.Missing) != 1 {
		t.Errorf("over a hole: missing %+v, %v", p.Missing, err)
	}
}

func pages(t *testing.T, e Engine) {
	for n := range uint64(4) {
		mustPut(t, e, "bank", Batch("hq", n+1))
	}
	for _, newest := range []bool{false, true} {
		all, err := e.Records(t.Context(), "bank", store.Filter{Newest: newest})
		if err != nil || len(all.Rows.Conns) != 12 {
			t.Fatalf("%d records, %v", len(all.Rows.Conns), err)
		}
		var got []record.Conn
		f := store.Filter{Newest: newest, Limit: 5}
		for range 4 {
			p, err := e.Records(t.Context(), "bank", f)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p.Rows.Conns...)
			if f.Cursor = p.Next; p.Next == "" {
				break
			}
		}
		if f.Cursor != "" || !reflect.DeepEqual(got, all.Rows.Conns) {
			t.Errorf("newest %v: %d records in pages, %d as a whole", newest, len(got), len(all.Rows.Conns))
		}
	}
}

func whole(t *testing.T, e Engine) {
	first, last := Batch("hq", 1), Batch("hq", 2)
	c := first.Conns[0]
	c.UID, c.Final, c.OrigBytes, c.State = "Clong", false, 5, "S1"
	first.Conns = append(first.Conns, c)
	c.Final, c.Report, c.OrigBytes, c.State = true, 1, 7, "SF"
	last.Conns = append(last.Conns, c)
	mustPut(t, e, "bank", first)
	mustPut(t, e, "bank", last)
	p, err := e.Records(t.Context(), "bank", store.Filter{UID: "Clong"})
	if err != nil || len(p.Rows.Conns) != 1 || p.Rows.Conns[0].OrigBytes != 12 || p.Rows.Conns[0].State != "SF" {
		t.Errorf("got %+v, %v", p.Rows.Conns, err)
	}
	p, err = e.Records(t.Context(), "bank", store.Filter{UID: "Clong", Reports: true})
	if err != nil || len(p.Rows.Conns) != 2 {
		t.Errorf("reports: %+v, %v", p.Rows.Conns, err)
	}
}

func dropped(t *testing.T, e Engine) {
	mustPut(t, e, "bank", Batch("hq", 1))
	policy, day := store.Policy{Days: 1}, Noon().Std().Truncate(24*time.Hour)
	soon, err := e.Retain(t.Context(), "bank", policy, day.Add(36*time.Hour))
	if err != nil || len(soon.Dropped) != 0 || len(soon.Soon) != 1 {
		t.Fatalf("a day before: %+v, %v", soon, err)
	}
	done, err := e.Retain(t.Context(), "bank", policy, day.Add(72*time.Hour))
	if err != nil || len(done.Dropped) != 1 || done.Dropped[0].Rows != 3 {
		t.Fatalf("in time: %+v, %v", done, err)
	}
	p, err := e.Records(t.Context(), "bank", store.Filter{})
	if err != nil || len(p.Rows.Order) != 0 || len(p.Missing) != 1 || p.Missing[0].Cause != record.BlindMissing || p.Missing[0].Count != 3 {
		t.Errorf("afterwards: %+v, %v", p, err)
	}
	if dup, err := put(t, e, "bank", Batch("hq", 1)); !dup || err != nil {
		t.Errorf("sent again: duplicate %v, %v", dup, err)
	}
}

func snapshots(t *testing.T, e Engine) {
	for n := range uint64(3) {
		err := e.PutSnapshot(t.Context(), "bank", "hq", store.Cursor{Epoch: 1, Sequence: n + 1}, "v", strings.NewReader(strings.Repeat("s", int(n)+1)))
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := e.Snapshots(t.Context(), "bank", "hq", store.Cursor{Epoch: 1, Sequence: 2})
	if err != nil || len(list) != 2 || list[0].At.Sequence != 2 || list[0].Version != "v" {
		t.Fatalf("snapshots: %+v, %v", list, err)
	}
	r, err := e.OpenSnapshot(list[0])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "ss" {
		t.Errorf("read %q, %v", got, err)
	}
}
