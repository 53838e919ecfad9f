package answer

import (
	"fmt"
	"slices"
	"strings"

	"candor/internal/verdict"
)

// Understood is how a question in free wording was read: everything that the answer depends on, so that who asked can see it.
type Understood struct {
	Asked    string
	Question verdict.Question // of the catalogue; empty for a lookup
	Lookup   string           // LookupWho or LookupWhat; empty for a question
	Subject  Subject          // whom it asks about; of a lookup "what" the host
	Peer     Subject          // the other end; of a lookup "who" whom they talked to
	When     When
	Matched  []string // the words that decided
	Ignored  []string // words that nothing was made of
	Notes    []string
}

// NotUnderstood says why a question was not understood.
type NotUnderstood struct {
	Asked string
	Why   string
	Among []verdict.Question // those that it could be, where it is more than one
}

// Error says why, in one sentence.
func (e *NotUnderstood) Error() string { return "not understood: " + e.Why }

// Understand matches free wording to the catalogue and the lookups, by the table of words alone. What it makes of a question
// depends on nothing else than the words and the names given.
func Understand(text string, names *Names) (*Understood, error) {
	fail := func(why string, among ...verdict.Question) (*Understood, error) {
		return nil, &NotUnderstood{text, why, among}
	}
	tokens := tokensOf(text)
	if len(text) > maxQuestionBytes || len(tokens) > maxQuestionWords {
		return fail(fmt.Sprintf("a question has at most %d words and %d bytes", maxQuestionWords, maxQuestionBytes))
	}
	if len(tokens) == 0 {
		return fail("no word is in it")
	}
	u := &Understood{Asked: text}
	subjects := subjectsOf(tokens, names)
	when, err := whenOf(tokens)
	if err != nil {
		return fail(err.Error())
	}
	u.When = when
	matched, among := u.match(tokens, len(subjects) > 0)
	switch {
	case len(among) > 1:
		return fail("it asks several questions at once: "+joinQuestions(among)+"; ask one at a time", among...)
	case u.Question == "" && u.Lookup == "":
		return fail("none of its words names a question of the catalogue")
	}
	for _, i := range matched {
		tokens[i].used = useQuestion
		u.Matched = append(u.Matched, tokens[i].word)
	}
	if word := unreadTime(tokens); word != "" {
		return fail(fmt.Sprintf("the time %q was not understood: write it like on Tuesday 14:00-15:00, on 2026-11-24, yesterday, since 14:00, in the last 24 hours", word))
	}
	var more bool
	if u.Subject, u.Peer, more = roles(tokens, subjects, matched); more {
		return fail("it names more than two ends: ask about one at a time")
	}
	if why := u.settle(); why != "" {
		return fail(why)
	}
	u.rest(tokens)
	return u, nil
}

func joinQuestions(list []verdict.Question) string {
	words := make([]string, len(list))
	for i, q := range list {
		words[i] = string(q)
	}
	return strings.Join(words, ", ")
}

// match chooses the question whose phrases say most; a lookup where no question is meant and somebody is named.
func (u *Understood) match(tokens []token, named bool) (matched []int, among []verdict.Question) {
	if u.Question, matched, among = best(tokens, func(e *Entry) []string { return append(e.Phrases, string(e.Question)) }); u.Question != "" || among != nil {
		return matched, among
	}
	var general []int
	var question verdict.Question
	question, general, among = best(tokens, func(e *Entry) []string { return e.General })
	if question == "" && named {
		u.Lookup, matched = lookupOf(tokens)
		return matched, nil
	}
	u.Question = question
	return general, among
}

// candidateMatch is a question with the places of the words that name it.
type candidateMatch struct {
	question verdict.Question
	longest  int // words of its longest phrase
	places   []int
}

// best is the question with the longest phrase, then the most words. Another one is meant too when it has a word that the best
// one has not.
func best(tokens []token, phrases func(*Entry) []string) (verdict.Question, []int, []verdict.Question) {
	var all []candidateMatch
	for _, e := range Catalogue() {
		c := candidateMatch{question: e.Question}
		for _, p := range phrases(&e) {
			if at := find(tokens, p); at != nil {
				c.longest = max(c.longest, len(at))
				c.places = append(c.places, at...)
			}
		}
		if c.longest > 0 {
			slices.Sort(c.places)
			c.places = slices.Compact(c.places)
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return "", nil, nil
	}
	slices.SortStableFunc(all, func(a, b candidateMatch) int {
		if a.longest != b.longest {
			return b.longest - a.longest
		}
		return len(b.places) - len(a.places)
	})
	first := all[0]
	among := []verdict.Question{first.question}
	for _, c := range all[1:] {
		own := slices.ContainsFunc(c.places, func(i int) bool { return !slices.Contains(first.places, i) })
		if own || c.longest == first.longest && len(c.places) == len(first.places) {
			among = append(among, c.question)
		}
	}
	if len(among) > 1 {
		return "", nil, among
	}
	return first.question, first.places, nil
}

func lookupOf(tokens []token) (string, []int) {
	chosen, longest := "", []int(nil)
	for _, e := range lookupEntries() {
		for _, p := range e.phrases {
			if at := find(tokens, p); len(at) > len(longest) {
				chosen, longest = e.lookup, at
			}
		}
	}
	return chosen, longest
}

// settle puts the ends of a lookup where they belong, and says why a question cannot be asked so.
func (u *Understood) settle() (why string) {
	switch u.Lookup {
	case LookupWho:
		if u.Peer.Kind == SubjectAll {
			u.Peer, u.Subject = u.Subject, Subject{}
		}
	case LookupWhat:
		if u.Subject.Kind == SubjectAll {
			u.Subject, u.Peer = u.Peer, Subject{}
		}
		if u.Subject.Kind == SubjectName {
			u.Lookup, u.Peer, u.Subject = LookupWho, u.Subject, Subject{}
			u.Notes = append(u.Notes, "a name does nothing by itself: this lists who talked to it")
		}
	}
	return ""
}

// rest notes which words nothing was made of, and wording that turns a question round.
func (u *Understood) rest(tokens []token) {
	negated := false
	known := fillers()
	for i := range tokens {
		t := &tokens[i]
		negated = negated || oneOf(t.word, negations())
		if t.used == unused && !oneOf(t.word, known) && !oneOf(strings.TrimSuffix(t.word, "'s"), known) {
			u.Ignored = append(u.Ignored, t.raw)
		}
	}
	if negated && u.Question != "" {
		u.Notes = append(u.Notes, "a yes means that something was found, whichever way the question was worded")
	}
}

// Words is the question as it is answered.
func (u *Understood) Words() string {
	who := u.Subject.words()
	switch u.Lookup {
	case LookupWho:
		doer := "Who"
		if who != "" {
			doer = "When did " + who
		}
		verb := " talked to "
		if who != "" {
			verb = " talk to "
		}
		return doer + verb + u.Peer.words() + "?"
	case LookupWhat:
		words := "What did " + who + " do"
		if u.Peer.Kind != SubjectAll {
			words += " with " + u.Peer.words()
		}
		return words + "?"
	}
	if who == "" {
		who = AnyMachine
	}
	words := fmt.Sprintf(EntryOf(u.Question).Ask, who)
	if u.Peer.Kind != SubjectAll {
		words = strings.TrimSuffix(words, "?") + ", with " + u.Peer.words() + " at the other end?"
	}
	return words
}

func (s *Subject) words() string {
	switch s.Kind {
	case SubjectAll:
		return ""
	case SubjectSegment:
		return "segment " + s.Text
	case SubjectNetwork:
		return "network " + s.Text
	}
	return s.Text
}
