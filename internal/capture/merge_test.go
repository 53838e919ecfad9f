package capture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/capture"
)

// merged gives "file:data" of each frame of several files.
func merged(t testing.TB, files ...*build) []string {
	t.Helper()
	opened := make([]*capture.File, len(files))
	for i, b := range files {
		var err error
		if opened[i], err = capture.NewReader(fmt.Sprint(i), bytes.NewReader(b.Bytes()), -1); err != nil {
			t.Fatal(err)
		}
	}
	m := capture.NewMerge(opened...)
	var got []string
	for _, f := range drain(t, m) {
		got = append(got, fmt.Sprintf("%d:%s", f.File, f.Data))
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return got
}

func file() *build { return little().pcap(nano, 0, 1) }

func TestMerge(t *testing.T) {
	tests := map[string]struct {
		files []*build
		want  []string
	}{
		"no file":         {nil, nil},
		"one":             {[]*build{file().record(1, 0, "a")}, []string{"0:a"}},
		"rotated":         {[]*build{file().record(1, 0, "a").record(2, 0, "b"), file().record(3, 0, "c")}, []string{"0:a", "0:b", "1:c"}},
		"rotated, mixed":  {[]*build{file().record(3, 0, "c"), file().record(1, 0, "a").record(2, 0, "b")}, []string{"1:a", "1:b", "0:c"}},
		"two taps":        {[]*build{file().record(1, 0, "a").record(3, 0, "c"), file().record(2, 0, "b").record(4, 0, "d")}, []string{"0:a", "1:b", "0:c", "1:d"}},
		"ties":            {[]*build{file().record(1, 0, "a").record(1, 0, "b"), file().record(1, 0, "c"), file().record(1, 0, "d")}, []string{"0:a", "0:b", "1:c", "2:d"}},
		"time goes back":  {[]*build{file().record(5, 0, "a").record(1, 0, "b").record(7, 0, "c"), file().record(4, 0, "d").record(6, 0, "e")}, []string{"1:d", "0:a", "0:b", "1:e", "0:c"}},
		"an empty one":    {[]*build{file(), file().record(1, 0, "a"), file()}, []string{"1:a"}},
		"a damaged one":   {[]*build{file().record(1, 0, "a").u32(2, 0), file().record(2, 0, "b")}, []string{"0:a", "1:b"}},
		"another format":  {[]*build{file().record(2, 0, "b"), big().section().iface(1, 0).enhanced(0, 1_000000, "a").enhanced(0, 3_000000, "c")}, []string{"1:a", "0:b", "1:c"}},
		"more than three": {[]*build{file().record(5, 0, "e"), file().record(4, 0, "d"), file().record(3, 0, "c"), file().record(2, 0, "b"), file().record(1, 0, "a")}, []string{"4:a", "3:b", "2:c", "1:d", "0:e"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, merged(t, test.files...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMergeUndoesSplit: frames dealt to k files, one after the other or at
// random, come back in their order.
func TestMergeUndoesSplit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		k := rapid.IntRange(1, 7).Draw(rt, "k")
		steps := rapid.SliceOfN(rapid.Uint32Range(1, 3), 0, 60).Draw(rt, "steps")
		roundRobin := rapid.Bool().Draw(rt, "round robin")
		files := make([]*build, k)
		for i := range files {
			files[i] = file()
		}
		var want []string
		var now uint32
		for i, step := range steps {
			now += step
			to := i % k
			if !roundRobin {
				to = rapid.IntRange(0, k-1).Draw(rt, "to")
			}
			files[to].record(0, now, fmt.Sprint(i))
			want = append(want, fmt.Sprintf("%d:%d", to, i))
		}
		if diff := cmp.Diff(want, merged(t, files...)); diff != "" {
			rt.Error(diff)
		}
	})
}

// TestMergeIsStableSort: with ordered files and many ties, a merge is the
// stable sort of one file after the other.
func TestMergeIsStableSort(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type item struct {
			time uint32
			text string
		}
		var all []item
		var files []*build
		for k := range rapid.IntRange(1, 5).Draw(rt, "k") {
			b := file()
			var now uint32
			for i, step := range rapid.SliceOfN(rapid.Uint32Range(0, 1), 0, 20).Draw(rt, "steps") {
				now += step
				b.record(0, now, fmt.Sprint(i))
				all = append(all, item{now, fmt.Sprintf("%d:%d", k, i)})
			}
			files = append(files, b)
		}
		sort.SliceStable(all, func(i, j int) bool { return all[i].time < all[j].time })
		var want []string
		for _, i := range all {
			want = append(want, i.text)
		}
		if diff := cmp.Diff(want, merged(t, files...), cmpopts.EquateEmpty()); diff != "" {
			rt.Error(diff)
		}
	})
}

func TestMergePassesContextOn(t *testing.T) {
	reason := errors.New("the user has left")
	ctx, cancel := context.WithCancelCause(context.Background())
	content := file().record(1, 0, "a").Bytes()
	// The second read comes only after the first frames.
	late := io.MultiReader(bytes.NewReader(content), readFunc(func([]byte) (int, error) {
		cancel(reason)
		return 0, nil
	}))
	f, err := capture.Open(ctx, "-", late)
	if err != nil {
		t.Fatal(err)
	}
	m := capture.NewMerge(f)
	var frame capture.Frame
	for err == nil {
		err = m.Next(&frame)
	}
	if again := m.Next(&frame); !errors.Is(err, reason) || again != err {
		t.Errorf("error is %v, then %v", err, again)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
