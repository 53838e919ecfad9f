package block_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"candor/internal/block"
	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
)

// TestJudgedFromBlocks: what is judged from blocks, from joined batches and from a compacted block, is what is judged from the batches
// as they were read.
func TestJudgedFromBlocks(t *testing.T) {
	labs := filepath.Join(cmp.Or(os.Getenv("CANDOR_SHARED"), filepath.Join("..", "..", "..", "shared")), "data", "labs")
	for _, name := range []string{"A-core.pcap.zst", "C-r2.pcap.zst", "E-v6.pcap.zst"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(labs, name)
			if _, err := os.Stat(path); err != nil {
				t.Skip("no captures of real networks here: set CANDOR_SHARED to the folder that holds them")
			}
			batches := read(t, path)
			want := result(t, batches)
			var blocks []*block.Block
			var back, joined []*record.Batch
			dir, rows, size := t.TempDir(), 0, int64(0)
			for i, b := range batches {
				at := len(joined) - 1
				if i%5 == 0 {
					joined = append(joined, &record.Batch{ID: b.ID, Feed: b.Feed})
					at++
				}
				block.Join(joined[at], b)
				sealed := seal(t, filepath.Join(dir, fmt.Sprint(i)), b)
				blocks = append(blocks, sealed)
				rows, size = rows+b.Rows(), size+sealed.Bytes
				got, err := sealed.Batch()
				if err != nil {
					t.Fatal(err)
				}
				if d := gocmp.Diff(b, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); d != "" {
					t.Fatal(d)
				}
				back = append(back, got)
			}
			compacted, err := block.Compact(filepath.Join(dir, "all"), headOf(batches[0]), blocks, key())
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d batches, %d rows, %d bytes; compacted %d", len(batches), rows, size, compacted.Bytes)
			for how, batches := range map[string][]*record.Batch{"blocks": back, "joined": joined, "compacted": unfolded(t, compacted.Dir)} {
				if d := gocmp.Diff(want, result(t, batches)); d != "" {
					t.Errorf("%s: the result differs\n%.4000s", how, d)
				}
			}
		})
	}
}

func key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
}

func headOf(b *record.Batch) block.Head {
	return block.Head{Sensor: b.ID.Sensor, Epoch: b.ID.Epoch, Sequence: b.ID.Sequence}
}

func seal(t *testing.T, dir string, b *record.Batch) *block.Block {
	t.Helper()
	if _, err := block.Seal(dir, headOf(b), b, key()); err != nil {
		t.Fatal(err)
	}
	out, err := block.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func unfolded(t *testing.T, dir string) []*record.Batch {
	t.Helper()
	b, err := block.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []*record.Batch
	for batch, err := range b.Batches() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, batch)
	}
	return out
}

func read(t *testing.T, path string) []*record.Batch {
	t.Helper()
	opts := source.Options{Scope: record.AssumedScope(), BatchFrames: 900, Flow: flow.DefaultConfig()}
	opts.Flow.Seed = 5
	src, err := source.Open(context.Background(), []string{path}, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var out []*record.Batch
	for {
		b, err := src.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
}

func result(t *testing.T, batches []*record.Batch) string {
	t.Helper()
	j, err := judge.New(judge.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		j.Observe(b)
	}
	out, err := json.MarshalIndent(j.At(judge.Moment{Ended: true}), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
