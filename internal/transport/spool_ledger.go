package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"candor/internal/record"
)

// ledger is what was lost and is not told yet. It is the content of blind.json.
type ledger struct {
	Losses []loss    `json:"losses"`
	Going  []leaving `json:"going"` // blocks whose loss is written down and that may still be there: at the start they go
}

// leaving is a block that is counted as lost and on its way out.
type leaving struct {
	Position
	Aside bool `json:"aside"` // put aside, not removed
}

// loss is a stretch that was lost: neighbouring blocks of one feed, or something that a lost block told of.
type loss struct {
	Blind  record.Blind      `json:"blind"`
	Kinds  map[string]uint64 `json:"kinds,omitempty"` // records by kind
	Blocks uint64            `json:"blocks,omitempty"`
	First  Position          `json:"first"`
	Last   Position          `json:"last"`
	How    string            `json:"how,omitempty"`
	Rides  Position          `json:"rides"` // the block that tells of it, being sealed; zero: waits
}

// maxLosses bounds the ledger; beyond it the oldest two of a feed become one, with the span around both.
const maxLosses = 256

// clone is a copy that shares nothing.
func (l *ledger) clone() ledger {
	c := ledger{Losses: slices.Clone(l.Losses), Going: slices.Clone(l.Going)}
	for i := range c.Losses {
		c.Losses[i].Kinds = maps.Clone(c.Losses[i].Kinds)
	}
	return c
}

// leaves tells whether a block's loss is written down already.
func (l *ledger) leaves(p Position) (leaving, bool) {
	i := slices.IndexFunc(l.Going, func(g leaving) bool { return g.Position == p })
	if i < 0 {
		return leaving{}, false
	}
	return l.Going[i], true
}

// left notes that a block is gone.
func (l *ledger) left(p Position) {
	l.Going = slices.DeleteFunc(l.Going, func(g leaving) bool { return g.Position == p })
}

// told is the loss as the next block tells it.
func (l *loss) told() record.Blind {
	b := l.Blind
	if l.How == "" {
		return b
	}
	var kinds []string
	for k, n := range l.Kinds {
		kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
	}
	slices.Sort(kinds)
	what := "no records"
	if len(kinds) > 0 {
		what = strings.Join(kinds, ", ")
	}
	switch {
	case l.Blocks == 0:
		b.Words = fmt.Sprintf("a batch (%s) %s", what, l.How)
	case l.First == l.Last:
		b.Words = fmt.Sprintf("block %d of epoch %d (%s) %s", l.First.Sequence, l.First.Epoch, what, l.How)
	default:
		b.Words = fmt.Sprintf("%d blocks from %d of epoch %d to %d of epoch %d (%s) %s", l.Blocks, l.First.Sequence, l.First.Epoch, l.Last.Sequence, l.Last.Epoch, what, l.How)
	}
	return b
}

// add writes a loss down; one that follows the newest of its feed directly, in the same way, joins it.
func (l *ledger) add(n loss) {
	l.Losses = append(l.Losses, n)
	for len(l.Losses) > maxLosses {
		l.joinOldest()
	}
}

// follow joins a dropped block to the loss of the block before it; false: that one is not here.
func (l *ledger) follow(it *item, how string) bool {
	if it.before == (Position{}) {
		return false
	}
	for i := range l.Losses {
		e := &l.Losses[i]
		if e.Last == it.before && e.How == how && e.Blind.Feed == it.feed && e.Rides == (Position{}) {
			o := lossOf(it, how)
			e.join(&o)
			return true
		}
	}
	return false
}

func (l *loss) join(o *loss) {
	l.Blind.Span.From, l.Blind.Span.To = min(l.Blind.Span.From, o.Blind.Span.From), max(l.Blind.Span.To, o.Blind.Span.To)
	l.Blind.Count += o.Blind.Count
	l.Blocks += o.Blocks
	if l.Kinds == nil {
		l.Kinds = map[string]uint64{}
	}
	for k, n := range o.Kinds {
		l.Kinds[k] += n
	}
	if o.Last != (Position{}) {
		l.Last = o.Last
	}
}

