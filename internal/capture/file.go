package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// A File is one capture file or pipe that is being read. Its methods, but for
// Offset and Size, belong to one goroutine.
type File struct {
	input   input
	size    int64
	in      stream
	format  format
	status  Status
	ended   error // what Next says from now on
	release []func()
}

// A format takes records out of a stream. next gives io.EOF at a clean end and
// *broken at damage; it sets every field of the frame but File.
type format interface {
	next(*Frame) error
}

// Open opens a capture file; the path "-" stands for stdin. When ctx ends,
// Next gives its cause as error, also when it waits for a named pipe; a read of
// stdin that waits is not woken.
//
// The error says that the file cannot be opened, or has ErrNotCapture in its
// chain. A capture without a frame is no error, and neither is a damaged one.
func Open(ctx context.Context, path string, stdin io.Reader) (*File, error) {
	cause := func() error { return context.Cause(ctx) }
	if err := cause(); err != nil {
		return nil, fmt.Errorf("open capture %s: %w", path, err)
	}
	if path == "-" {
		if stdin == nil {
			return nil, errors.New("open capture -: there is no standard input")
		}
		return open(path, stdin, -1, cause)
	}
	opened, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open capture: %w", err)
	}
	size, err := fileSize(opened)
	if err != nil {
		_ = opened.Close()
		return nil, fmt.Errorf("open capture %s: %w", path, err)
	}
	// A pipe may never give another byte: closing wakes the reader.
	stop := context.AfterFunc(ctx, func() { _ = opened.Close() })
	closing := func() { stop(); _ = opened.Close() }
	f, err := open(path, opened, size, cause)
	if err != nil {
		closing()
		return nil, err
	}
	if f.ended != nil {
		closing()
		return f, nil
	}
	f.release = append(f.release, closing)
	return f, nil
}

// fileSize is -1 for what has no size, such as a pipe.
func fileSize(f *os.File) (int64, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return 0, err
	case info.IsDir():
		return 0, fmt.Errorf("%w: it is a folder", ErrNotCapture)
	case info.Mode().IsRegular():
		return info.Size(), nil
	default:
		return -1, nil
	}
}

// NewReader reads a capture from r, which it does not close. The name is for
// Status and errors; size is the length of r in bytes, -1 if not known. Errors
// are as with Open.
func NewReader(name string, r io.Reader, size int64) (*File, error) {
	return open(name, r, size, func() error { return nil })
}

func open(name string, r io.Reader, size int64, cause func() error) (*File, error) {
	f := &File{size: size, status: Status{Path: name}}
	f.input.from, f.input.cause = r, cause
	inside, compression, closing, err := decompress(&f.input)
	if err != nil {
		return nil, fmt.Errorf("open capture %s: %w", name, err)
	}
	f.in.from, f.status.Compression = inside, compression
	f.release = append(f.release, closing)
	err = f.recognise()
	var damage *broken
	if errors.As(err, &damage) {
		f.end(damage)
		return f, nil
	}
	if err != nil {
		f.free()
		return nil, fmt.Errorf("open capture %s: %w", name, err)
	}
	return f, nil
}

// recognise finds the format by the first bytes and reads its header.
func (f *File) recognise() error {
	head := f.in.peek(4)
	if head == nil {
		return f.tooShort()
	}
	if order, ok := pcapOrder(head); ok {
		f.status.Kind = Pcap
		reader, err := newPcapReader(&f.in, &f.status, order)
		f.format = reader
		return err
	}
	if little32(head) != blockSection {
		return ErrNotCapture
	}
	if head := f.in.peek(12); head != nil && !isByteOrderMagic(head[8:]) {
		return ErrNotCapture
	}
	f.status.Kind = Pcapng
	f.format = &ngReader{in: &f.in, status: &f.status}
	return nil
}

// tooShort is the error for an input that has not even the bytes to tell what
// it is.
func (f *File) tooShort() error {
	switch {
	case f.input.cause() != nil:
		return f.input.cause()
	case f.in.err == io.EOF && f.in.end() == 0:
		return fmt.Errorf("%w: it is empty", ErrNotCapture)
	case f.in.err == io.EOF:
		return fmt.Errorf("%w: it has %d bytes", ErrNotCapture, f.in.end())
	case f.status.Compression != "":
		return &broken{0, readFailure(f.in.err)}
	default:
		return f.in.err
	}
}

// Next gives the next frame. It says io.EOF at the end and also at damage,
// which Status tells; any other error means that the context given to Open has
// ended or that the file was closed. After an error it gives the same again.
func (f *File) Next(frame *Frame) error {
	if f.ended != nil {
		return f.ended
	}
	frame.File = 0
	if err := f.format.next(frame); err != nil {
		f.end(err)
		return f.ended
	}
	f.status.Packets++
	f.status.Bytes += uint64(len(frame.Data))
	f.status.Interfaces[frame.Interface].Packets++
	return nil
}

// end notes why there are no more frames and gives back what the file held.
func (f *File) end(err error) {
	f.ended = io.EOF
	stopped := f.input.cause()
	var damage *broken
	switch {
	case err == io.EOF:
	case stopped != nil && f.in.err != nil && f.in.err != io.EOF:
		f.ended = fmt.Errorf("read capture %s: %w", f.status.Path, stopped)
	case errors.As(err, &damage):
		f.status.Damage = &Damage{At: damage.at, Unread: f.unread(damage.at), Because: damage.because}
	}
	f.free()
}

// unread is the number of bytes from an offset of the stream to its end.
func (f *File) unread(at int64) int64 {
	switch {
	case f.in.err == io.EOF:
		return f.in.end() - at
	case f.status.Compression == "" && f.size >= 0:
		return max(f.size, f.in.end()) - at
	default:
		return -1
	}
}

func (f *File) free() {
	for _, release := range f.release {
		release()
	}
	f.release = nil
	f.in.buf, f.in.lo, f.in.hi = nil, 0, 0
	f.in.from = nil
}

// Close gives back what the file holds. It may be called more than once, and
// is not needed after Next said io.EOF. Status, Offset and Size stay usable.
func (f *File) Close() error {
	if f.ended == nil {
		f.ended = fmt.Errorf("read capture %s: %w", f.status.Path, os.ErrClosed)
	}
	f.free()
	return nil
}

// Offset is how many bytes of the file, as it lies on disk, were read so far:
// for showing progress. It may be called from any goroutine.
func (f *File) Offset() int64 { return f.input.read.Load() }

// Size is the length of the file in bytes as it lies on disk, -1 if not known.
// It may be called from any goroutine.
func (f *File) Size() int64 { return f.size }
