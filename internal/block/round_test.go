package block

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"candor/internal/record"
)

func TestEveryFieldComesBack(t *testing.T) {
	want := full(t, 3)
	b := sealTo(t, newDir(t), 9, want)
	if err := b.Verify(testPub()); err != nil {
		t.Fatal(err)
	}
	want.ID = record.BatchID{Sensor: "hq-core", Epoch: 3, Sequence: 9}
	if d := diff(want, batchOf(t, b)); d != "" {
		t.Error(d)
	}
	m := &b.Manifest
	if m.Tenant != "bank" || m.Scope != (Scope{"bank-2026", 4}) || m.Previous != hashOf([]byte("before")) || m.Sealed == 0 || len(m.Files) != 8 {
		t.Errorf("manifest %+v", m)
	}
}

func TestAnyBatchComesBack(t *testing.T) {
	base, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		want := drawBatch(t)
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		b := sealTo(t, dir, 1, want)
		got := batchOf(t, b)
		want.ID = got.ID
		if d := diff(want, got); d != "" {
			t.Fatal(d)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRowGroups(t *testing.T) { // pages and row groups end within a batch
	want := &record.Batch{Feed: "packets"}
	base := full(t, 2)
	for i := range 2*rowsPerGroup/64 + 7 {
		c := base.Conns[i%2]
		c.TS, c.UID = record.Time(i), record.UID(fmt.Sprintf("C%07d", i))
		if i%1000 == 0 {
			c.Service = "\xff" + fmt.Sprint(i)
		}
		d := base.DNS[i%2]
		d.Answers = slices.Repeat([]string{fmt.Sprintf("answer-%d", i)}, i%40)
		for range 64 {
			want.Conns = append(want.Conns, c)
		}
		want.DNS = append(want.DNS, d)
	}
	b := sealTo(t, newDir(t), 1, want)
	got := batchOf(t, b)
	if len(got.Conns) != len(want.Conns) {
		t.Fatalf("%d rows", len(got.Conns))
	}
	want.ID = got.ID
	for i := range want.Conns { // a diff of so many would take minutes
		if d := diffConn(&want.Conns[i], &got.Conns[i]); d != "" {
			t.Fatalf("row %d: %s", i, d)
		}
	}
	got.Conns, want.Conns = nil, nil
	if d := diff(want, got); d != "" {
		t.Error(d)
	}
}

func diffConn(a, b *record.Conn) string {
	if fmt.Sprint(a) == fmt.Sprint(b) {
		return ""
	}
	return fmt.Sprintf("%+v\n%+v", a, b)
}

func TestEmptyBatch(t *testing.T) {
	b := sealTo(t, newDir(t), 1, &record.Batch{Feed: "packets"})
	got := batchOf(t, b)
	if d := diff(&record.Batch{Feed: "packets", ID: got.ID}, got); d != "" {
		t.Error(d)
	}
	entries, err := os.ReadDir(b.Dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

func TestCompactGivesBatchesBack(t *testing.T) {
	base, n := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		dir := filepath.Join(base, fmt.Sprint(n))
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		var blocks []*Block
		var want []*record.Batch
		joined := &record.Batch{Feed: "packets"}
		for i := range rapid.IntRange(1, 4).Draw(t, "blocks") {
			b := drawBatch(t)
			b.Feed = "packets"
			blocks = append(blocks, sealTo(t, filepath.Join(dir, fmt.Sprint(i)), uint64(i+1), b))
			b.ID = record.BatchID{Sensor: "hq-core", Epoch: 3, Sequence: uint64(i + 1)}
			want = append(want, b)
			Join(joined, b)
		}
		if len(blocks) > 2 { // a compacted block may be compacted again
			blocks = []*Block{compacted(t, filepath.Join(dir, "first"), blocks[:2]), compacted(t, filepath.Join(dir, "rest"), blocks[2:])}
		}
		all := compacted(t, filepath.Join(dir, "all"), blocks)
		i := 0
		for got, err := range all.Batches() {
			if err != nil {
				t.Fatal(err)
			}
			if d := diff(want[i], got); d != "" {
				t.Fatalf("batch %d: %s", i, d)
			}
			i++
		}
		if i != len(want) {
			t.Fatalf("%d batches, not %d", i, len(want))
		}
		got := batchOf(t, all)
		joined.ID = got.ID
		tidyNil(joined)
		if d := diff(joined, got); d != "" {
			t.Fatal(d)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	})
}

func tidyNil(b *record.Batch) {
	b.Marks, b.Inputs, b.Blind = none(b.Marks), none(b.Inputs), none(b.Blind)
}

func compacted(t failer, dir string, blocks []*Block) *Block {
	t.Helper()
	h := head(blocks[0].Manifest.Sequence)
	if _, err := compact(quick{}, dir, h, blocks, testKey()); err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(testPub()); err != nil {
		t.Fatal(err)
	}
	return b
}
