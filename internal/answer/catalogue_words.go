package answer

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a question in free wording.
const (
	maxQuestionBytes = 500
	maxQuestionWords = 60
)

// token is one word of a question.
type token struct {
	raw  string // as written, without marks around it
	word string // lower case
	used use
}

// use says what a word was taken for.
type use uint8

const (
	unused use = iota
	useQuestion
	useSubject
	useTime
)

// tokensOf splits a question into words. Marks at the ends of words are dropped, those inside are kept: 10.1.2.3, 14:00-15:00.
func tokensOf(text string) []token {
	text = strings.NewReplacer("\u2019", "'", "\u2013", "-", "\u2014", "-", "\u2018", "'", "\u201c", " ", "\u201d", " ").Replace(text)
	var out []token
	for _, f := range strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || r == ',' || r == ';' || r == '"' || r == '(' || r == ')'
	}) {
		f = strings.Trim(f, "?!'`*<>{}")
		f = strings.TrimRight(f, ".:")
		if f == "" || !utf8.ValidString(f) {
			continue
		}
		out = append(out, token{raw: f, word: strings.ToLower(f)})
	}
	return out
}

// gap is how many other words may stand between two of a phrase.
const gap = 2

// find looks for the words of a phrase in their order and gives their places; nil when they are not there. Words taken for
// subjects and times stand for themselves and count as one word between.
func find(tokens []token, phrase string) []int {
	words := strings.Fields(phrase)
	for start := range tokens {
		var at []int
		i := start
		for n, w := range words {
			limit := i + gap
			if n == 0 {
				limit = i
			}
			found := -1
			for j := i; j <= limit && j < len(tokens); j++ {
				if tokens[j].used == unused && fits(tokens[j].word, w) {
					found = j
					break
				}
			}
			if found < 0 {
				at = nil
				break
			}
			at, i = append(at, found), found+1
		}
		if at != nil {
			return at
		}
	}
	return nil
}

func fits(word, pattern string) bool {
	if stem, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(word, stem)
	}
	return word == pattern
}

// fillers are words that carry nothing which an answer could miss.
func fillers() []string {
	return strings.Fields(`a an the is are was were be been being am do does did done doing has have had having any anything anybody anyone some somebody someone something
		there here it its this that these those our ours we us you your i me my they them their he she what who whom which whose when where how why many much
		of in on at by from to with for and or as about into out up than then see seen say tell please can could would should might may will shall now ever
		machine machines host hosts computer computers server servers client clients device devices segment network address ip system systems endpoint endpoints
		currently still right again also just really all every each between during within inside since until till before after last past traffic data connection
		connections kind sort type going happening go show list if whether not no nobody nothing none never isn't aren't wasn't don't doesn't didn't hasn't haven't
		ok okay hello hi hey thanks tried try trying one ones time times possible possibly maybe perhaps know known find found detect detected`)
}

// negations turn a question round; its answer is given to the question as it is shown, which they do not change.
func negations() []string {
	return strings.Fields("no not nobody nothing none never isn't aren't wasn't weren't don't doesn't didn't hasn't haven't clean safe free without")
}

// passive words say that something is done to whom they follow.
func passive() []string {
	return strings.Fields("scanned probed swept sprayed guessed brute-forced bruteforced attacked contacted visited reached called")
}

// isName reports whether a word is a domain name: two labels or more, the last of letters.
func isName(word string) bool {
	labels := strings.Split(word, ".")
	if len(labels) < 2 || len(word) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' }) {
			return false
		}
	}
	last := labels[len(labels)-1]
	return len(last) >= 2 && (strings.HasPrefix(last, "xn--") || !strings.ContainsFunc(last, func(r rune) bool { return !unicode.IsLetter(r) }))
}

// addressOf reads an address, with a port after it or not.
func addressOf(word string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(word, "[]")); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(word); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	return netip.Addr{}, false
}

// namedMachine reports whether a word looks like the name of a machine: letters with a digit or hyphen among them.
func namedMachine(word string) bool {
	letters, others := 0, 0
	for _, r := range word {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r), r == '-', r == '_':
			others++
		default:
			return false
		}
	}
	return letters > 0 && others > 0 && len(word) <= 63
}

func oneOf(word string, list []string) bool { return slices.Contains(list, word) }
