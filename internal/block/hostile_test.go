package block

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"candor/internal/record"
)

func trust(*Manifest, string) (ed25519.PublicKey, error) { return testPub(), nil }

func streamOf(t testing.TB, b *Block) []byte {
	t.Helper()
	var out bytes.Buffer
	n, err := b.WriteTo(&out)
	if err != nil || n != int64(out.Len()) || n != b.Bytes+headBytes {
		t.Fatalf("%d of %d bytes: %v", n, out.Len(), err)
	}
	return out.Bytes()
}

func TestReceive(t *testing.T) {
	sent := sealTo(t, newDir(t), 5, full(t, 3))
	stream := streamOf(t, sent)
	got, err := Receive(bytes.NewReader(stream), newDir(t), int64(len(stream)), trust)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Verify(testPub()); err != nil {
		t.Fatal(err)
	}
	if got.Hash != sent.Hash || got.Bytes != sent.Bytes {
		t.Errorf("%s, %d", got.Hash, got.Bytes)
	}
	if d := diff(batchOf(t, sent), batchOf(t, got)); d != "" {
		t.Error(d)
	}
}

func TestReceiveRefuses(t *testing.T) {
	stream := streamOf(t, sealTo(t, newDir(t), 5, full(t, 3)))
	refused := errors.New("not here")
	long := binary.BigEndian.AppendUint32([]byte("CANDORB1"), math.MaxUint32)
	cases := map[string]struct {
		stream []byte
		max    int64
		check  func(*Manifest, string) (ed25519.PublicKey, error)
		want   string
	}{
		"nothing":           {nil, 1 << 30, trust, "unexpected EOF"},
		"other bytes":       {[]byte("GET / HTTP/1.1\r\n"), 1 << 30, trust, "not a block"},
		"a long envelope":   {append(long, '{'), 1 << 40, trust, "an envelope of 4294967295 bytes"},
		"cut in envelope":   {stream[:40], 1 << 30, trust, "of the envelope"},
		"cut in a file":     {stream[:len(stream)-100], 1 << 30, trust, "unexpected EOF"},
		"goes on":           {append(bytes.Clone(stream), 0), 1 << 30, trust, "goes on"},
		"over the bound":    {stream, int64(len(stream)) - 1, trust, "more bytes"},
		"tiny bound":        {stream, 3, trust, "at most -9"},
		"refused":           {stream, 1 << 30, func(*Manifest, string) (ed25519.PublicKey, error) { return nil, refused }, "not here"},
		"another key":       {stream, 1 << 30, func(*Manifest, string) (ed25519.PublicKey, error) { return make([]byte, 32), nil }, "signed by key"},
		"no key":            {stream, 1 << 30, func(*Manifest, string) (ed25519.PublicKey, error) { return nil, nil }, "no Ed25519 key"},
		"a changed byte":    {flipped(stream, len(stream)-5000, 3), 1 << 30, trust, "hash"},
		"a changed promise": {bytes.Replace(stream, []byte(`"epoch":3`), []byte(`"epoch":4`), 1), 1 << 30, trust, "signature"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			_, err := Receive(bytes.NewReader(c.stream), filepath.Join(parent, "block"), c.max, c.check)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want one that says %q", err, c.want)
			}
			if name == "refused" && !errors.Is(err, refused) {
				t.Error("the refusal is not to be told from other errors")
			}
			if entries, err := os.ReadDir(parent); err != nil || len(entries) > 0 {
				t.Errorf("%v is left, %v", entries, err)
			}
		})
	}
}

func flipped(b []byte, at, bit int) []byte {
	out := bytes.Clone(b)
	out[at] ^= 1 << bit
	return out
}

