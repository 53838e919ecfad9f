package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"candor/internal/record"
)

// Exported says what an export holds.
type Exported struct {
	Blocks  int            `json:"blocks"` // folders
	Rows    int            `json:"rows"`   // sight included
	Bytes   int64          `json:"bytes"`
	Missing []record.Blind `json:"missing"` // what of the span is not in it, and why
}

const exportReadme = `This folder holds records that Candor kept, as open files.

blocks/DAY/NAME/         one block: the records of one stretch of one witness, sealed and signed by the sensor that saw them
  manifest.json          what the block is: span, rows, SHA-256 of each file, and the signature over all that
  KIND.parquet           the records of a kind (conn, dns, tls, http, dhcp, log, alert, sight), as Apache Parquet
records.jsonl            if asked for: the same records but sight, one JSON object a line, with Zeek's field names
missing.json             what of the asked time is not here, and why
SHA256SUMS               sha256sum -c SHA256SUMS checks every file

Any tool reads Parquet, for example DuckDB: SELECT * FROM 'blocks/*/*/conn.parquet';
A connection that was open for long has several rows with one uid: its counts add up, the rest is as of the last report.
Columns are described in docs/blocks.md of Candor. Names and words come from the network as they were: treat them as hostile.
`

// Export writes a tenant's blocks that touch a span into the new folder dir, as open files that need no Candor to be read; jsonLines adds all
// records as text. A zero span asks for everything. What is damaged is left out and named.
func (s *Store) Export(ctx context.Context, tenant record.Tenant, span record.Span, dir string, jsonLines bool) (Exported, error) {
	out, err := s.export(ctx, tenant, span, dir, jsonLines)
	if err != nil {
		return out, fmt.Errorf("export %s into %s: %w", tenant, dir, err)
	}
	return out, nil
}

func (s *Store) export(ctx context.Context, tenant record.Tenant, span record.Span, dir string, jsonLines bool) (out Exported, err error) {
	if err := checkID("tenant", string(tenant)); err != nil {
		return out, err
	}
	if err := emptyDir(&s.disk, dir); err != nil {
		return out, err
	}
	done := s.leases.take()
	defer done()
	f := Filter{From: span.From, To: span.To}
	if span.Zero() {
		f = Filter{From: -1 << 63, To: 1<<63 - 1}
	}
	list, err := s.candidates(ctx, tenant, &f)
	if err != nil {
		return out, err
	}
	var lines *lineFile
	if jsonLines {
		if lines, err = newLineFile(filepath.Join(dir, "records.jsonl")); err != nil {
			return out, err
		}
		defer func() { err = errors.Join(err, lines.close()) }()
	}
	for _, c := range list {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		switch err := s.exportFolder(ctx, c, dir, lines, &out); {
		case errors.Is(err, ErrDamaged): // Missing tells of it
		case err != nil:
			return out, err
		}
	}
	if out.Missing, err = s.Missing(ctx, tenant, span); err != nil {
		return out, err
	}
	err = s.disk.writeFile(filepath.Join(dir, "missing.json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(out.Missing) })
	if err != nil {
		return out, err
	}
	if err := os.WriteFile(filepath.Join(dir, "README"), []byte(exportReadme), 0o640); err != nil {
		return out, err
	}
	if lines != nil {
		if err := lines.w.Flush(); err != nil {
			return out, err
		}
	}
	return out, s.disk.writeFile(filepath.Join(dir, "SHA256SUMS"), func(w io.Writer) error { return sums(w, dir) })
}

// exportFolder copies one folder after comparing its bytes.
func (s *Store) exportFolder(ctx context.Context, c *folder, dir string, lines *lineFile, out *Exported) error {
	b, err := s.openFolder(ctx, &Meta{folder: c.id, path: c.path})
	if err != nil {
		return err
	}
	if err := checkFiles(b); err != nil {
		return s.damaged(ctx, c.id, err)
	}
	to := filepath.Join(dir, blocksDir, filepath.Base(filepath.Dir(c.path)), filepath.Base(c.path))
	if err := os.MkdirAll(to, 0o750); err != nil {
		return err
	}
	entries, err := os.ReadDir(c.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := copyFile(filepath.Join(c.path, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return noRoom(err)
		}
	}
	out.Blocks++
	out.Bytes += b.Bytes
	for _, n := range b.Manifest.Rows {
		out.Rows += n
	}
	if lines == nil {
		return nil
	}
	for batch, err := range b.Batches() {
		if err != nil {
			return s.damaged(ctx, c.id, err)
		}
		if err := lines.batch(batch); err != nil {
			return noRoom(err)
		}
	}
	return nil
}

// lineFile is the file of JSON lines.
type lineFile struct {
	f *os.File
	w *bufio.Writer
	r *record.Writer
}

func newLineFile(path string) (*lineFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return &lineFile{f, w, record.NewWriter(w)}, nil
}

func (l *lineFile) batch(b *record.Batch) error {
	return errors.Join(
		each(b.Conns, l.r.Conn), each(b.DNS, l.r.DNS), each(b.TLS, l.r.TLS), each(b.HTTP, l.r.HTTP), each(b.DHCP, l.r.DHCP),
		each(b.Logs, l.r.Log), each(b.Alerts, l.r.Alert),
	)
}

func each[T any](rows []T, write func(*T) error) error {
	for i := range rows {
		if err := write(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func (l *lineFile) close() error { return errors.Join(l.w.Flush(), fsync(l.f), l.f.Close()) }

// sums writes the checksum of every file below dir as sha256sum does.
func sums(w io.Writer, dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Base(path)[0] == '.' {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		h := sha256.New()
		_, err = io.Copy(h, f)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%s  %s\n", hex.EncodeToString(h.Sum(nil)), filepath.ToSlash(name))
		return err
	})
}
