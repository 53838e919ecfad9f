package capture

import (
	"errors"
	"io"
)

// A Merge makes one time-ordered observation of several files: rotated
// captures, or several taps. Of frames with the same time, that of the file
// named first comes first. Within a file its own order is kept, also where its
// time goes back. The order depends on nothing else.
type Merge struct {
	files  []*File
	heads  []Frame // by file: its next frame
	order  []int   // a heap of files by time of their head, then by index
	begun  bool
	spent  bool // the first of order was given and needs its next frame
	failed error
}

// NewMerge merges files that nobody else reads. It reads nothing yet.
func NewMerge(files ...*File) *Merge {
	return &Merge{files: files, heads: make([]Frame, len(files))}
}

// Next gives the next frame of all files, with File set to the index of its
// file. It says io.EOF when all have ended, be it by damage; other errors are
// those of File.Next, and come again.
func (m *Merge) Next(frame *Frame) error {
	if m.failed != nil {
		return m.failed
	}
	if m.spent && len(m.order) == 1 { // nothing to compare with, so that no frame need wait
		only := m.order[0]
		m.failed = m.files[only].Next(frame)
		frame.File = only
		return m.failed
	}
	if err := m.advance(); err != nil {
		m.failed = err
		return err
	}
	if len(m.order) == 0 {
		m.failed = io.EOF
		return io.EOF
	}
	first := m.order[0]
	*frame = m.heads[first]
	frame.File = first
	m.spent = true
	return nil
}

// Close closes all files.
func (m *Merge) Close() error {
	var errs []error
	for _, f := range m.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// advance puts the file with the earliest frame first.
func (m *Merge) advance() error {
	if !m.begun {
		m.begun = true
		return m.begin()
	}
	if !m.spent {
		return nil
	}
	m.spent = false
	first := m.order[0]
	switch err := m.files[first].Next(&m.heads[first]); err {
	case nil:
	case io.EOF:
		last := len(m.order) - 1
		m.order[0] = m.order[last]
		m.order = m.order[:last]
	default:
		return err
	}
	m.sink(0)
	return nil
}

// begin reads the first frame of each file.
func (m *Merge) begin() error {
	for i, f := range m.files {
		switch err := f.Next(&m.heads[i]); err {
		case nil:
			m.order = append(m.order, i)
		case io.EOF:
		default:
			return err
		}
	}
	for i := len(m.order)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return nil
}

// sink moves the file at a place of the heap down to where it belongs.
func (m *Merge) sink(at int) {
	for {
		least := at
		for child := 2*at + 1; child <= 2*at+2 && child < len(m.order); child++ {
			if m.before(m.order[child], m.order[least]) {
				least = child
			}
		}
		if least == at {
			return
		}
		m.order[at], m.order[least] = m.order[least], m.order[at]
		at = least
	}
}

func (m *Merge) before(a, b int) bool {
	if m.heads[a].Time != m.heads[b].Time {
		return m.heads[a].Time < m.heads[b].Time
	}
	return a < b
}
