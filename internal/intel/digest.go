package intel

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Digest is a hash of everything that a set's lists say, by which a set is known again. Nil has one, too.
func (s *Set) Digest() string {
	h := sha256.New()
	if s != nil {
		fmt.Fprintf(h, "%+v\n", s.limits)
		for _, l := range s.lists {
			fmt.Fprintf(h, "%q %q %q %q %d %d %q %v\n", l.Name, l.Format, l.Title, l.Unit, l.Date, len(l.entries), l.Quarantine, l.Err != nil)
			for i := range l.entries {
				fmt.Fprintf(h, "%+v\n", l.entries[i])
			}
			fmt.Fprintf(h, "%q %q\n", l.arena, l.words)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
