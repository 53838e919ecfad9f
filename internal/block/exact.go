package block

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// exactColumn holds, for the few rows that need it, what the types of the other columns could not: pieces of (column, element of
// the list or 0, bytes), each number and length as an unsigned varint.
const exactColumn = "exact"

func appendExact(b []byte, column string, element int, payload []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(column)))
	b = append(b, column...)
	b = binary.AppendUvarint(b, uint64(element))
	b = binary.AppendUvarint(b, uint64(len(payload)))
	return append(b, payload...)
}

var errExact = errors.New("column exact is cut short")

// eachExact calls f for each piece.
func eachExact(b []byte, f func(column string, element int, payload []byte) error) error {
	for len(b) > 0 {
		var name, payload []byte
		var element uint64
		var n int
		var err error
		if name, b, err = lengthed(b); err != nil {
			return err
		}
		if element, n = binary.Uvarint(b); n <= 0 || element > maxValues {
			return errExact
		}
		if payload, b, err = lengthed(b[n:]); err != nil {
			return err
		}
		if err := f(string(name), int(element), payload); err != nil {
			return fmt.Errorf("column exact, of %.60q: %w", name, err)
		}
	}
	return nil
}

func lengthed(b []byte) (piece, rest []byte, err error) {
	n, used := binary.Uvarint(b)
	if used <= 0 || n > uint64(len(b)-used) {
		return nil, nil, errExact
	}
	return b[used:][:n], b[used:][n:], nil
}
