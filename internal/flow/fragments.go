package flow

import (
	"candor/internal/decode"
	"candor/internal/record"
)

// fragments remembers the ports of first fragments, so that later ones are counted to the same connection. A later fragment without a first one
// belongs to a connection with ports 0.
type fragments struct {
	known map[fragmentKey]fragmentPorts
	queue []fragmentKey // in order of arrival; known holds the same keys
	head  int
	max   int
}

type fragmentKey struct {
	src, dst decode.Addr
	id       uint32
	proto    uint8
}

type fragmentPorts struct {
	src, dst uint16
	at       record.Time
}

const fragmentLife = 30 * second

func newFragments(limit int) fragments {
	return fragments{known: make(map[fragmentKey]fragmentPorts), max: limit}
}

// ports gives the ports of a fragment: those of its own header, or of the first fragment of the same packet.
func (f *fragments) ports(ts record.Time, p *decode.Packet, src, dst uint16) (uint16, uint16) {
	k := fragmentKey{p.Src, p.Dst, p.IPID, p.Proto}
	if !p.FirstFragment {
		if v, ok := f.known[k]; ok && ts-v.at < fragmentLife {
			return v.src, v.dst
		}
		return src, dst
	}
	if src|dst == 0 {
		return src, dst
	}
	if _, ok := f.known[k]; !ok {
		if len(f.known) >= f.max {
			f.drop()
		}
		f.queue = append(f.queue, k)
	}
	f.known[k] = fragmentPorts{src, dst, ts}
	return src, dst
}

// drop forgets the oldest.
func (f *fragments) drop() {
	delete(f.known, f.queue[f.head])
	f.head++
	if f.head > 64 && 2*f.head > len(f.queue) {
		f.queue = f.queue[:copy(f.queue, f.queue[f.head:])]
		f.head = 0
	}
}

func (f *fragments) expire(ts record.Time) {
	for f.head < len(f.queue) && ts-f.known[f.queue[f.head]].at >= fragmentLife {
		f.drop()
	}
}
