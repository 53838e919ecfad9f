package transport

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"candor/internal/block"
	"candor/internal/record"
)

// SpoolConfig is what a spool needs. All fields must be set.
type SpoolConfig struct {
	Dir    string // its own; made when missing
	Max    int64  // bytes of blocks kept; at most one block more is there for a moment
	Tenant record.Tenant
	Sensor record.Sensor
	Key    ed25519.PrivateKey
	Now    func() time.Time
}

// Spool keeps sealed blocks until the hub has them. Each block is a folder below blocks/; what is there is there, also after a power cut. When it is full
// the oldest blocks go, and each loss is written down in blind.json before it happens, rides with the next sealed block and is forgotten only then. So
// records sealed = acknowledged + told as lost + still there, always.
type Spool struct {
	cfg  SpoolConfig
	lock *os.File

	sealing sync.Mutex // held for the whole of Seal

	mu       sync.Mutex // guards all below; held while files are removed
	epoch    uint64
	sequence uint64 // of the newest sealed in this epoch
	previous string // hash of its manifest
	items    []*item
	bytes    int64
	aside    asideFiles
	ledger   ledger
	newest   map[record.Feed]Position // the newest block of each feed, for joining losses
	last     block.Manifest           // the newest sealed, ever
	hasLast  bool
	kept     Position   // the newest block that last.json tells of
	floor    Position   // blocks up to here are caught up with; those after it are live
	sending  []Position // what sending.json says
	totals   totals
	spent    bool          // the reserve was given to a full disk
	changed  chan struct{} // closed when something came or was given back

	fault func(point string) error // tests: dies at a point
}

// totals count records since the start of the program.
type totals struct{ sealed, acked, dropped uint64 }

// item is a block in the spool.
type item struct {
	pos      Position
	before   Position // the block before it of the same feed; zero: not known
	dir      string
	hash     string
	bytes    int64
	feed     record.Feed
	span     record.Span
	sealed   record.Time
	rows     map[string]int
	blind    []record.Blind
	flying   bool // being sent
	unsure   bool // it went out whole and was not answered: the hub may have it, so it is not dropped
	refusals int
}

// SpoolStatus is what a heartbeat says of the spool.
type SpoolStatus struct {
	Bytes   int64       `json:"bytes"`
	Max     int64       `json:"max"`
	Blocks  int         `json:"blocks"`
	Oldest  record.Time `json:"oldest"` // when the oldest block still here was sealed; 0: none
	Aside   int         `json:"aside"`  // blocks put aside because they are damaged or were refused
	Sealed  uint64      `json:"sealed"` // records since the start of the sensor
	Acked   uint64      `json:"acked"`
	Dropped uint64      `json:"dropped"` // counted as lost
}

// Epoch is this start's: greater than all before.
func (s *Spool) Epoch() uint64 { return s.epoch }

// Last gives the manifest of the newest block that was ever sealed here, also when it was sent since; false: none was.
func (s *Spool) Last() (block.Manifest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.hasLast
}

// Status tells how full it is.
func (s *Spool) Status() SpoolStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := SpoolStatus{
		Bytes: s.bytes, Max: s.cfg.Max, Blocks: len(s.items), Aside: len(s.aside.files),
		Sealed: s.totals.sealed, Acked: s.totals.acked, Dropped: s.totals.dropped,
	}
	if len(s.items) > 0 {
		t.Oldest = s.items[0].sealed
	}
	return t
}

// Position is the newest block of this epoch.
func (s *Spool) Position() Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Position{s.epoch, s.sequence}
}

// Seal seals a batch as the next block, durable when it returns. Identity, order and the losses to be told are added here; the batch itself is not
// altered. When the block cannot be written even after dropping older ones, the batch is counted as lost, which the next block tells, and the error
// says why; the sensor goes on.
func (s *Spool) Seal(b *record.Batch, scope block.Scope) (*block.Manifest, error) {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	s.mu.Lock()
	pos := Position{s.epoch, s.sequence + 1}
	told, err := s.ride(pos)
	head := block.Head{
		Tenant: s.cfg.Tenant, Sensor: s.cfg.Sensor, Epoch: pos.Epoch, Sequence: pos.Sequence,
		Scope: scope, Previous: s.previous, Sealed: record.TimeOf(s.cfg.Now()),
	}
	s.mu.Unlock()
	if err != nil {
		return nil, s.lose(b, head.Sealed, err)
	}
	c := *b
	c.ID = record.BatchID{Sensor: s.cfg.Sensor, Epoch: pos.Epoch, Sequence: pos.Sequence}
	c.Blind = append(slices.Clone(b.Blind), told...)
	sealed, err := s.write(s.dirOf(pos), head, &c)
	if err != nil {
		return nil, s.lose(b, head.Sealed, err)
	}
	if err := s.at("sealed"); err != nil {
		return nil, err
	}
	return &sealed.Manifest, s.add(sealed)
}

