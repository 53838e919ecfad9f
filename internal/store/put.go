package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"candor/internal/block"
	"candor/internal/record"
)

// Bounds of taking blocks in.
const (
	maxTogether = 256 // blocks in one transaction
	maxAside    = 64  // blocks kept of each tenant that contradict another one
)

// put is one block on its way into the store.
type put struct {
	tenant  record.Tenant
	from    string // its folder in incoming/
	m       *block.Manifest
	hash    []byte
	bytes   int64
	reach   []int64
	wide    bool
	missing string // why it cannot be read
	day     string
	name    string
	begin   record.Time // effective span, see effective
	end     record.Time
	answer  chan answer

	duplicate bool
	err       error
}

type answer struct {
	duplicate bool
	err       error
}

// Put takes in a block that was received whole into a path that Incoming gave. It returns once the block and its row are durable. A
// block that is here already, by identity and manifest, is a duplicate and no error; another one of the same identity is
// ErrConflict: it is kept aside, counted, and told by Missing. One whose files cannot be read, though they are what was signed, is kept and told by
// Missing: sending it again would not help. ErrFull may be tried again later.
func (s *Store) Put(ctx context.Context, tenant record.Tenant, b *block.Block) (duplicate bool, err error) {
	p, err := s.newPut(tenant, b)
	if err != nil {
		return false, fmt.Errorf("put block: %w", err)
	}
	select {
	case s.puts <- p:
	case <-s.closed:
		return false, fmt.Errorf("put block: %w: the store is closed", ErrUnavailable)
	case <-ctx.Done():
		return false, ctx.Err()
	}
	select {
	case a := <-p.answer:
		return a.duplicate, a.err
	case <-ctx.Done(): // it may be stored all the same; sent again it is a duplicate
		return false, ctx.Err()
	}
}

func (s *Store) newPut(tenant record.Tenant, b *block.Block) (*put, error) {
	m := &b.Manifest
	if err := checkManifest(tenant, m); err != nil {
		return nil, err
	}
	if filepath.Dir(b.Dir) != s.tenantPath(tenant, incomingDir) {
		return nil, fmt.Errorf("%w: %s is no path that Incoming gave to %s", ErrInvalid, b.Dir, tenant)
	}
	if len(m.Sources) > 0 {
		return nil, fmt.Errorf("%w: a compacted block cannot be put", ErrInvalid)
	}
	hash, err := decodeHash(b.Hash)
	if err != nil {
		return nil, err
	}
	p := &put{tenant: tenant, from: b.Dir, m: m, hash: hash, bytes: b.Bytes, answer: make(chan answer, 1)}
	p.begin, p.end = effective(m)
	p.day = dayOf(p.begin, s.cfg.Now())
	p.name = blockName(m.Sensor, m.Epoch, m.Sequence)
	s.reads <- struct{}{}
	p.reach, p.wide, err = reachOf(b, p.begin, p.end)
	<-s.reads
	switch {
	case err != nil && (isTransient(err) || errors.Is(err, os.ErrPermission)):
		return nil, err
	case err != nil: // it is what the sensor signed, and will not become better: it is kept, and known as missing
		p.wide, p.missing = true, err.Error()
	}
	return p, nil
}

func checkManifest(tenant record.Tenant, m *block.Manifest) error {
	if err := errors.Join(checkID("tenant", string(tenant)), checkID("sensor", string(m.Sensor))); err != nil {
		return err
	}
	if m.Tenant != tenant {
		return fmt.Errorf("%w: a block of tenant %q came for %q", ErrInvalid, m.Tenant, tenant)
	}
	if m.Epoch > math.MaxInt64 || m.Sequence > math.MaxInt64-1 || m.Sequence == 0 {
		return fmt.Errorf("%w: epoch %d, sequence %d: epochs are below 2^63, sequences count from 1", ErrInvalid, m.Epoch, m.Sequence)
	}
	for kind, n := range m.Rows {
		if !slices.Contains(allKinds(), record.Kind(kind)) || n < 0 {
			return fmt.Errorf("%w: %d rows of kind %.20q", ErrInvalid, n, kind)
		}
	}
	if m.To < m.From {
		return fmt.Errorf("%w: its span ends before it begins", ErrInvalid)
	}
	return nil
}

func decodeHash(text string) ([]byte, error) {
	hash, err := hex.DecodeString(text)
	if err != nil || len(hash) != sha256.Size {
		return nil, fmt.Errorf("%w: %.80q is no SHA-256", ErrInvalid, text)
	}
	return hash, nil
}

