package decode

// Limits of one CryptoStream. What they drop is counted in its Dropped.
const (
	MaxCryptoStream  = 64 << 10 // bytes, and the highest offset
	MaxCryptoPackets = 16       // calls of Add
	maxCryptoParts   = 256      // parts kept
)

// CryptoStream puts together the CRYPTO pieces that one side of a QUIC connection sends in its initial packets, in any order. The zero value
// is empty. It keeps as many bytes as came, not as many as the offsets promise.
type CryptoStream struct {
	Packets      int  // calls of Add
	Dropped      int  // pieces, or ends of them, beyond the limits
	Inconsistent bool // two pieces disagree about a byte; the first one stands

	pieces pieces
}

// Add takes over the pieces of one packet.
func (s *CryptoStream) Add(list []CryptoPiece) {
	if s.Packets >= MaxCryptoPackets {
		s.Dropped += len(list)
		return
	}
	s.Packets++
	for _, p := range list {
		switch {
		case p.Offset >= MaxCryptoStream:
			s.Dropped++
			continue
		case p.Offset+uint64(len(p.Data)) > MaxCryptoStream:
			s.Dropped++
			p.Data = p.Data[:MaxCryptoStream-p.Offset]
		}
		disagrees, full := s.pieces.add(int(p.Offset), p.Data, maxCryptoParts)
		s.Inconsistent = s.Inconsistent || disagrees
		if full {
			s.Dropped++
		}
	}
}

// Bytes appends to into[:0] what is there without a gap from the start of the stream.
func (s *CryptoStream) Bytes(into []byte) []byte { return s.pieces.prefix(into[:0]) }

// Reset empties the stream and keeps its room.
func (s *CryptoStream) Reset() {
	s.pieces.reset()
	*s = CryptoStream{pieces: s.pieces}
}
