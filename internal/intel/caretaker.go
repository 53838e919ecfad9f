package intel

import (
	_ "embed" // the caretakers
	"strings"
)

// caretakerText holds, sorted by name: a name, a tab, what it is for, a tab, whose it is. A name counts with everything below
// it. Under a registered domain where customers keep things of their own (microsoft.com, google.com, amazonaws.com) only the
// names of the caretakers themselves are listed, because everything else there is a place to hide.
//
//go:embed caretakers.txt
var caretakerText string

// Caretaker says whether a name belongs to a known periodic caretaker, and in words which: "updates (Mozilla Firefox)".
// Caretakers are services that every machine calls by the clock: updates, certificate status, time, telemetry, notifications,
// monitoring, connectivity checks.
//
// Hand in the whole name that a client itself sent (SNI or HTTP Host). A registered domain alone is explained only when all of
// it belongs to the caretaker. A caretaker's name is a place to hide: it explains a key that carries that name, never one
// without a name, and never what merely shares the address.
func Caretaker(name string) (words string, ok bool) {
	name = lowerASCII(strings.TrimSuffix(trimPort(name), "."))
	if len(name) > maxName {
		return "", false
	}
	for strings.IndexByte(name, '.') > 0 {
		if rest, found := lookLine(caretakerText, name); found {
			what, who, _ := strings.Cut(rest, "\t")
			return what + " (" + who + ")", true
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return "", false
}
