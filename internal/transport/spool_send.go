package transport

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
)

// liveDepth is how many new blocks wait for the live lane before the older of them are left to catching up.
const liveDepth = 4

// maxRefusals is how often the hub may refuse a block that is sound here before it is put aside.
const maxRefusals = 3

// next gives the block that a lane shall send, and marks it as on its way; nil: none, and the channel closes when that may have changed. First comes what
// went out without an answer. The live lane takes what was sealed since the last catch-up in order; the others take the oldest.
func (s *Spool) next(live bool) (*item, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it := s.pick(live)
	if it != nil {
		it.flying = true
		s.noteSending(it.pos)
	}
	return it, s.changed
}

// maxSending bounds what is believed of sending.json.
const maxSending = 64

// noteSending writes down which blocks are on their way, before they are: the hub may have them even when the program dies before it hears so, and then
// they must not be counted as lost. When it cannot be written the block goes all the same: the loss could only be counted too high.
func (s *Spool) noteSending(pos Position) {
	if slices.Contains(s.sending, pos) {
		return
	}
	s.sending = nil
	for _, it := range s.items {
		if (it.flying || it.unsure) && len(s.sending) < maxSending {
			s.sending = append(s.sending, it.pos)
		}
	}
	data, err := json.Marshal(s.sending)
	if err != nil || s.note(sendingFile, data) != nil {
		s.sending = nil // the next block tries again
	}
}

// wasSending gives the blocks that were on their way when the program ended.
func wasSending(dir string) []Position {
	data, err := readSmall(filepath.Join(dir, sendingFile))
	var list []Position
	if err != nil || json.Unmarshal(data, &list) != nil || len(list) > maxSending {
		return nil
	}
	return list
}

func (s *Spool) pick(live bool) *item {
	var first, newest *item
	fresh := 0
	for i := len(s.items) - 1; i >= 0 && s.floor.Before(s.items[i].pos); i-- {
		if it := s.items[i]; !it.flying {
			if fresh++; newest == nil {
				newest = it
			}
			first = it
		}
	}
	for _, it := range s.items {
		if it.unsure && !it.flying {
			return it
		}
	}
	if live {
		if fresh > liveDepth { // behind: the newest goes first, the rest is caught up with
			s.floor, first = Position{newest.pos.Epoch, newest.pos.Sequence - 1}, newest
			s.announce()
		}
		return first
	}
	for _, it := range s.items {
		if s.floor.Before(it.pos) {
			return nil
		}
		if !it.flying {
			return it
		}
	}
	return nil
}

// back returns a block that was not delivered. unsure: it went out whole, so the hub may have it.
func (s *Spool) back(it *item, unsure bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it.flying, it.unsure = false, it.unsure || unsure
	s.announce()
}

// ack removes a block that the hub has durable.
func (s *Spool) ack(it *item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(it)
	s.totals.acked += it.records()
	if err := s.at("acked"); err != nil {
		return err
	}
	return s.erase(it, false)
}

// refused notes that the hub refused a block as such. One that is damaged here, or was refused several times, is put aside and counted as lost.
func (s *Spool) refused(it *item, r *Refusal) (gone bool, err error) {
	bad := s.verify(it)
	s.mu.Lock()
	defer s.mu.Unlock()
	it.flying, it.unsure = false, false
	it.refusals++
	defer s.announce()
	switch {
	case bad != nil:
		return true, s.drop(it, fmt.Sprintf("%s and was put aside: %v", badWords, bad), true)
	case it.refusals >= maxRefusals:
		return true, s.drop(it, fmt.Sprintf("was refused by the hub and put aside: %s", r.Words), true)
	}
	return false, nil
}

// damagedHere reports whether a block can no longer be read, and puts it aside then.
func (s *Spool) damagedHere(it *item) (bool, error) {
	bad := s.verify(it)
	if bad == nil {
		return false, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.announce()
	return true, s.drop(it, fmt.Sprintf("%s and was put aside: %v", badWords, bad), true)
}
