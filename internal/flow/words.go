package flow

import "strings"

// words makes the strings of records with few allocations: short ones are cut from larger pieces, and those that repeat are made once.
type words struct {
	piece strings.Builder
	known [1024]string
}

// pieceSize is small, since one string that is kept keeps its piece.
const pieceSize = 4 << 10

// cut makes a string of its own from at most pieceSize bytes.
func (w *words) cut(b []byte) string {
	n := w.piece.Len()
	if n+len(b) > w.piece.Cap() {
		w.piece.Reset()
		w.piece.Grow(pieceSize)
		n = 0
	}
	w.piece.Write(b)
	return w.piece.String()[n:]
}

// of makes a string that was probably made before.
func (w *words) of(b []byte) string {
	h := uint32(len(b))
	for _, c := range b {
		h = h*31 + uint32(c)
	}
	s := &w.known[(h^h>>8)%uint32(len(w.known))]
	if *s != string(b) {
		*s = string(b)
	}
	return *s
}
