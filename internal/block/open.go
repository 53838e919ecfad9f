package block

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"candor/internal/record"
)

// Block is a block on disk, its manifest read.
type Block struct {
	Manifest Manifest
	Hash     string // hex SHA-256 of the manifest's bytes
	Dir      string // the folder it lies in; whoever moves it sets this
	Bytes    int64  // of the envelope and all files, as the manifest says

	sealed *envelope
}

// Open reads the envelope of the block in dir and checks that the manifest does not contradict itself. It verifies neither signature
// nor files: see Verify.
func Open(dir string) (*Block, error) {
	f, err := os.Open(filepath.Join(dir, envelopeFile))
	if err != nil {
		return nil, fmt.Errorf("open block: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxEnvelope+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("open block: %w", err)
	}
	e, m, err := parseEnvelope(b)
	if err != nil {
		return nil, fmt.Errorf("open block %s: %w", dir, err)
	}
	return blockOf(dir, e, m, len(b)), nil
}

func blockOf(dir string, e *envelope, m *Manifest, size int) *Block {
	return &Block{Manifest: *m, Hash: hashOf(e.raw), Dir: dir, Bytes: m.bytes(size), sealed: e}
}

// Verify checks that pub signed the manifest, that every file is as long and has the hash that the manifest says, and that
// nothing else lies in the folder.
func (b *Block) Verify(pub ed25519.PublicKey) error {
	if err := b.verify(pub); err != nil {
		return fmt.Errorf("verify block %s: %w", b.Dir, err)
	}
	return nil
}

func (b *Block) verify(pub ed25519.PublicKey) error {
	now, err := os.ReadFile(filepath.Join(b.Dir, envelopeFile))
	if err != nil {
		return err
	}
	if !bytes.Equal(now, b.sealed.bytes()) {
		return fmt.Errorf("%s: not what was opened", envelopeFile)
	}
	if err := b.sealed.verify(pub); err != nil {
		return err
	}
	known := map[string]bool{envelopeFile: true}
	for i := range b.Manifest.Files {
		f := &b.Manifest.Files[i]
		known[fileName(f.Kind)] = true
		if err := b.copyFile(f, io.Discard); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(b.Dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !known[e.Name()] {
			return fmt.Errorf("%.80q lies in it and is not of the manifest", e.Name())
		}
	}
	return nil
}

// copyFile copies a file and fails unless it is what the manifest says.
func (b *Block) copyFile(f *File, w io.Writer) error {
	name := fileName(f.Kind)
	in, err := os.Open(filepath.Join(b.Dir, name))
	if err != nil {
		return err
	}
	sum := hashing{w: w, h: sha256.New()}
	_, err = io.Copy(&sum, io.LimitReader(in, f.Bytes+1))
	if err := errors.Join(err, in.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return f.is(&sum)
}

func (f *File) is(got *hashing) error {
	if got.n != f.Bytes {
		return fmt.Errorf("%s: not the %d bytes that the manifest says", fileName(f.Kind), f.Bytes)
	}
	if hex.EncodeToString(got.h.Sum(nil)) != f.SHA256 {
		return fmt.Errorf("%s: its hash is not the manifest's: it was changed or damaged after it was sealed", fileName(f.Kind))
	}
	return nil
}

// Batch reads the block's batch, exactly as it was sealed; of a compacted block all batches joined (Join), under the block's own
// identity. Files are checked against the manifest's hashes on the way.
func (b *Block) Batch() (*record.Batch, error) {
	m := &b.Manifest
	out := &record.Batch{
		ID: m.ID(), Feed: m.Feed, Span: m.Span(), Marks: m.Marks, Inputs: m.Inputs, Blind: m.Blind, Ended: m.Ended,
	}
	rs, err := b.readers()
	if err == nil {
		err = rs.read(out, m.Rows)
	}
	if err != nil {
		return nil, fmt.Errorf("read block %s: %w", b.Dir, err)
	}
	return out, nil
}

// Batches reads the batches of a block one by one, exactly as they were sealed: one, or those of a compacted block's sources. It
// stops at the first error.
func (b *Block) Batches() iter.Seq2[*record.Batch, error] {
	return func(yield func(*record.Batch, error) bool) {
		if len(b.Manifest.Sources) == 0 {
			yield(b.Batch())
			return
		}
		rs, err := b.readers()
		if err != nil {
			yield(nil, fmt.Errorf("read block %s: %w", b.Dir, err))
			return
		}
		var from record.Mark
		marks, blind := b.Manifest.Marks, b.Manifest.Blind
		for i := range b.Manifest.Sources {
			s := &b.Manifest.Sources[i]
			out := s.batch(&b.Manifest, from, marks, blind)
			if err := rs.read(out, s.Rows); err != nil {
				yield(nil, fmt.Errorf("read block %s, source %d: %w", b.Dir, i, err))
				return
			}
			if !yield(out, nil) {
				return
			}
			from, marks, blind = after(from, s.Rows), marks[s.Marks:], blind[s.Blind:]
		}
	}
}

// batch is a source's batch but for its rows.
func (s *Source) batch(m *Manifest, from record.Mark, marks []record.Mark, blind []record.Blind) *record.Batch {
	out := &record.Batch{
		ID: record.BatchID{Sensor: m.Sensor, Epoch: s.Epoch, Sequence: s.Sequence}, Feed: m.Feed, Span: record.Span{From: s.From, To: s.To},
		Inputs: s.Inputs, Ended: s.Ended,
	}
	back := record.Mark{Conns: -from.Conns, DNS: -from.DNS, TLS: -from.TLS, HTTP: -from.HTTP, DHCP: -from.DHCP}
	for _, k := range marks[:s.Marks] {
		out.Marks = append(out.Marks, shift(k, back))
	}
	out.Blind = append(out.Blind, blind[:s.Blind]...)
	return out
}

// readers read the files of a block, each from its beginning.
type readers map[record.Kind]partReader

func (b *Block) readers() (readers, error) {
	out := readers{}
	for i := range b.Manifest.Files {
		f := &b.Manifest.Files[i]
		r, err := b.reader(f)
		if err != nil {
			return nil, err
		}
		out[f.Kind] = r
	}
	return out, nil
}

// reader reads a file from its beginning. It is checked against the manifest before.
func (b *Block) reader(f *File) (partReader, error) {
	p, err := partOf(f.Kind)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	if err := b.copyFile(f, &file); err != nil {
		return nil, err
	}
	return p.reader(file.Bytes(), b.Manifest.Rows[string(f.Kind)])
}

func (r readers) read(into *record.Batch, rows map[string]int) error {
	for _, p := range parts() {
		n := rows[string(p.name())]
		if n == 0 {
			continue
		}
		if err := r[p.name()].read(into, n); err != nil {
			return err
		}
	}
	return nil
}

// WriteTo writes the block as one stream (docs/blocks.md): magic, length of the envelope, envelope, files in the manifest's order. It
// fails when a file is not what the manifest says; the receiver will have refused it then.
func (b *Block) WriteTo(w io.Writer) (int64, error) {
	out := counting{w: w}
	err := b.stream(&out)
	if err != nil {
		err = fmt.Errorf("send block %s: %w", b.Dir, err)
	}
	return out.n, err
}

func (b *Block) stream(w io.Writer) error {
	all := b.sealed.bytes()
	head := binary.BigEndian.AppendUint32(append([]byte{}, streamMagic...), uint32(len(all)))
	if _, err := w.Write(append(head, all...)); err != nil {
		return err
	}
	for i := range b.Manifest.Files {
		if err := b.copyFile(&b.Manifest.Files[i], w); err != nil {
			return err
		}
	}
	return nil
}

type counting struct {
	w io.Writer
	n int64
}

// Write passes bytes on.
func (c *counting) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
