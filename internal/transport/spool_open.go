package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"candor/internal/block"
	"candor/internal/record"
)

// What lies in a spool's folder.
const (
	blocksFolder = "blocks"
	asideFolder  = "aside"
	ledgerFile   = "blind.json"
	lastFile     = "last.json"    // the newest manifest, once its block is gone
	sendingFile  = "sending.json" // the blocks that the hub may have without our knowing
	epochFile    = "epoch"        // the newest epoch, in digits
	lockFile     = "lock"         //
	reserveFile  = "reserve"      // bytes given back when the disk is too full to write a loss down
	gonePrefix   = ".gone-"       // a block being removed
	reserveBytes = 256 << 10      //
	verifiedAll  = 64 << 20       // so many bytes of the newest blocks are read whole at the start: a power cut hurts no others
	asideShare   = 8              // an eighth of the spool at most is for blocks put aside
	nameDigits   = 10             // of epoch and sequence in a folder's name
	badWords     = "is damaged"   // of a block that cannot be read
)

// OpenSpool opens the folder and brings it in order: what was half done is finished or taken back, damaged blocks are put aside and counted as lost. It
// starts a new epoch. One program may have it open at a time.
func OpenSpool(cfg SpoolConfig) (*Spool, error) {
	s := &Spool{
		cfg: cfg, changed: make(chan struct{}), newest: map[record.Feed]Position{},
		aside: asideFiles{dir: filepath.Join(cfg.Dir, asideFolder), most: cfg.Max / asideShare},
	}
	for _, d := range []string{cfg.Dir, filepath.Join(cfg.Dir, blocksFolder), s.aside.dir} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("open spool: %w", err)
		}
	}
	var err error
	if s.lock, err = lockFolder(filepath.Join(cfg.Dir, lockFile)); err != nil {
		return nil, fmt.Errorf("open spool %s: %w", cfg.Dir, err)
	}
	if err := s.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("open spool %s: %w", cfg.Dir, err), s.lock.Close())
	}
	return s, nil
}

func (s *Spool) recover() error {
	ledgerErr := s.loadNotes()
	if err := s.aside.load(); err != nil {
		return err
	}
	bad, err := s.scan()
	if err != nil {
		return err
	}
	if err := s.settle(ledgerErr, bad); err != nil {
		return err
	}
	s.makeReserve()
	for s.bytes+s.aside.bytes > s.cfg.Max {
		dropped, err := s.makeRoom()
		if err != nil {
			return err
		}
		if !dropped {
			break
		}
	}
	if len(s.items) > 0 {
		s.floor = s.items[len(s.items)-1].pos
	}
	return s.newEpoch()
}

// loadNotes reads last.json and blind.json. One that cannot be read must not keep the sensor from starting: it is left aside, and what it may have told
// of is itself a loss (the returned error).
func (s *Spool) loadNotes() error {
	if data, err := readSmall(filepath.Join(s.cfg.Dir, lastFile)); err == nil && json.Unmarshal(data, &s.last) == nil && s.last.Sequence > 0 {
		s.hasLast, s.kept = true, Position{s.last.Epoch, s.last.Sequence}
	}
	var err error
	if s.ledger, err = loadLedger(s.cfg.Dir); err != nil {
		s.ledger = ledger{}
		_ = os.Rename(filepath.Join(s.cfg.Dir, ledgerFile), filepath.Join(s.cfg.Dir, ledgerFile+".bad")) // else the next write replaces it
	}
	return err
}

// damaged is a block that cannot be sent.
type damaged struct {
	it      *item
	because error
}

