package ingest

import (
	"context"
	"io"
)

// Ordered is the window of a reader of one file of lines: what it read waits in the queue until nothing earlier can come.
type Ordered struct {
	Queue
	Newest Newest // of the lines read
	Ended  bool   // no line is left
}

// batchRecords is how many records a call of Next tells at most.
const batchRecords = 4096

// Next reads on and tells some thousand records: read takes one line into the queue or sets Ended, tell takes the first out of it.
// It gives io.EOF when nothing is left, and what
// ended the context when that ended.
func (o *Ordered) Next(ctx context.Context, read, tell func()) error {
	for told := 0; told < batchRecords; {
		if told%512 == 0 {
			if err := context.Cause(ctx); err != nil {
				return err
			}
		}
		switch {
		case o.Len() > 0 && o.ready():
			tell()
			told++
		case !o.Ended:
			read()
		case told > 0:
			return nil
		default:
			return io.EOF
		}
	}
	return nil
}

// ready reports whether the first may be told: nothing earlier comes any more, or the window is full.
func (o *Ordered) ready() bool {
	switch {
	case o.Ended, o.Full():
		return true
	case o.Few():
		return false
	}
	return o.Newest.At >= o.First()+Window
}