// effective is the span of a block, or the time of its sealing where it holds no packets or lines.
func effective(m *block.Manifest) (from, to record.Time) {
	if m.From == 0 && m.To == 0 {
		return m.Sealed, m.Sealed
	}
	return m.From, m.To
}

// commitPuts takes blocks in, those that wait together in one transaction: the fsync is what it costs.
func (s *Store) commitPuts(ctx context.Context) error {
	for {
		var batch []*put
		select {
		case <-ctx.Done():
			return nil
		case p := <-s.puts:
			batch = append(batch, p)
		}
		for more := true; more && len(batch) < maxTogether; {
			select {
			case p := <-s.puts:
				batch = append(batch, p)
			default:
				more = false
			}
		}
		s.commit(ctx, batch)
		for _, p := range batch {
			if p.err != nil {
				p.err = fmt.Errorf("put block %s of %s: %w", p.name, p.tenant, p.err)
			}
			p.answer <- answer{p.duplicate, p.err}
		}
	}
}

// commit stores a few blocks: moved, their parents made durable, and then noted. What fails leaves a folder without a row at most,
// which the next try of the same block, or the next Open, sees to.
func (s *Store) commit(ctx context.Context, batch []*put) {
	err := s.Healthy()
	if err == nil {
		err = s.commitAll(context.WithoutCancel(ctx), batch)
	}
	for _, p := range batch {
		if err != nil && (p.err == nil || errors.Is(p.err, ErrConflict)) {
			p.err = err // nothing was noted of it
		}
		if p.err == nil && !p.duplicate {
			continue
		}
		if errors.Is(p.err, ErrConflict) {
			continue // it was moved aside
		}
		if err := s.disk.remove(p.from); err != nil {
			s.log.Warn("folder of a block not taken in stays until the next start", "path", p.from, "err", err)
		}
		p.duplicate = p.duplicate && p.err == nil
	}
}

func (s *Store) commitAll(ctx context.Context, batch []*put) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return noRoom(err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	parents := map[string]bool{}
	for _, p := range batch {
		err := s.putOne(ctx, tx, p, parents)
		if p.err = err; err != nil && !errors.Is(err, ErrConflict) {
			var sqlErr *sqlite.Error
			if errors.As(err, &sqlErr) {
				return noRoom(err) // the transaction may be gone
			}
		}
	}
	for dir := range parents {
		if err := s.disk.sync(dir); err != nil {
			err = fmt.Errorf("make %s durable: %w", dir, err)
			s.fail(err)
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		err = noRoom(fmt.Errorf("note blocks: %w", err))
		if !errors.Is(err, ErrFull) {
			s.fail(err)
		}
		return err
	}
	return nil
}

// putOne decides what a block is, moves it and writes its rows.
func (s *Store) putOne(ctx context.Context, tx *sql.Tx, p *put, parents map[string]bool) error {
	var hash []byte
	var folder sql.NullInt64
	err := tx.StmtContext(ctx, s.sql.known).QueryRowContext(ctx, p.tenant, p.m.Sensor, p.m.Epoch, p.m.Sequence).Scan(&hash, &folder)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if err := s.move(p, parents); err != nil {
			return err
		}
		return s.note(ctx, tx, p)
	case err != nil:
		return err
	case string(hash) != string(p.hash):
		return s.putAside(ctx, tx, p)
	}
	p.duplicate = true
	return s.heal(ctx, tx, p, folder, parents)
}

// move puts the folder of a block where it stays. A folder that is there without a row is of an earlier try.
func (s *Store) move(p *put, parents map[string]bool) error {
	to := s.blockPath(p.tenant, p.day, p.name)
	day := filepath.Dir(to)
	if err := s.disk.makeDir(day); err != nil {
		return noRoom(err)
	}
	if old, err := block.Open(to); err == nil && old.Hash == hex.EncodeToString(p.hash) {
		parents[day] = true
		return s.disk.remove(p.from)
	}
	if err := s.disk.remove(to); err != nil { // it was never acknowledged
		return err
	}
	if err := s.disk.rename(p.from, to); err != nil {
		return noRoom(fmt.Errorf("move it to its day: %w", err))
	}
	parents[day] = true
	return nil
}

