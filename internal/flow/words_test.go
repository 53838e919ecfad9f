package flow

import (
	"fmt"
	"testing"
)

// TestWordsStayAsTheyWere: a string that was cut does not change when others are cut behind it, or from the next piece.
func TestWordsStayAsTheyWere(t *testing.T) {
	var w words
	var want, got []string
	for i := range 3 * pieceSize / 18 {
		word := fmt.Sprintf("C%017d", i)
		want, got = append(want, word), append(got, w.cut([]byte(word)))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("string %d is %q, was %q", i, got[i], want[i])
		}
	}
}

// TestWordsRepeat: a string that is made again costs nothing, and one that takes its place is not mixed up with it.
func TestWordsRepeat(t *testing.T) {
	var w words
	b := []byte("ShADadFf")
	_ = w.of(b)
	if n := testing.AllocsPerRun(10, func() { _ = w.of(b) }); n != 0 {
		t.Errorf("a known string was allocated %v times", n)
	}
	for i := range 4 * len(w.known) { // more than there are places
		word := fmt.Sprintf("Dd%d", i)
		if got := w.of([]byte(word)); got != word {
			t.Fatalf("got %q, want %q", got, word)
		}
	}
}