// maxForRoom bounds how many old blocks go for one new one when somebody else fills the disk.
const maxForRoom = 8

// write seals, and drops the oldest blocks for as long as the disk is full.
func (s *Spool) write(dir string, h block.Head, b *record.Batch) (*block.Sealed, error) {
	for tries := 0; ; tries++ {
		sealed, err := block.Seal(dir, h, b, s.cfg.Key)
		if err == nil || !isFull(err) || tries == maxForRoom {
			return sealed, err
		}
		s.mu.Lock()
		dropped, dropErr := s.dropOldest("the disk was full")
		s.mu.Unlock()
		if dropErr != nil || !dropped {
			return nil, errors.Join(err, dropErr)
		}
	}
}

// add takes a sealed block up, forgets the losses that it tells, and makes room.
func (s *Spool) add(sealed *block.Sealed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	it := itemOf(&sealed.Manifest, sealed.Dir, sealed.Hash, sealed.Bytes)
	s.take(it)
	s.sequence, s.previous, s.last, s.hasLast = it.pos.Sequence, it.hash, sealed.Manifest, true
	s.totals.sealed += it.records()
	err := s.rode(it.pos)
	for err == nil && s.bytes+s.aside.bytes > s.cfg.Max {
		var dropped bool
		if dropped, err = s.makeRoom(); !dropped {
			break
		}
	}
	if s.spent && err == nil {
		s.makeReserve()
	}
	s.announce()
	return err
}

// makeRoom lets go of the oldest file put aside, else of the oldest block; false: nothing may go.
func (s *Spool) makeRoom() (bool, error) {
	if s.aside.removeOldest() {
		return true, nil
	}
	return s.dropOldest("the spool was full")
}

// lose counts a batch that could not be sealed. The losses that would have ridden with it wait again.
func (s *Spool) lose(b *record.Batch, now record.Time, because error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ledger.unride()
	s.totals.dropped += uint64(b.Rows())
	s.ledger.add(loss{
		Blind: record.Blind{Span: spanOr(b.Span, now), Cause: record.BlindSpool, Feed: b.Feed, Count: uint64(b.Rows())},
		Kinds: kindsOf(b), How: "could not be written",
	})
	for _, blind := range b.Blind {
		s.ledger.add(loss{Blind: blind})
	}
	return errors.Join(fmt.Errorf("seal block: %w", because), s.saveLedger())
}

// take puts an item in its place; the newest of its feed is noted.
func (s *Spool) take(it *item) {
	if prev, ok := s.newest[it.feed]; ok && prev.Epoch == it.pos.Epoch {
		it.before = prev
	}
	s.newest[it.feed] = it.pos
	s.items = append(s.items, it)
	s.bytes += it.bytes
}

// remove forgets an item.
func (s *Spool) remove(it *item) {
	if i := slices.Index(s.items, it); i >= 0 {
		s.items = slices.Delete(s.items, i, i+1)
		s.bytes -= it.bytes
	}
}

// announce wakes those who wait for a block.
func (s *Spool) announce() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// at is where tests let the program die.
func (s *Spool) at(point string) error {
	if s.fault == nil {
		return nil
	}
	return s.fault(point)
}

// Close lets go of the folder. Everything in it stays.
func (s *Spool) Close() error {
	if err := s.lock.Close(); err != nil {
		return fmt.Errorf("close spool: %w", err)
	}
	return nil
}

func (s *Spool) dirOf(p Position) string {
	return filepath.Join(s.cfg.Dir, blocksFolder, nameOf(p))
}

func itemOf(m *block.Manifest, dir, hash string, bytes int64) *item {
	return &item{
		pos: Position{m.Epoch, m.Sequence}, dir: dir, hash: hash, bytes: bytes, feed: m.Feed,
		span: spanOr(m.Span(), m.Sealed), sealed: m.Sealed, rows: m.Rows, blind: m.Blind,
	}
}

// spanOr is the span, or the moment of sealing where it holds nothing.
func spanOr(span record.Span, sealed record.Time) record.Span {
	if span.Zero() {
		return record.Span{From: sealed, To: sealed}
	}
	return span
}

// records counts all rows of a block, sight included.
func (it *item) records() (n uint64) {
	for _, rows := range it.rows {
		n += uint64(max(rows, 0))
	}
	return n
}

func kindsOf(b *record.Batch) map[string]uint64 {
	kinds := map[record.Kind]int{
		record.KindConn: len(b.Conns), record.KindDNS: len(b.DNS), record.KindTLS: len(b.TLS), record.KindHTTP: len(b.HTTP),
		record.KindDHCP: len(b.DHCP), record.KindLog: len(b.Logs), record.KindAlert: len(b.Alerts), record.KindSight: len(b.Sight),
	}
	out := map[string]uint64{}
	for k, n := range maps.All(kinds) {
		if n > 0 {
			out[string(k)] = uint64(n)
		}
	}
	return out
}
