package goldentest

import "strings"

// Types of records that are used here.
const (
	TypeA    = 1
	TypePTR  = 12
	TypeNULL = 10
	TypeTXT  = 16
	TypeAAAA = 28
	TypeNB   = 32
	TypeOPT  = 41
)

// Name is a domain name in labels, ended by the root (RFC 1035, 3.1).
func Name(text string) []byte {
	var b []byte
	for label := range strings.SplitSeq(text, ".") {
		if label != "" {
			b = append(append(b, byte(len(label))), label...)
		}
	}
	return append(b, 0)
}

// Lookup is one question in a message of its own, recursion desired.
func Lookup(id int, name string, kind int) []byte {
	return Message(id, 0x0100, [][]byte{Question(name, kind)}, nil, nil)
}

// Reply answers Lookup: each piece of data is one record of the type asked for, whose name points to the question, to live for 300 s.
func Reply(id int, name string, kind int, data ...[]byte) []byte {
	var answers [][]byte
	for _, d := range data {
		answers = append(answers, Record([]byte{0xc0, 12}, kind, 1, 300, d))
	}
	return Message(id, 0x8180, [][]byte{Question(name, kind)}, answers, nil)
}

// Question is a question of the class Internet.
func Question(name string, kind int) []byte { return Join(Name(name), U16(kind, 1)) }

// Record is a resource record with its name in wire form.
func Record(name []byte, kind, class int, ttl int64, data []byte) []byte {
	return Join(name, U16(kind, class), U32(ttl), Len16(data))
}

// Message is a DNS message.
func Message(id, flags int, questions, answers, additional [][]byte) []byte {
	head := U16(id, flags, len(questions), len(answers), 0, len(additional))
	return Join(head, Join(questions...), Join(answers...), Join(additional...))
}

// NetBIOS is the name of NetBIOS in half bytes (RFC 1001, 14.1), with its suffix.
func NetBIOS(name string, suffix byte) string {
	padded := []byte(strings.ToUpper(name) + strings.Repeat(" ", 15))[:15]
	var b []byte
	for _, c := range append(padded, suffix) {
		b = append(b, 'A'+c>>4, 'A'+c&15)
	}
	return string(b)
}