// TestEveryFlipIsFound flips single bits all over every file of a block.
func TestEveryFlipIsFound(t *testing.T) {
	dir := newDir(t)
	b := sealTo(t, dir, 1, full(t, 2))
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 9 {
		t.Fatal(entries, err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 60 {
			at := i * (len(was) - 1) / 59
			if err := os.WriteFile(path, flipped(was, at, i%8), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := b.Verify(testPub()); err == nil || !strings.Contains(err.Error(), e.Name()) {
				t.Fatalf("%s, byte %d: %v", e.Name(), at, err)
			}
			if again, err := Open(dir); err == nil && again.Verify(testPub()) == nil {
				t.Fatalf("%s, byte %d: opened again it verifies", e.Name(), at)
			}
		}
		if err := os.WriteFile(path, was, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Verify(testPub()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"conn.parquet", "manifest.json"} {
		if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, "x")); err != nil {
			t.Fatal(err)
		}
		if err := b.Verify(testPub()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s gone: %v", name, err)
		}
		if err := os.Rename(filepath.Join(dir, "x"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "more"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(testPub()); err == nil || !strings.Contains(err.Error(), "more") {
		t.Errorf("a file more: %v", err)
	}
}

func TestManifestRefuses(t *testing.T) {
	b := sealTo(t, newDir(t), 1, full(t, 2))
	two := sealTo(t, newDir(t), 2, full(t, 2))
	joined := compacted(t, newDir(t), []*Block{b, two})
	cases := map[string]func(m *Manifest){
		"another schema":         func(m *Manifest) { m.Schema = "candor/block/v2" },
		"a path as a kind":       func(m *Manifest) { m.Files[0].Kind = "../conn" },
		"a file twice":           func(m *Manifest) { m.Files[1] = m.Files[0] },
		"a file without rows":    func(m *Manifest) { delete(m.Rows, "conn") },
		"no rows":                func(m *Manifest) { m.Rows["conn"] = 0 },
		"too many rows":          func(m *Manifest) { m.Rows["conn"] = MaxRows + 1 },
		"no bytes":               func(m *Manifest) { m.Files[0].Bytes = 0 },
		"bytes beyond counting":  func(m *Manifest) { m.Files[0].Bytes, m.Files[1].Bytes = math.MaxInt64, 2 },
		"no hash":                func(m *Manifest) { m.Files[0].SHA256 = strings.ToUpper(m.Files[0].SHA256) },
		"marks beyond the rows":  func(m *Manifest) { m.Marks = []record.Mark{{Conns: 3}} },
		"marks that go back":     func(m *Manifest) { m.Marks = []record.Mark{{DNS: 1}, {}} },
		"marks below nothing":    func(m *Manifest) { m.Marks = []record.Mark{{TLS: -1}} },
		"a previous that is not": func(m *Manifest) { m.Previous = "none" },
		"a long name":            func(m *Manifest) { m.Sensor = record.Sensor(strings.Repeat("x", 257)) },
		"a broken name":          func(m *Manifest) { m.Tenant = "\xff" },
	}
	compact := map[string]func(m *Manifest){
		"a source too few":         func(m *Manifest) { m.Sources = m.Sources[:1] },
		"a source of other rows":   func(m *Manifest) { m.Sources[0].Rows = map[string]int{"conn": 3} },
		"a source of fewer":        func(m *Manifest) { m.Sources[0].Rows = map[string]int{"conn": 1} },
		"a source of other kinds":  func(m *Manifest) { m.Sources[0].Rows = map[string]int{"what": 1} },
		"a source of more marks":   func(m *Manifest) { m.Sources[1].Marks = 3 },
		"a source of fewer marks":  func(m *Manifest) { m.Sources[0].Marks = 0 },
		"a source's losses":        func(m *Manifest) { m.Sources[0].Blind = -1 },
		"a mark in another's rows": func(m *Manifest) { m.Marks[2].Conns = 1 },
		"a source without a hash":  func(m *Manifest) { m.Sources[0].Manifest = "" },
	}
	for of, cases := range map[*Block]map[string]func(*Manifest){b: cases, joined: compact} {
		for name, change := range cases {
			t.Run(name, func(t *testing.T) {
				var m Manifest
				if err := json.Unmarshal(of.sealed.raw, &m); err != nil {
					t.Fatal(err)
				}
				change(&m)
				if m.check() == nil {
					t.Error("it passes")
				}
			})
		}
	}
}

func TestSealRefuses(t *testing.T) {
	cases := map[string]struct {
		b    *record.Batch
		want string
	}{
		"a share that is no number": {&record.Batch{Blind: []record.Blind{{Kept: math.NaN()}}}, "no number"},
		"hosts out of order":        {&record.Batch{Sight: []record.Sight{{Hosts: []record.HostSeen{{}, {}}}}}, "hosts"},
		"a giant string":            {&record.Batch{Logs: []record.Log{{Message: strings.Repeat("x", maxText+1)}}}, "message"},
		"a giant manifest":          {&record.Batch{Inputs: []record.Input{{Path: strings.Repeat("x", MaxManifest)}}}, "fewer marks"},
		"marks beyond the rows":     {&record.Batch{Marks: []record.Mark{{HTTP: 1}}}, "marks"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			if _, err := Seal(dir, head(1), c.b, testKey()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want one that says %q", err, c.want)
			}
			if entries, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(entries) > 0 {
				t.Errorf("%v is left, %v", entries, err)
			}
		})
	}
}

func TestCompactRefuses(t *testing.T) {
	a, b := sealTo(t, newDir(t), 1, full(t, 1)), sealTo(t, newDir(t), 2, full(t, 1))
	other := full(t, 1)
	other.Feed = "zeek"
	cases := map[string][]*Block{
		"nothing": nil, "the wrong way round": {b, a}, "one twice": {a, a}, "another feed": {a, sealTo(t, newDir(t), 3, other)},
	}
	for name, sources := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := Compact(newDir(t), head(1), sources, testKey()); err == nil {
				t.Error("done all the same")
			}
		})
	}
}

// TestWildFiles changes signed files at random places: whoever sealed may be a stranger, and reading must end with an error or rows.
func TestWildFiles(t *testing.T) {
	batch := full(t, 3)
	for _, p := range parts() {
		t.Run(string(p.name()), func(t *testing.T) {
			var file bytes.Buffer
			w := p.writer(&file)
			if err := errors.Join(w.write(batch), w.close()); err != nil {
				t.Fatal(err)
			}
			whole := file.Bytes()
			n := p.rows(batch)
			if err := readPart(p, whole, n); err != nil {
				t.Fatal(err)
			}
			if readPart(p, whole, n+1) == nil || readPart(p, whole, n-1) == nil {
				t.Error("another number of rows passes")
			}
			wild := 0
			for i := 0; i < len(whole); i += 1 + len(whole)/1500 {
				if readPart(p, flipped(whole, i, i%8), n) != nil {
					wild++
				}
				if i%16 == 0 && readPart(p, whole[:i], n) == nil {
					t.Errorf("%d of %d bytes pass", i, len(whole))
				}
			}
			if wild == 0 {
				t.Error("no change was noticed")
			}
		})
	}
}

func readPart(p part, file []byte, n int) error {
	r, err := p.reader(file, n)
	if err != nil {
		return err
	}
	return r.read(new(record.Batch), n)
}

func FuzzReceive(f *testing.F) {
	for i, b := range []*record.Batch{{}, {Conns: make([]record.Conn, 2)}, {Sight: make([]record.Sight, 1), Marks: []record.Mark{{At: 7}}}} {
		dir := filepath.Join(f.TempDir(), fmt.Sprint(i))
		if _, err := Seal(dir, head(1), b, testKey()); err != nil {
			f.Fatal(err)
		}
		block, err := Open(dir)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(streamOf(f, block))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		parent := t.TempDir()
		b, err := Receive(bytes.NewReader(stream), filepath.Join(parent, "block"), 1<<20, trust)
		entries, readErr := os.ReadDir(parent)
		if readErr != nil || (err == nil) != (len(entries) == 1) {
			t.Fatalf("%v, but there are %v", err, entries)
		}
		if err == nil {
			if err := b.Verify(testPub()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzFile reads wild Parquet, as a stranger could have signed it.
func FuzzFile(f *testing.F) {
	for i, p := range parts() {
		var file bytes.Buffer
		b := &record.Batch{
			Conns: make([]record.Conn, 1), DNS: make([]record.DNS, 1), TLS: make([]record.TLS, 1), HTTP: make([]record.HTTP, 1), DHCP: make([]record.DHCP, 1),
			Logs: make([]record.Log, 1), Alerts: make([]record.Alert, 1), Sight: make([]record.Sight, 1),
		}
		w := p.writer(&file)
		if err := errors.Join(w.write(b), w.close()); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes(), uint8(i), uint16(1))
	}
	f.Fuzz(func(_ *testing.T, file []byte, kind uint8, n uint16) {
		all := parts()
		_ = readPart(all[int(kind)%len(all)], file, int(n))
	})
}

func FuzzOpenManifest(f *testing.F) {
	for _, m := range []*Manifest{{Schema: Schema}, {Schema: Schema, Marks: []record.Mark{{At: 1}}, Blind: []record.Blind{{Words: "\xff"}}}} {
		e, err := sealEnvelope(m, testKey())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(e.bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, m, err := parseEnvelope(b)
		if err != nil {
			return
		}
		if !bytes.Equal(e.bytes(), b) {
			t.Fatal("two forms of one envelope")
		}
		if len(m.Marks) > 0 {
			last := m.Marks[len(m.Marks)-1]
			if last.Conns > m.Rows["conn"] || last.DNS > m.Rows["dns"] || last.Conns < 0 {
				t.Fatalf("marks beyond the rows: %+v", m)
			}
		}
		again, err := sealEnvelope(m, testKey())
		if err != nil {
			t.Fatal(err)
		}
		if _, m2, err := parseEnvelope(again.bytes()); err != nil || diff(&record.Batch{Inputs: m.Inputs, Blind: m.Blind}, &record.Batch{Inputs: m2.Inputs, Blind: m2.Blind}) != "" {
			t.Fatalf("%v: %+v, %+v", err, m, m2)
		}
	})
}
