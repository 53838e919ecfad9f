package decode

import "slices"

// pieces puts bytes in order that come in pieces: the parts of a datagram, or of a stream from its start. It keeps as many bytes as came, not
// as many as the offsets promise.
type pieces struct {
	data  []byte
	parts []part // in order, without overlap
}

type part struct {
	offset, at, n int // where it belongs, where it lies in data, its length
}

// add keeps what is new in one piece and compares the rest with what is there, which stands. full: it would have been more than most parts,
// and something was left out.
func (s *pieces) add(offset int, b []byte, most int) (disagrees, full bool) {
	i, _ := slices.BinarySearchFunc(s.parts, offset, func(p part, offset int) int { return p.offset + p.n - offset - 1 })
	for len(b) > 0 { // parts[i] is the first that ends behind offset
		n := len(b)
		if i < len(s.parts) {
			p := s.parts[i]
			if p.offset <= offset {
				n = min(n, p.offset+p.n-offset)
				if old := s.data[p.at+offset-p.offset:]; string(old[:n]) != string(b[:n]) {
					disagrees = true
				}
				offset, b = offset+n, b[n:]
				i++
				continue
			}
			n = min(n, p.offset-offset)
		}
		if i > 0 && s.parts[i-1].offset+s.parts[i-1].n == offset && s.parts[i-1].at+s.parts[i-1].n == len(s.data) {
			s.parts[i-1].n += n // right behind the one before, in data too
		} else {
			if len(s.parts) >= most {
				return disagrees, true
			}
			s.parts = slices.Insert(s.parts, i, part{offset, len(s.data), n})
			i++
		}
		s.data = append(s.data, b[:n]...)
		offset, b = offset+n, b[n:]
	}
	return disagrees, false
}

// prefix appends to into what is there without a gap from offset 0.
func (s *pieces) prefix(into []byte) []byte {
	want := 0
	for _, p := range s.parts {
		if p.offset != want {
			break
		}
		into = append(into, s.data[p.at:p.at+p.n]...)
		want += p.n
	}
	return into
}

// reset empties s and keeps its room.
func (s *pieces) reset() { *s = pieces{data: s.data[:0], parts: s.parts[:0]} }
