package zeek

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// maxFiles bounds a tree of logs.
const maxFiles = 1 << 16

// Open opens a Zeek log, or a folder with Zeek logs below it. Files are opened one after the other when their time comes. The
// error is ErrNotReadable (package ingest) when there is no Zeek log.
func Open(ctx context.Context, path string, opts ingest.Options) (ingest.Reader, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open zeek logs: %w", err)
	}
	r := newReader(path, opts)
	paths := []string{path}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("open zeek logs: %s is neither a file nor a folder; save it to a file first", path)
	}
	if info.IsDir() {
		if paths, err = r.walk(ctx, path); err != nil {
			return nil, err
		}
	}
	var found []candidate
	for _, p := range paths {
		if err := context.Cause(ctx); err != nil {
			return nil, fmt.Errorf("open zeek logs: %w", err)
		}
		c, err := r.probe(ctx, p)
		switch {
		case errors.Is(err, ingest.ErrNotReadable) && info.IsDir():
			ingest.Count(&r.account.Skipped, "files that are no Zeek log", 1)
			continue
		case err != nil:
			return nil, err
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("open zeek logs %s: %w", path, ingest.ErrNotReadable)
	}
	r.line(r.unique(found), info.IsDir())
	return r, nil
}

// walk lists the files of a tree in the order of their names. Hidden ones are left alone.
func (r *reader) walk(ctx context.Context, root string) ([]string, error) {
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, fmt.Errorf("open zeek logs: %w", err)
	}
	var out []string
	err = filepath.WalkDir(real, func(path string, d fs.DirEntry, err error) error {
		switch {
		case context.Cause(ctx) != nil:
			return context.Cause(ctx)
		case err != nil:
			ingest.Count(&r.account.Skipped, "folders and files that cannot be opened", 1)
			return nil
		case strings.HasPrefix(d.Name(), ".") && path != real:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return nil
		}
		if len(out) >= maxFiles {
			ingest.Count(&r.account.Skipped, fmt.Sprintf("files beyond the first %d", maxFiles), 1)
			return nil
		}
		out = append(out, path)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for zeek logs in %s: %w", root, err)
	}
	return out, nil
}

// candidate is a file that was looked into.
type candidate struct {
	file  *file
	kinds kind   // of its first row
	row   string // its first row
	size  int64  // about how long it is when decompressed
}

// probeRows is how many rows are tried to find a file's first time.
const probeRows = 16

// probe looks into a file: whether it is a Zeek log, which one, and when it begins. It is closed again.
func (r *reader) probe(ctx context.Context, path string) (candidate, error) {
	f := newFile(path, r.names)
	c := candidate{file: f}
	if err := f.open(ctx); err != nil {
		return c, err
	}
	head := f.lines.Peek(ingest.SniffSize)
	k := ingest.Sniff(head)
	headless := k == ingest.Unknown && f.names[f.stem] != unknown && strings.Contains(filepath.Base(path), ".log")
	broken := f.lines.Broken() != nil
	if k != ingest.ZeekTSV && k != ingest.ZeekJSON && !headless && !broken {
		return c, errors.Join(fmt.Errorf("%s: %w", path, ingest.ErrNotReadable), f.close())
	}
	f.first = math.MinInt64 // read at once, unless a row says otherwise
	for range probeRows {
		kind, out := f.next(&r.p, r.into)
		if out == atEnd {
			break
		}
		if c.row == "" {
			c.row, c.kinds = string(f.lines.Line), kind
		}
		if out == good && kind != unknown && kind != known {
			if at, err := r.finish(kind); err == nil {
				r.note(kind)
				f.first, c.kinds = min(at, firstOf(f.first, at)), kind
				if kind != stats { // of a cluster, the manager's own row counts no packets
					break
				}
			}
		}
	}
	r.into(unknown)
	c.size = length(path)
	err := f.close()
	f.account, f.records, f.bytes, f.bad, f.badAt, f.stopped = ingest.Account{}, 0, 0, 0, -1, nil
	return c, err
}

// note notes what a first row shows that its witness carries.
func (r *reader) note(k kind) {
	switch {
	case (k == conn || k == openConn) && !r.p.conn.OrigL2.Zero():
		r.noted |= record.CarriesCards
	case k == stats && r.p.meter.drops:
		r.noted |= record.CarriesDrops
	}
}

