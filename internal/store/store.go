package store

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"candor/internal/record"

	"golang.org/x/sync/errgroup"
)

// What went wrong, as far as a caller decides by it.
var (
	ErrInvalid     = errors.New("invalid")               // never right: an unusable name, number or filter
	ErrFull        = errors.New("disk full")             // right again once there is room
	ErrConflict    = errors.New("conflict")              // another block has this identity
	ErrUnavailable = errors.New("unavailable")           // the store must be opened again, or was built without what is asked
	ErrDeadline    = errors.New("deadline")              // a query took too long
	ErrMemory      = errors.New("out of memory")         // a query needed more than it may have
	ErrDamaged     = errors.New("damaged")               // bytes are not what was written
	ErrNotFound    = errors.New("not found")             // nothing of that name
	errGone        = errors.New("gone from the disk")    // a folder that SQLite names
	errQueryEnded  = errors.New("query process stopped") // the child died
)

// Defaults of Config.
const (
	DefaultReserve   = 64 << 20
	DefaultSnapshots = 8
)

// Config is what a store needs. Dir and Now must be given.
type Config struct {
	Dir       string             // everything lies below it
	Now       func() time.Time   // the clock
	Key       ed25519.PrivateKey // the hub's: signs compacted blocks; nil: nothing is compacted
	Reserve   uint64             // bytes of the disk that blocks leave free; 0: DefaultReserve
	Snapshots int                // judges' snapshots kept for each sensor; 0: DefaultSnapshots
	Query     Query
	Log       *slog.Logger // nil: nothing is told
}

// Query says how records are asked for.
type Query struct {
	Command  []string      // program and arguments of a child that calls ServeQueries; empty: records cannot be asked for
	Env      []string      // its whole environment
	Workers  int           // children at once; 0: 2
	Memory   int64         // bytes that DuckDB may use in each; 0: 512 MB
	Threads  int           // in each; 0: 1
	Deadline time.Duration // of one question; 0: 30 s
}

// Store keeps blocks and what belongs to them. It is safe for use by many goroutines.
type Store struct {
	cfg     Config
	db      *sql.DB
	disk    disk
	log     *slog.Logger
	lock    *os.File
	sql     statements
	puts    chan *put
	reads   chan struct{}         // holds one for each block that is being read on its way in
	broken  atomic.Pointer[error] // set once a write may or may not have reached the disk: nothing is acknowledged any more
	number  atomic.Uint64         // of folders in incoming/
	leases  leases
	upkeep  sync.Mutex // held by one round of compaction, retention or sweeping
	pool    *pool
	closing atomic.Bool
	closed  chan struct{}
	stop    context.CancelFunc
	group   *errgroup.Group
	repair  Repair
}

// Open opens the store in cfg.Dir, makes it where there is none, and repairs what a crash left: what was moved and not noted
// is noted, what is noted and not there is missing, what was never acknowledged is removed. Close it.
func Open(ctx context.Context, cfg Config) (*Store, error) { return open(ctx, cfg, realDisk()) }

func open(ctx context.Context, cfg Config, d disk) (_ *Store, err error) {
	if cfg.Dir == "" || cfg.Now == nil {
		return nil, fmt.Errorf("open store: %w: Dir and Now must be given", ErrInvalid)
	}
	s := &Store{cfg: cfg, disk: d, log: cfg.Log, puts: make(chan *put), reads: make(chan struct{}, readAtOnce), closed: make(chan struct{})}
	s.defaults()
	var undo []func() error
	defer func() {
		if err != nil {
			for i := len(undo) - 1; i >= 0; i-- {
				err = errors.Join(err, undo[i]())
			}
		}
	}()
	if err := s.disk.makeDir(filepath.Join(s.cfg.Dir, tenantsDir)); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if s.lock, err = lockDir(s.cfg.Dir); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	undo = append(undo, s.lock.Close)
	if s.db, err = openDB(ctx, filepath.Join(s.cfg.Dir, dbFile)); err != nil {
		return nil, err
	}
	undo = append(undo, s.db.Close)
	if err := s.sql.prepare(ctx, s.db); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if s.repair, err = s.mend(ctx); err != nil {
		return nil, fmt.Errorf("repair store: %w", err)
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.group, run = errgroup.WithContext(run)
	s.group.Go(func() error { return s.commitPuts(run) })
	s.pool = newPool(s.cfg.Query, s.log)
	return s, nil
}

func (s *Store) defaults() {
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.cfg.Reserve == 0 {
		s.cfg.Reserve = DefaultReserve
	}
	if s.cfg.Snapshots <= 0 {
		s.cfg.Snapshots = DefaultSnapshots
	}
	q := &s.cfg.Query
	if q.Workers <= 0 {
		q.Workers = 2
	}
	if q.Memory <= 0 {
		q.Memory = 512 << 20
	}
	if q.Threads <= 0 {
		q.Threads = 1
	}
	if q.Deadline <= 0 {
		q.Deadline = 30 * time.Second
	}
}

// Close ends the store's goroutines and children. What was acknowledged is on the disk already. A second Close does nothing.
func (s *Store) Close() error {
	if s.closing.Swap(true) {
		return nil
	}
	close(s.closed)
	s.stop()
	err := s.group.Wait()
	s.pool.close()
	s.leases.close()
	return errors.Join(err, s.sql.close(), s.db.Close(), s.lock.Close())
}

// Repaired says what Open found and mended.
func (s *Store) Repaired() Repair { return s.repair }

// fail notes that a write may be half on the disk. Writing ends: a failed fsync is never tried again, the store must be opened anew.
func (s *Store) fail(err error) {
	if s.broken.CompareAndSwap(nil, &err) {
		s.log.Error("store stopped accepting", "err", err)
	}
}

// Healthy is nil while the store accepts blocks, and says why not otherwise.
func (s *Store) Healthy() error {
	if err := s.broken.Load(); err != nil {
		return fmt.Errorf("%w: an earlier write failed (%w): restart the hub", ErrUnavailable, *err)
	}
	return s.room()
}

// Space says how full the disk is.
type Space struct {
	Free    uint64 // bytes that may still be written
	Reserve uint64 // of these, kept for reading, queries and small state
}

// Space measures the disk under the store.
func (s *Store) Space() (Space, error) {
	free, err := s.disk.free(s.cfg.Dir)
	if err != nil {
		return Space{}, fmt.Errorf("measure free space: %w", err)
	}
	return Space{Free: free, Reserve: s.cfg.Reserve}, nil
}

// room is ErrFull where blocks may not be taken in.
func (s *Store) room() error {
	sp, err := s.Space()
	if err != nil {
		return err
	}
	if sp.Free < sp.Reserve {
		return fmt.Errorf("%w: %d bytes free below %s, %d must stay: make room or shorten retention", ErrFull, sp.Free, s.cfg.Dir, sp.Reserve)
	}
	return nil
}

// Incoming is a fresh path, not there yet, for a block of a tenant to be received into; Put takes it from there. It is ErrFull when
// there is no room.
func (s *Store) Incoming(tenant record.Tenant) (string, error) {
	if err := checkID("tenant", string(tenant)); err != nil {
		return "", err
	}
	if err := s.Healthy(); err != nil {
		return "", err
	}
	dir := s.tenantPath(tenant, incomingDir)
	if err := s.disk.makeDir(dir); err != nil {
		return "", fmt.Errorf("make room for a block: %w", noRoom(err))
	}
	return filepath.Join(dir, strconv.FormatUint(s.number.Add(1), 10)), nil
}