// heal gives a block that had gone missing its folder back.
func (s *Store) heal(ctx context.Context, tx *sql.Tx, p *put, folder sql.NullInt64, parents map[string]bool) error {
	if !folder.Valid || p.missing != "" {
		return nil
	}
	var missing, day, name string
	err := tx.QueryRowContext(ctx, `SELECT missing, day, name FROM folders WHERE id = ?`, folder.Int64).Scan(&missing, &day, &name)
	if err != nil || missing == "" || name != p.name {
		return err
	}
	p.day = day
	if err := s.disk.remove(s.blockPath(p.tenant, day, name)); err != nil {
		return err
	}
	if err := s.move(p, parents); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE folders SET missing = '' WHERE id = ?`, folder.Int64)
	return err
}

// putAside keeps a block that contradicts another one, as far as there is room for such, and counts it.
func (s *Store) putAside(ctx context.Context, tx *sql.Tx, p *put) error {
	var kept int
	var known string
	err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM conflicts WHERE tenant = ? AND kept != ''),
		(SELECT COALESCE(MAX(kept), '') FROM conflicts WHERE tenant = ? AND sensor = ? AND epoch = ? AND sequence = ? AND hash = ?)`,
		p.tenant, p.tenant, p.m.Sensor, p.m.Epoch, p.m.Sequence, p.hash).Scan(&kept, &known)
	if err != nil {
		return err
	}
	name := ""
	if known == "" && kept < maxAside {
		name = p.name + "-" + hex.EncodeToString(p.hash[:8])
		err = s.disk.makeDir(s.tenantPath(p.tenant, asideDir))
		if err == nil {
			err = s.disk.rename(p.from, s.tenantPath(p.tenant, asideDir, name))
		}
	} else {
		err = s.disk.remove(p.from)
	}
	if err != nil {
		return noRoom(fmt.Errorf("keep aside what contradicts it: %w", err))
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO conflicts (tenant, sensor, epoch, sequence, hash, from_ns, to_ns, arrived, kept)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET times = times + 1`,
		p.tenant, p.m.Sensor, p.m.Epoch, p.m.Sequence, p.hash, p.begin, p.end, s.cfg.Now().UnixNano(), name)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: another block of this identity is stored: the sensor's state was copied or somebody uses its key", ErrConflict)
}

// note writes a block's rows.
func (s *Store) note(ctx context.Context, tx *sql.Tx, p *put) error {
	m := p.m
	now := s.cfg.Now().UnixNano()
	args := []any{p.tenant, m.Sensor, m.Feed, m.Epoch, m.Sequence, m.Sequence, p.day, p.name, p.begin, p.end}
	for _, k := range allKinds() {
		args = append(args, m.Rows[string(k)])
	}
	args = append(args, p.bytes, p.hash, now, 1, p.wide)
	res, err := tx.StmtContext(ctx, s.sql.folder).ExecContext(ctx, args...)
	if err != nil {
		return err
	}
	id, err := res.LastInsertId()
	if err != nil {
		return err
	}
	if p.missing != "" {
		if _, err := tx.StmtContext(ctx, s.sql.addReason).ExecContext(ctx, p.missing, id); err != nil {
			return err
		}
	}
	counts, err := json.Marshal(m.Rows)
	if err != nil {
		return err
	}
	_, err = tx.StmtContext(ctx, s.sql.block).ExecContext(ctx, p.tenant, m.Sensor, m.Epoch, m.Sequence, m.Feed, p.begin, p.end, counts, p.hash, now, id)
	if err != nil {
		return err
	}
	for _, h := range p.reach {
		if _, err := tx.StmtContext(ctx, s.sql.reach).ExecContext(ctx, id, h); err != nil {
			return err
		}
	}
	for _, k := range allKinds() {
		n := m.Rows[string(k)]
		if n == 0 {
			continue
		}
		if _, err := tx.StmtContext(ctx, s.sql.hour).ExecContext(ctx, p.tenant, m.Sensor, hourOf(p.begin), k, n); err != nil {
			return err
		}
	}
	return s.noteHoles(ctx, tx, p)
}

// noRoom makes a disk without room ErrFull, whoever says so.
func noRoom(err error) error {
	var sqlErr *sqlite.Error
	switch {
	case err == nil || errors.Is(err, ErrFull):
		return err
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT), errors.As(err, &sqlErr) && sqlErr.Code()&0xff == sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: make room or shorten retention: %w", ErrFull, err)
	}
	return err
}

// allKinds are the kinds in the order of the columns of folders.
func allKinds() []record.Kind { return append(record.Kinds(), record.KindSight) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func dayTime(day string) (time.Time, error) { return time.ParseInLocation(dayForm, day, time.UTC) }