func firstOf(known, at record.Time) record.Time {
	if known == math.MinInt64 {
		return at
	}
	return known
}

// length estimates how long a file is when decompressed: gzip says it in its last four bytes.
func length(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	n := info.Size()
	switch {
	case strings.HasSuffix(path, ".zst"):
		return 8 * n
	case !strings.HasSuffix(path, ".gz") || n < 18:
		return n
	}
	f, err := os.Open(path)
	if err != nil {
		return n
	}
	defer func() { _ = f.Close() }()
	var b [4]byte
	if _, err := io.ReadFull(io.NewSectionReader(f, n-4, 4), b[:]); err != nil {
		return n
	}
	said := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16 | int64(b[3])<<24
	if said < n || said > 200*n { // cut off, or longer than 4 GB
		return 5 * n
	}
	return said
}

// unique leaves out files that begin with the same row of the same log as another one in the folder: a compressed copy, or the
// beginning of what was rotated. The longest stays, of equally long ones the one that is not compressed.
func (r *reader) unique(found []candidate) []*file {
	type key struct {
		kind kind
		row  string
	}
	best := map[key]candidate{}
	var out []*file
	for _, c := range found {
		k := key{c.kinds, c.row}
		if c.kinds == unknown || c.kinds >= known || c.row == "" { // what is open is reported again and again
			out = append(out, c.file)
			continue
		}
		old, double := best[k]
		if double {
			ingest.Count(&r.account.Skipped, "files that begin with the same row as another", 1)
		}
		if !double || c.better(old) {
			best[k] = c
		}
	}
	for _, c := range best {
		out = append(out, c.file)
	}
	return out
}

func (c candidate) better(o candidate) bool {
	if c.size != o.size {
		return c.size > o.size
	}
	plain := func(p string) bool { return !strings.HasSuffix(p, ".gz") && !strings.HasSuffix(p, ".zst") }
	return plain(c.file.path) && !plain(o.file.path)
}

// line puts the files into the order in which they begin, and finds out what this witness carries. In a folder with a conn.log a
// message log that is not there says that there were no such messages: Zeek makes a log when there is something to write. A
// single log carries what it is; a file in which rows of several logs stand is like a folder.
func (r *reader) line(files []*file, folder bool) {
	slices.SortFunc(files, func(a, b *file) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.path, b.path))
	})
	r.waiting, r.all = files, slices.Clone(files)
	slices.SortFunc(r.all, func(a, b *file) int { return cmp.Compare(a.path, b.path) })
	for _, f := range files {
		r.carries |= carried(f.head.kindOr(f)) | r.noted
		r.repeats = r.repeats || f.head.kindOr(f) >= openConn
	}
	r.report(folder)
}

// report says what this witness carries.
func (r *reader) report(folder bool) {
	if folder && r.carries.Has(record.CarriesConns) {
		r.carries |= record.CarriesLookups | record.CarriesTLS | record.CarriesHTTP | record.CarriesDHCP | record.CarriesAlerts
	}
	if r.opts.Sight != nil {
		r.opts.Sight.Report(r.carries)
	}
}

// hold notes that a row of another kind than before stands in a file: rows of several logs do, as in a folder.
func (r *reader) hold(f *file, k kind) {
	more := f.holds != 0 && !f.holds.Has(carried(k))
	f.holds |= carried(k)
	if more && !r.carries.Has(f.holds) {
		r.carries |= f.holds
		r.report(true)
	}
}

// kindOr is the kind that the header said, else the one that the file's name says.
func (h *header) kindOr(f *file) kind {
	if h.ready {
		return h.kind
	}
	k, _ := named(f.names, h.log, f.stem)
	return k
}

// carried is what a log carries.
func carried(k kind) record.Carries {
	switch k {
	case conn, openConn:
		return record.CarriesConns | record.CarriesVolume | record.CarriesDirections
	case dns:
		return record.CarriesLookups
	case ssl, openSSL:
		return record.CarriesTLS
	case http, openHTTP:
		return record.CarriesHTTP
	case dhcp:
		return record.CarriesDHCP
	case notice:
		return record.CarriesAlerts
	case captureLoss:
		return record.CarriesAcks
	case unknown, known, x509, stats:
	}
	return 0
}