// joinOldest makes one of the two oldest losses of one feed and cause; where no two are alike, the oldest two speak of the whole sensor.
func (l *ledger) joinOldest() {
	for i := range l.Losses {
		a := &l.Losses[i]
		for j := i + 1; j < len(l.Losses); j++ {
			if b := &l.Losses[j]; a.Blind.Feed == b.Blind.Feed && a.Blind.Cause == b.Blind.Cause && a.Rides == b.Rides && (a.How == "") == (b.How == "") {
				a.join(b)
				l.Losses = slices.Delete(l.Losses, j, j+1)
				return
			}
		}
	}
	a := &l.Losses[0]
	a.join(&l.Losses[1])
	a.Blind.Feed, a.Blind.Cause, a.How, a.Rides = "", record.BlindSpool, "", Position{}
	a.Blind.Words = "several losses, too many to tell one by one"
	l.Losses = slices.Delete(l.Losses, 1, 2)
}

// unride lets every loss wait again.
func (l *ledger) unride() {
	for i := range l.Losses {
		l.Losses[i].Rides = Position{}
	}
}

func lossOf(it *item, how string) loss {
	l := loss{
		Blind: record.Blind{Span: it.span, Cause: record.BlindSpool, Feed: it.feed, Count: it.records()},
		Kinds: map[string]uint64{}, Blocks: 1, First: it.pos, Last: it.pos, How: how,
	}
	for k, n := range it.rows {
		l.Kinds[k] += uint64(max(n, 0))
	}
	return l
}

// ride notes durably that the block at pos tells of all losses, and gives them as it tells them.
func (s *Spool) ride(pos Position) ([]record.Blind, error) {
	if len(s.ledger.Losses) == 0 {
		return nil, nil
	}
	var told []record.Blind
	for i := range s.ledger.Losses {
		s.ledger.Losses[i].Rides = pos
		told = append(told, s.ledger.Losses[i].told())
	}
	return told, s.saveLedger()
}

// rode forgets the losses that the block at pos, now durable, tells of.
func (s *Spool) rode(pos Position) error {
	before := len(s.ledger.Losses)
	s.ledger.Losses = slices.DeleteFunc(s.ledger.Losses, func(l loss) bool { return l.Rides == pos })
	if len(s.ledger.Losses) == before {
		return nil
	}
	return s.saveLedger()
}

// dropOldest lets go of the oldest block that is not on its way; false: there is none. The loss is durable before the block is gone.
func (s *Spool) dropOldest(how string) (bool, error) {
	for _, it := range s.items {
		if !it.flying && !it.unsure {
			return true, s.drop(it, "dropped because "+how, false)
		}
	}
	return false, nil
}

// drop counts a block as lost, with all that it told of, and removes it or puts it aside.
func (s *Spool) drop(it *item, how string, aside bool) error {
	before := s.ledger.clone()
	if !s.ledger.follow(it, how) {
		s.ledger.add(lossOf(it, how))
	}
	for _, b := range it.blind {
		s.ledger.add(loss{Blind: b})
	}
	s.ledger.Going = append(s.ledger.Going, leaving{it.pos, aside})
	if err := s.saveLedger(); err != nil {
		s.ledger = before
		return err
	}
	if err := s.at("written down"); err != nil {
		return err
	}
	s.totals.dropped += it.records()
	s.remove(it)
	if err := s.erase(it, aside); err != nil {
		return err
	}
	s.ledger.left(it.pos)
	return nil
}

// erase takes a block's folder away. It disappears at once, by its name.
func (s *Spool) erase(it *item, aside bool) error {
	if it.pos == (Position{s.last.Epoch, s.last.Sequence}) {
		if err := s.keepLast(); err != nil {
			return err
		}
	}
	if aside {
		return s.aside.take(it.dir, it.bytes)
	}
	return s.unlink(it.dir)
}

func (s *Spool) saveLedger() error {
	data, err := json.Marshal(s.ledger)
	if err != nil {
		return fmt.Errorf("write down losses: %w", err)
	}
	return s.note(ledgerFile, data)
}

func loadLedger(dir string) (ledger, error) {
	var l ledger
	data, err := readSmall(filepath.Join(dir, ledgerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	if err := json.Unmarshal(data, &l); err != nil {
		return l, fmt.Errorf("%s: %w", ledgerFile, err)
	}
	return l, nil
}
