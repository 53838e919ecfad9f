package intel

import "candor/internal/record"

// Kind says what an indicator names.
type Kind uint8

// The kinds of indicators that records can be held against.
const (
	Address     Kind = iota + 1 // an IP address, with or without port
	Network                     // a CIDR
	Domain                      // a name; with its sub-domains when it is a registered domain or was written *.name
	URL                         // host and path
	JA4                         // a TLS client fingerprint
	Certificate                 // SHA-256 of a certificate
	kindEnd
)

// String is the word for a kind.
func (k Kind) String() string {
	switch k {
	case Address:
		return "address"
	case Network:
		return "network"
	case Domain:
		return "domain"
	case URL:
		return "url"
	case JA4:
		return "ja4"
	case Certificate:
		return "certificate"
	}
	return "unknown"
}

// mask is a set of kinds that a type named in a list allows; 0 allows all.
type mask uint8

func maskOf(kinds ...Kind) mask {
	var m mask
	for _, k := range kinds {
		m |= 1 << k
	}
	return m
}

func (m mask) allows(k Kind) bool { return m == 0 || m&(1<<k) != 0 }

// candidate is one indicator as a list writes it, before it is understood.
type candidate struct {
	value   string
	kinds   mask
	port    uint16 // from a field of its own; 0 none
	seen    record.Time
	until   record.Time // 0 never
	words   string
	partial bool // only one part of what the list asks for can be matched
	place   uint32
}
