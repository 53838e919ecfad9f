package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"candor/internal/record"
)

// fit shortens the lists of a heartbeat's sight until it is small enough, and counts what it leaves out. The sight itself is not altered.
func (h *Heartbeat) fit() error {
	whole := h.Sight
	for _, most := range []int{4096, 1024, 128, 16, 0} {
		h.Cut, h.Sight = 0, slices.Clone(whole)
		for i := range h.Sight {
			h.shorten(&h.Sight[i], most)
		}
		data, err := json.Marshal(h)
		if err != nil {
			return fmt.Errorf("make heartbeat: %w", err)
		}
		if len(data) <= maxHeartbeatBody {
			return nil
		}
	}
	h.Sight, h.Cut = nil, h.Cut+uint64(len(whole))
	data, err := json.Marshal(h)
	if err != nil || len(data) > maxHeartbeatBody {
		return errors.Join(errors.New("the heartbeat is too long even without sight"), err)
	}
	return nil
}

func (h *Heartbeat) shorten(s *record.Sight, most int) {
	s.Hosts, h.Cut = cut(s.Hosts, most, h.Cut)
	s.Cards, h.Cut = cut(s.Cards, most, h.Cut)
	s.Clients, h.Cut = cut(s.Clients, most, h.Cut)
	s.Groups, h.Cut = cut(s.Groups, most, h.Cut)
	s.Pairs, h.Cut = cut(s.Pairs, most, h.Cut)
	s.Acked, h.Cut = cut(s.Acked, most, h.Cut)
}

func cut[T any](list []T, most int, count uint64) ([]T, uint64) {
	if len(list) <= most {
		return list, count
	}
	return list[:most], count + uint64(len(list)-most)
}
