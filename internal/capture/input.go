package capture

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is how far back a zstd stream may refer, and so what one costs in
// memory at most. zstd's own --ultra -22 and --long=27 stay within it.
const maxWindow = 128 << 20

// An input is the file as it lies on disk. It counts what was read of it.
type input struct {
	from  io.Reader
	read  atomic.Int64
	cause func() error // why reading is to stop, nil if it is not
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	if err := in.cause(); err != nil {
		return 0, err
	}
	n, err := in.from.Read(p)
	in.read.Add(int64(n))
	return n, err
}

// decompress looks at the first bytes of an input. It gives a reader of what
// is inside, the name of the compression, and what to call at the end.
func decompress(in *input) (io.Reader, string, func(), error) {
	nothing := func() {}
	plain := bufio.NewReaderSize(in, firstBuffer)
	head, _ := plain.Peek(4) // a failure comes again with the next Read
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		r, err := gzip.NewReader(plain)
		if errors.Is(err, gzip.ErrHeader) {
			return nil, "", nothing, fmt.Errorf("%w: it starts like gzip but is none", ErrNotCapture)
		}
		if err != nil {
			return failing{cutIfEOF(err)}, Gzip, nothing, nil
		}
		return r, Gzip, nothing, nil
	case len(head) == 4 && isZstd(head):
		r, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return failing{cutIfEOF(err)}, Zstd, nothing, nil
		}
		return r, Zstd, r.Close, nil
	}
	return plain, "", nothing, nil
}

// isZstd knows a zstd frame and a skippable one, which may stand in front
// (RFC 8878, 3.1).
func isZstd(head []byte) bool {
	switch little32(head) {
	case 0xfd2fb528:
		return true
	default:
		return little32(head)&^0xf == 0x184d2a50
	}
}

// failing is a reader of a stream that broke in its own header.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func cutIfEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readFailure says in words why an input could not be read further.
func readFailure(err error) string {
	switch {
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return "its zstd window is larger than 128 MiB; compress it again with --long=27 or less"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the stream is cut"
	default:
		return fmt.Sprintf("reading failed: %v", err)
	}
}
