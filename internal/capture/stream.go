package capture

import (
	"errors"
	"fmt"
	"io"
)

const (
	// firstBuffer is enough to open a file and see its first frames: many
	// rotated captures may be open and waiting for their turn.
	firstBuffer = 64 << 10
	// fullBuffer is what a file is read with after that. No record that is
	// taken apart may be longer.
	fullBuffer = 1 << 20
	// readSize is how much is read at a time beyond what is wanted: what was
	// read is still in the processor's cache when it is taken apart.
	readSize = 256 << 10
	// emptyReads is how often a reader may give neither bytes nor an error.
	emptyReads = 100
)

// A stream is a window on an input. Records are parsed where they lie in the
// buffer, so a slice from peek is valid only until the next peek.
type stream struct {
	from   io.Reader
	buf    []byte
	lo, hi int   // buf[lo:hi] is read and not yet used
	base   int64 // offset of buf[0] in the input
	fills  int
	err    error // why there is nothing after hi; io.EOF at a clean end
}

// offset is where the next byte is, counted from the start of the input.
func (s *stream) offset() int64 { return s.base + int64(s.lo) }

// end is the offset behind the last byte that was read.
func (s *stream) end() int64 { return s.base + int64(s.hi) }

// peek gives the next n bytes without using them up, or nil when there are not
// so many; s.err then says why.
func (s *stream) peek(n int) []byte {
	if s.hi-s.lo < n && !s.fill(n) {
		return nil
	}
	return s.buf[s.lo : s.lo+n : s.lo+n]
}

// advance uses up n bytes that peek gave.
func (s *stream) advance(n int) { s.lo += n }

// skip uses up n bytes without keeping them. It reports whether there were so
// many.
func (s *stream) skip(n int64) bool {
	for {
		have := int64(s.hi - s.lo)
		if n <= have {
			s.lo += int(n)
			return true
		}
		n -= have
		s.lo = s.hi
		if !s.fill(1) {
			return false
		}
	}
}

// fill reads until n unused bytes are there. n must not exceed fullBuffer.
func (s *stream) fill(n int) bool {
	if s.err != nil {
		return false
	}
	s.room(n)
	for empty := 0; s.hi-s.lo < n; {
		got, err := s.from.Read(s.buf[s.hi:min(len(s.buf), max(n, s.hi+readSize))])
		if got < 0 || got > len(s.buf)-s.hi {
			s.err = errors.New("the reader claims more bytes than it was asked for")
			return false
		}
		s.hi += got
		if err != nil {
			s.err = err
			break
		}
		if got > 0 {
			empty = 0
		} else if empty++; empty == emptyReads {
			s.err = io.ErrNoProgress
			break
		}
	}
	return s.hi-s.lo >= n
}

// room moves the unused bytes to the front, into a larger buffer once the
// first is used up.
func (s *stream) room(n int) {
	to := s.buf
	switch {
	case len(s.buf) == fullBuffer:
	case s.fills > 0 || n > firstBuffer:
		to = make([]byte, fullBuffer)
	default:
		to = make([]byte, firstBuffer)
	}
	s.fills++
	copy(to, s.buf[s.lo:s.hi])
	s.base += int64(s.lo)
	s.hi -= s.lo
	s.lo = 0
	s.buf = to
}

// broken is how a format reader reports damage at a byte of the stream.
type broken struct {
	at      int64
	because string
}

// Error says what is wrong and where.
func (b *broken) Error() string { return fmt.Sprintf("at byte %d: %s", b.at, b.because) }

// short is the error for an input that has fewer than want bytes from start
// on: io.EOF when it ended cleanly right there.
func (s *stream) short(start int64, want int64, what string) error {
	have := s.end() - start
	switch {
	case s.err == io.EOF && have == 0:
		return io.EOF
	case s.err == io.EOF:
		return &broken{start, fmt.Sprintf("the file ends in the middle of %s: %d bytes of %d are there", what, have, want)}
	default:
		return &broken{start, readFailure(s.err)}
	}
}
