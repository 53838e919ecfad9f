package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"

	"candor/internal/record"
)

// MaxLine is the longest line that is read; the rest of a longer one is skipped, and the line is damage.
const MaxLine = 1 << 20

const (
	lineBuffer = 64 << 10
	zstdWindow = 8 << 20 // a file that asks for a larger window is refused
)

// Lines gives the lines of a file, decompressed (gzip and zstd by their magic bytes). It is not safe for concurrent use.
type Lines struct {
	Path    string
	Line    []byte // the current line without its end; valid until the next Next
	Number  uint64 // of the current line, from 1
	At      int64  // its offset in the decompressed stream
	TooLong bool   // the current line was longer than MaxLine; Line is its beginning
	Whole   bool   // the current line ended with a newline

	file   *os.File
	unpack io.Closer
	buf    *bufio.Reader
	long   []byte
	next   int64
	ended  error
	broken string
	stop   func() bool
}

// Open opens a file. When ctx ends, reading ends.
func Open(ctx context.Context, path string) (*Lines, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l := &Lines{Path: path, file: f}
	l.stop = context.AfterFunc(ctx, func() { _ = f.Close() })
	raw := bufio.NewReaderSize(f, lineBuffer)
	magic, err := raw.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(fmt.Errorf("read log %s: %w", path, err), l.Close())
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(raw)
		if err != nil {
			l.broken = "the gzip header is broken: " + err.Error()
			l.ended = io.EOF
			return l, nil
		}
		l.unpack, l.buf = z, bufio.NewReaderSize(z, lineBuffer)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			l.broken = "the zstd header is broken: " + err.Error()
			l.ended = io.EOF
			return l, nil
		}
		l.unpack, l.buf = z.IOReadCloser(), bufio.NewReaderSize(z, lineBuffer)
	default:
		l.buf = raw
	}
	return l, nil
}

// FromReader gives the lines of a stream that is not compressed, for tests and pipes.
func FromReader(name string, r io.Reader) *Lines {
	return &Lines{Path: name, buf: bufio.NewReaderSize(r, lineBuffer)}
}

// Peek gives at most n bytes of the beginning without using them up.
func (l *Lines) Peek(n int) []byte {
	if l.buf == nil {
		return nil
	}
	b, _ := l.buf.Peek(min(n, lineBuffer))
	return b
}

// Next goes to the next line; false at the end. Broken then says whether the file ends where it should.
func (l *Lines) Next() bool {
	if l.ended != nil {
		return false
	}
	l.At, l.TooLong, l.Whole = l.next, false, true
	line, err := l.buf.ReadSlice('\n')
	l.next += int64(len(line))
	if errors.Is(err, bufio.ErrBufferFull) {
		line, err = l.longLine(line)
	}
	if err != nil {
		l.end(err)
		if len(line) == 0 {
			return false
		}
		l.Whole = false
	}
	l.Number++
	l.Line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	return true
}

// longLine puts together a line that is longer than the buffer.
func (l *Lines) longLine(start []byte) ([]byte, error) {
	l.long = append(l.long[:0], start...)
	for {
		part, err := l.buf.ReadSlice('\n')
		l.next += int64(len(part))
		if room := MaxLine - len(l.long); len(part) > room {
			l.TooLong = true
			part = part[:room]
		}
		l.long = append(l.long, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.long, err
		}
	}
}

func (l *Lines) end(err error) {
	l.ended = err
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		l.broken = "reading stopped: " + err.Error()
	}
}

// Bytes is how many decompressed bytes were read.
func (l *Lines) Bytes() int64 { return l.next }

// Broken says where and why reading ended early; nil when the file was read to its end, or was not ended yet.
func (l *Lines) Broken() *record.Stopped {
	if l.broken == "" {
		return nil
	}
	return &record.Stopped{At: l.next, Unread: -1, Because: l.broken}
}

// Close closes the file.
func (l *Lines) Close() error {
	l.ended = io.EOF
	var errs []error
	if l.unpack != nil {
		_ = l.unpack.Close() // what it says was said by Next
		l.unpack = nil
	}
	if l.file != nil {
		if l.stop() {
			errs = append(errs, l.file.Close())
		}
		l.file = nil
	}
	return errors.Join(errs...)
}
