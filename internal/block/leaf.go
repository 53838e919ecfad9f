package block

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"candor/internal/record"
)

// leaf is how one field of E lies in a Parquet file: its type there, and the way in and out. put and take are each other's inverse
// but for what the type cannot hold (an address's form, bytes that are no UTF-8): that goes into the column "exact".
type leaf[E any] struct {
	name     string
	node     parquet.Node
	optional bool // null stands for the field's zero value
	bloom    bool
	unique   bool   // hardly any two values are equal
	bounds   bool   // smallest and largest value are kept
	says     string // the type in docs/blocks.md
	put      func(w *writing, e *E) parquet.Value
	take     func(r *reading, e *E, v parquet.Value) error
	exact    func(e *E, payload []byte) error // nil: the type holds everything
}

// asked gives the column a Bloom filter: it is looked up by single values.
func (l leaf[E]) asked() leaf[E] {
	l.bloom = true
	return l
}

// plain leaves the dictionary out, where values hardly ever repeat.
func (l leaf[E]) plain() leaf[E] {
	l.node, l.unique = parquet.Encoded(l.node, &parquet.Plain), true
	return l
}

type integer interface {
	~int | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// number holds an integer in its own width and sign.
func number[E any, N integer](name string, at func(*E) *N) leaf[E] {
	bits := reflect.TypeFor[N]().Bits()
	signed := N(0)-1 < 0
	l := leaf[E]{name: name, node: parquet.Int(bits), says: fmt.Sprintf("INT%d", bits)}
	if !signed {
		l.node, l.says = parquet.Uint(bits), fmt.Sprintf("UINT%d", bits)
	}
	if bits == 64 {
		l.put = func(_ *writing, e *E) parquet.Value { return parquet.Int64Value(int64(*at(e))) }
		l.take = func(_ *reading, e *E, v parquet.Value) error {
			*at(e) = N(v.Int64())
			return nil
		}
		return l
	}
	l.put = func(_ *writing, e *E) parquet.Value { return parquet.Int32Value(int32(*at(e))) }
	l.take = func(_ *reading, e *E, v parquet.Value) error {
		n := N(v.Int32())
		if int32(n) != v.Int32() {
			return fmt.Errorf("%d does not fit into %d bits", uint32(v.Int32()), bits)
		}
		*at(e) = n
		return nil
	}
	return l
}

// earliest is the first instant, 22 September 1677, that other readers of Parquet can make a date of.
const earliest = -9_223_286_400_000_000_000

// instant holds a point in time. A time before earliest is shown as the end of all time backwards, and is exact in exact.
func instant[E any](name string, at func(*E) *record.Time) leaf[E] {
	l := number(name, at)
	l.node, l.says, l.bounds = parquet.TimestampAdjusted(parquet.Nanosecond, false), "TIMESTAMP(ns)", true
	l.put = func(w *writing, e *E) parquet.Value {
		n := int64(*at(e))
		if n < earliest {
			w.note(binary.BigEndian.AppendUint64(nil, uint64(n)))
			n = -math.MaxInt64
		}
		return parquet.Int64Value(n)
	}
	l.exact = func(e *E, payload []byte) error {
		if len(payload) != 8 {
			return errors.New("a time has 8 bytes")
		}
		*at(e) = record.Time(binary.BigEndian.Uint64(payload))
		return nil
	}
	return l
}

// boolean holds true or false.
func boolean[E any](name string, at func(*E) *bool) leaf[E] {
	return leaf[E]{
		name: name, node: parquet.Leaf(parquet.BooleanType), says: "BOOLEAN",
		put: func(_ *writing, e *E) parquet.Value { return parquet.BooleanValue(*at(e)) },
		take: func(_ *reading, e *E, v parquet.Value) error {
			*at(e) = v.Boolean()
			return nil
		},
	}
}

// text holds words. Readers of Parquet refuse a file over one string that is no UTF-8: such bytes become U+FFFD in the column, and
// the string itself goes into exact.
func text[E any, S ~string](name string, at func(*E) *S) leaf[E] {
	return leaf[E]{
		name: name, node: parquet.Encoded(parquet.String(), &parquet.RLEDictionary), says: "STRING",
		put: func(w *writing, e *E) parquet.Value {
			s := string(*at(e))
			if !utf8.ValidString(s) {
				w.note([]byte(s))
				s = strings.ToValidUTF8(s, "\uFFFD")
			}
			return w.text(s)
		},
		take: func(r *reading, e *E, v parquet.Value) error {
			*at(e) = S(r.text(v.ByteArray()))
			return r.err
		},
		exact: func(e *E, payload []byte) error {
			*at(e) = S(payload)
			return nil
		},
	}
}

// address holds an IP address as 16 bytes, IPv4 as ::ffff:a.b.c.d; null where there is none. What 16 bytes cannot tell (IPv4 that came
// mapped into IPv6, a zone) goes into exact.
func address[E any](name string, at func(*E) *netip.Addr) leaf[E] {
	return leaf[E]{
		name: name, optional: true, says: "BYTES(16)",
		node: parquet.Encoded(parquet.Leaf(parquet.FixedLenByteArrayType(16)), &parquet.RLEDictionary),
		put: func(w *writing, e *E) parquet.Value {
			a := *at(e)
			if !a.IsValid() {
				return parquet.NullValue()
			}
			if a.Is4In6() || a.Zone() != "" {
				raw, err := a.MarshalBinary()
				w.fail(err)
				w.note(raw)
			}
			b := a.As16()
			return w.fixed(b[:])
		},
		take: func(_ *reading, e *E, v parquet.Value) error {
			*at(e) = netip.AddrFrom16([16]byte(v.ByteArray())).Unmap()
			return nil
		},
		exact: func(e *E, payload []byte) error { return at(e).UnmarshalBinary(payload) },
	}
}

// card holds a card's hardware address; null where it is not known.
func card[E any](name string, at func(*E) *record.MAC) leaf[E] {
	return leaf[E]{
		name: name, optional: true, says: "BYTES(6)",
		node: parquet.Encoded(parquet.Leaf(parquet.FixedLenByteArrayType(6)), &parquet.RLEDictionary),
		put: func(w *writing, e *E) parquet.Value {
			if m := at(e); !m.Zero() {
				return w.fixed(m[:])
			}
			return parquet.NullValue()
		},
		take: func(_ *reading, e *E, v parquet.Value) error {
			*at(e) = record.MAC(v.ByteArray())
			return nil
		},
	}
}

// raw holds bytes as they are; null stands for nil.
func raw[E any](name string, get func(*E) []byte, set func(*E, []byte) error) leaf[E] {
	return leaf[E]{
		name: name, optional: true, says: "BYTES", node: parquet.Encoded(parquet.Leaf(parquet.ByteArrayType), &parquet.Plain),
		put: func(w *writing, e *E) parquet.Value {
			b := get(e)
			if b == nil {
				return parquet.NullValue()
			}
			return parquet.ByteArrayValue(w.keep(b))
		},
		take: func(_ *reading, e *E, v parquet.Value) error { return set(e, append([]byte{}, v.ByteArray()...)) },
	}
}

// perhaps holds a number that may be unknown: null stands for that.
func perhaps[E any](name string, get func(*E) (uint64, bool), set func(*E, uint64)) leaf[E] {
	return leaf[E]{
		name: name, optional: true, says: "UINT64", node: parquet.Uint(64),
		put: func(_ *writing, e *E) parquet.Value {
			if n, known := get(e); known {
				return parquet.Int64Value(int64(n))
			}
			return parquet.NullValue()
		},
		take: func(_ *reading, e *E, v parquet.Value) error {
			set(e, v.Uint64())
			return nil
		},
	}
}
