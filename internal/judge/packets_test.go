package judge_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"candor/internal/agreement"
	"candor/internal/capture"
	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
)

// pkt is a frame that tests alter and write again.
type pkt struct {
	ts   int64 // ns since 1970
	link uint16
	wire uint32
	data []byte
}

// load reads every frame of a capture.
func load(t testing.TB, path string) []pkt {
	t.Helper()
	f, err := capture.Open(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []pkt
	var fr capture.Frame
	for {
		err := f.Next(&fr)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pkt{fr.Time, fr.Link, fr.Wire, bytes.Clone(fr.Data)})
	}
}

// pcapng writes frames of any link types as one pcapng file with nanoseconds and without statistics. The second value gives
// the offset of each frame's block, and the length of the whole.
func pcapng(frames []pkt) ([]byte, []int) {
	le := binary.LittleEndian
	block := func(b []byte, kind uint32, body []byte) []byte {
		n := uint32(12 + (len(body)+3)&^3)
		b = le.AppendUint32(le.AppendUint32(b, kind), n)
		b = append(b, body...)
		b = append(b, make([]byte, (4-len(body)%4)%4)...)
		return le.AppendUint32(b, n)
	}
	section := le.AppendUint32(nil, 0x1a2b3c4d)
	section = le.AppendUint32(section, 1)
	section = le.AppendUint64(section, ^uint64(0))
	out := block(nil, 0x0a0d0d0a, section)
	interfaces := map[uint16]uint32{}
	var at []int
	for i := range frames {
		p := &frames[i]
		id, ok := interfaces[p.link]
		if !ok {
			id = uint32(len(interfaces))
			interfaces[p.link] = id
			d := le.AppendUint32(le.AppendUint16(le.AppendUint16(nil, p.link), 0), 0)
			d = append(d, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0) // if_tsresol 10^-9, end of options
			out = block(out, 1, d)
		}
		at = append(at, len(out))
		e := le.AppendUint32(nil, id)
		e = le.AppendUint32(le.AppendUint32(e, uint32(uint64(p.ts)>>32)), uint32(p.ts))
		e = le.AppendUint32(le.AppendUint32(e, uint32(len(p.data))), p.wire)
		out = block(out, 6, append(e, p.data...))
	}
	return out, append(at, len(out))
}

func writeFrames(t testing.TB, dir, name string, frames []pkt) string {
	t.Helper()
	raw, _ := pcapng(frames)
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// collect reads inputs into batches under the scope of an agreement (nil: none). The path "-" is raw.
func collect(t testing.TB, a *agreement.Agreement, opts source.Options, raw []byte, paths ...string) []*record.Batch {
	t.Helper()
	out, err := read(a, opts, raw, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func read(a *agreement.Agreement, opts source.Options, raw []byte, paths ...string) ([]*record.Batch, error) {
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		return nil, err
	}
	scope := j.Scope()
	seed := opts.Flow.Seed
	opts.Scope, opts.Sensor, opts.Feed, opts.Flow = scope, scope.Sensor, scope.Packets, flow.DefaultConfig()
	opts.Flow.Seed = seed
	opts.Stdin = bytes.NewReader(raw)
	ctx := context.Background()
	src, err := source.Open(ctx, paths, opts)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	var out []*record.Batch
	for {
		b, err := src.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, b)
	}
}

// fold judges batches in the order given.
func fold(t testing.TB, a *agreement.Agreement, batches []*record.Batch) *judge.Result {
	t.Helper()
	j, err := judge.New(judge.Config{Agreement: a})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		j.Observe(b)
	}
	return j.At(judge.Moment{Ended: true})
}

// essence is a Result as JSON but for its inputs.
func essence(t testing.TB, r *judge.Result) string {
	t.Helper()
	bare := *r
	bare.Inputs = nil
	return asJSON(t, &bare)
}

// blindness is the Result without inputs, findings and what follows from them: what may not even depend on the order of batches. Detectors
// need them in the order of time, in which a hub hands them over.
func blindness(t testing.TB, r *judge.Result) string {
	t.Helper()
	bare := *r
	bare.Inputs, bare.Findings, bare.Answers, bare.Exit = nil, nil, nil, judge.Exit{}
	return asJSON(t, &bare)
}

func asJSON(t testing.TB, bare *judge.Result) string {
	t.Helper()
	b, err := json.MarshalIndent(bare, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// readAgreement parses an agreement; an empty path is none.
func readAgreement(t testing.TB, path string) *agreement.Agreement {
	t.Helper()
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse(path, text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// labAgreement is the agreement of the site that a lab capture was made at.
func labAgreement(t testing.TB, file string) *agreement.Agreement {
	t.Helper()
	site := "site-" + string(file[0]|0x20) + ".yaml"
	if file[0] == 'F' {
		site = "site-a-night.yaml"
	}
	return readAgreement(t, shared(t, "data", "labs", site))
}

// inTime orders frames by time and sets equal times one nanosecond apart, so that any cutting into files has one order.
func inTime(frames []pkt) []pkt {
	out := slices.Clone(frames)
	slices.SortStableFunc(out, func(a, b pkt) int { return int(min(1, max(-1, a.ts-b.ts))) })
	for i := 1; i < len(out); i++ {
		out[i].ts = max(out[i].ts, out[i-1].ts+1)
	}
	return out
}

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0xca4d04)) }

// lose leaves out a share of the frames at random.
func lose(frames []pkt, share float64, seed uint64) []pkt {
	r := dice(seed)
	var out []pkt
	for i := range frames {
		if r.Float64() >= share {
			out = append(out, frames[i])
		}
	}
	return out
}
