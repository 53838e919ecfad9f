package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds of what goes to and from a query process.
const (
	maxRequest  = 64 << 20
	maxResponse = 256 << 20
	maxRows     = 4 * MaxLimit * 16 // rows of one answer
)

// request is one question to a query process: SQL with parameters over files. Nothing else may be read.
type request struct {
	SQL      string   `json:"sql"`
	Args     []arg    `json:"args"`
	Files    []string `json:"files"`
	Memory   int64    `json:"memory"`
	Threads  int      `json:"threads"`
	Deadline int64    `json:"deadline"` // nanoseconds from its arrival
	Temp     string   `json:"temp"`     // a folder for what does not fit into memory
}

// arg is a parameter; exactly one is set.
type arg struct {
	Word   *string `json:"w,omitempty"`
	Number *int64  `json:"n,omitempty"`
	Blob   []byte  `json:"b,omitempty"`
}

func word(s string) arg  { return arg{Word: &s} }
func number(n int64) arg { return arg{Number: &n} }
func blob(b []byte) arg  { return arg{Blob: b} }

// response is the answer: rows of values as JSON has them, bytes in base64.
type response struct {
	Rows  [][]any `json:"rows,omitempty"`
	Error string  `json:"error,omitempty"`
	Kind  string  `json:"kind,omitempty"` // of the error: deadline, memory, or empty
}

// Kinds of errors.
const (
	kindDeadline = "deadline"
	kindMemory   = "memory"
)

// writeMessage writes a message: its length in 4 bytes, big-endian, then JSON.
func writeMessage(w io.Writer, v any, most int) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	if len(b) > most {
		return fmt.Errorf("write message: %d bytes, at most %d", len(b), most)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(b)))
	if _, err := w.Write(append(head, b...)); err != nil {
		return fmt.Errorf("write message: %w", err)
	}
	return nil
}

// readMessage reads a message; io.EOF is the end between two.
func readMessage(r io.Reader, v any, most int) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return fmt.Errorf("read message: %w", err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if int64(n) > int64(most) {
		return fmt.Errorf("read message: %d bytes, at most %d", n, most)
	}
	dec := json.NewDecoder(io.LimitReader(r, int64(n)))
	dec.UseNumber()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	_, err := io.Copy(io.Discard, dec.Buffered())
	return err
}