// scan takes up the blocks that are there, in order, and tells which are damaged.
func (s *Spool) scan() ([]damaged, error) {
	root := filepath.Join(s.cfg.Dir, blocksFolder)
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("list blocks: %w", err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var bad []damaged
	s.sending = wasSending(s.cfg.Dir)
	for _, e := range entries {
		dir := filepath.Join(root, e.Name())
		pos, ok := positionOf(e.Name())
		if !ok { // half sealed or half removed: never a block that was promised
			if err := os.RemoveAll(dir); err != nil {
				return nil, fmt.Errorf("remove what is left of a block: %w", err)
			}
			continue
		}
		b, err := s.open(dir, pos)
		if err != nil {
			bad = append(bad, damaged{&item{pos: pos, dir: dir, bytes: sizeOf(dir)}, err})
			continue
		}
		it := itemOf(&b.Manifest, dir, b.Hash, sizeOf(dir))
		it.unsure = slices.Contains(s.sending, pos)
		s.take(it)
		if !s.hasLast || (Position{s.last.Epoch, s.last.Sequence}).Before(it.pos) {
			s.last, s.hasLast = b.Manifest, true
		}
	}
	return append(bad, s.verifyNewest()...), nil
}

// open reads a block's manifest and holds it against its place and the files beside it.
func (s *Spool) open(dir string, pos Position) (*block.Block, error) {
	b, err := block.Open(dir)
	if err != nil {
		return nil, err
	}
	m := &b.Manifest
	if (Position{m.Epoch, m.Sequence}) != pos || m.Tenant != s.cfg.Tenant || m.Sensor != s.cfg.Sensor {
		return nil, fmt.Errorf("the folder holds block %d of epoch %d of sensor %q", m.Sequence, m.Epoch, m.Sensor)
	}
	return b, nil
}

// verifyNewest reads the newest blocks whole; the damaged are taken out.
func (s *Spool) verifyNewest() []damaged {
	var bad []damaged
	read := int64(0)
	for i := len(s.items) - 1; i >= 0 && read < verifiedAll; i-- {
		it := s.items[i]
		read += it.bytes
		if err := s.verify(it); err != nil {
			bad = append(bad, damaged{it, err})
		}
	}
	for _, d := range bad {
		s.remove(d.it)
	}
	return bad
}

// verify holds a block against its own hashes and signature.
func (s *Spool) verify(it *item) error {
	b, err := block.Open(it.dir)
	if err != nil {
		return err
	}
	return b.Verify(publicOf(s.cfg.Key))
}

// settle finishes what the ledger says was begun, and writes down what is damaged.
func (s *Spool) settle(ledgerErr error, bad []damaged) error {
	for _, it := range slices.Clone(s.items) {
		if g, ok := s.ledger.leaves(it.pos); ok {
			s.remove(it)
			if err := s.erase(it, g.Aside); err != nil {
				return err
			}
			continue
		}
		s.ledger.Losses = slices.DeleteFunc(s.ledger.Losses, func(l loss) bool { return l.Rides == it.pos }) // that block tells of it
	}
	s.ledger.unride()
	if ledgerErr != nil {
		s.ledger.add(loss{Blind: record.Blind{
			Span: record.Span{From: s.last.To, To: record.TimeOf(s.cfg.Now())}, Cause: record.BlindSpool,
			Words: "the list of what was lost could not be read at the start, so it is not known what else was lost: " + ledgerErr.Error(),
		}})
	}
	for _, d := range bad {
		if _, ok := s.ledger.leaves(d.it.pos); ok {
			if err := s.aside.take(d.it.dir, d.it.bytes); err != nil {
				return err
			}
			continue
		}
		s.surround(d.it)
		s.items = append(s.items, d.it)
		s.bytes += d.it.bytes
		if err := s.drop(d.it, fmt.Sprintf("%s and was put aside: %v", badWords, d.because), true); err != nil {
			return err
		}
	}
	s.ledger.Going = nil
	return s.saveLedger()
}

// surround gives a block whose manifest cannot be read the span between its neighbours.
func (s *Spool) surround(it *item) {
	if !it.span.Zero() {
		return
	}
	it.span.To = record.TimeOf(s.cfg.Now())
	for _, o := range s.items {
		if o.pos.Before(it.pos) {
			it.span.From = max(it.span.From, o.span.To)
		} else if it.pos.Before(o.pos) {
			it.span.To = min(it.span.To, o.span.From)
		}
	}
	if it.span.From == 0 && s.hasLast && (Position{s.last.Epoch, s.last.Sequence}).Before(it.pos) {
		it.span.From = s.last.To
	}
	if it.span.From == 0 || it.span.To < it.span.From {
		it.span.From = it.span.To
	}
}

// newEpoch starts an epoch greater than all before, durably. It also follows the clock, so that a spool made anew does not use old epochs again.
func (s *Spool) newEpoch() error {
	epoch := uint64(max(s.cfg.Now().Unix(), 0))
	path := filepath.Join(s.cfg.Dir, epochFile)
	if data, err := readSmall(path); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64); err == nil {
			epoch = max(epoch, n+1)
		}
	}
	epoch = max(epoch, s.last.Epoch+1)
	for _, l := range s.ledger.Losses {
		epoch = max(epoch, l.Last.Epoch+1)
	}
	for _, name := range s.aside.names() {
		if p, ok := positionOf(name); ok {
			epoch = max(epoch, p.Epoch+1)
		}
	}
	s.epoch = epoch
	return writeFile(path, []byte(strconv.FormatUint(epoch, 10)+"\n"), 0o600)
}

func nameOf(p Position) string {
	return fmt.Sprintf("%0*d-%0*d", nameDigits, p.Epoch, nameDigits, p.Sequence)
}

// positionOf reads a folder's name; only what nameOf writes is one.
func positionOf(name string) (Position, bool) {
	e, q, _ := strings.Cut(name, "-")
	epoch, err1 := strconv.ParseUint(e, 10, 64)
	sequence, err2 := strconv.ParseUint(q, 10, 64)
	p := Position{epoch, sequence}
	return p, err1 == nil && err2 == nil && nameOf(p) == name
}
