package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"candor/internal/block"
)

// Patience with one block: a start, and as long as the slowest link that is worth having needs for its bytes.
const (
	blockPatience = 2 * time.Minute
	slowestLink   = 64 << 10 // bytes a second
)

// lane sends one block after the other. The live lane sends what was just sealed, the others what waits.
func (s *Sender) lane(ctx context.Context, live bool, pace *pace) {
	for ctx.Err() == nil {
		it, changed := s.cfg.Spool.next(live)
		if it == nil {
			select {
			case <-ctx.Done():
				return
			case <-changed:
			}
			continue
		}
		err := s.deliver(ctx, it)
		if err == nil {
			s.problem("blocks", nil)
			pace.done()
			continue
		}
		if ctx.Err() != nil {
			return
		}
		s.problem("blocks", err)
		s.refresh(err)
		if s.cfg.Clock.sleep(ctx, pace.failed(err)) != nil {
			return
		}
	}
}

// deliver sends a block and removes it when the hub has it. After an error the block is back in its place, or put aside.
func (s *Sender) deliver(ctx context.Context, it *item) error {
	ack, whole, err := s.post(ctx, it)
	var r *Refusal
	switch {
	case err == nil && ack.Hash == it.hash && ack.Position == it.pos:
		s.count(func(st *SenderStatus) {
			st.Sent++
			if ack.Duplicate {
				st.Duplicates++
			}
		})
		if err := s.cfg.Spool.ack(it); err != nil {
			s.cfg.Log.Error("block is delivered and cannot be removed", "epoch", it.pos.Epoch, "sequence", it.pos.Sequence, "err", err)
		}
		return nil
	case err == nil:
		err = fmt.Errorf("the hub acknowledged another block (%d of epoch %d) than it was sent", ack.Sequence, ack.Epoch)
	case errors.As(err, &r) && r.Why.blockFault():
		gone, setErr := s.cfg.Spool.refused(it, r)
		s.cfg.Log.Error("hub refuses block", "epoch", it.pos.Epoch, "sequence", it.pos.Sequence, "because", r.Words, "aside", gone)
		if gone {
			s.count(func(st *SenderStatus) { st.Refused++ })
		}
		return errors.Join(err, setErr)
	case errors.As(err, &r) && r.Why != WhyInternal:
		whole = false // an answer: it was not taken
	case errors.Is(err, errUnreadable):
		if gone, setErr := s.cfg.Spool.damagedHere(it); gone || setErr != nil {
			s.count(func(st *SenderStatus) { st.Refused++ })
			return errors.Join(err, setErr)
		}
	}
	s.count(func(st *SenderStatus) { st.Retries++ })
	s.cfg.Spool.back(it, whole)
	return err
}

func (s *Sender) count(f func(*SenderStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.status)
}

// errUnreadable says that the block could not be read here.
var errUnreadable = errors.New("read block")

// post sends a block; whole reports whether all of it went out, so that the hub may have it even without an answer.
func (s *Sender) post(ctx context.Context, it *item) (ack Ack, whole bool, err error) {
	c, err := s.link.sensor()
	if err != nil {
		return Ack{}, false, err
	}
	b, err := block.Open(it.dir)
	if err != nil {
		return Ack{}, false, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	ctx, cancel := context.WithTimeout(ctx, blockPatience+time.Duration(it.bytes/slowestLink)*time.Second)
	defer cancel()
	body := newBlockBody(b)
	err = s.link.call(ctx, c, http.MethodPost, pathBlocks, body, &ack)
	if readErr := body.end(); readErr != nil {
		err = fmt.Errorf("%w: %w", errUnreadable, readErr)
	}
	return ack, body.whole.Load(), err
}

// blockBody is a block as the body of a request.
type blockBody struct {
	*io.PipeReader
	whole  atomic.Bool // all of it was read by the connection
	failed chan error  // of reading the files; nil when the other end had enough
}

func newBlockBody(b *block.Block) *blockBody {
	r, w := io.Pipe()
	body := &blockBody{PipeReader: r, failed: make(chan error, 1)}
	go func() { // ends when all was read or the reader is closed; end waits for it
		_, err := b.WriteTo(w)
		_ = w.CloseWithError(err) // never fails
		if errors.Is(err, io.ErrClosedPipe) {
			err = nil
		}
		body.failed <- err
	}()
	return body
}

func (b *blockBody) Read(p []byte) (int, error) {
	n, err := b.PipeReader.Read(p)
	if errors.Is(err, io.EOF) {
		b.whole.Store(true)
	}
	return n, err
}

// end closes the body and waits for its writer.
func (b *blockBody) end() error {
	_ = b.Close() // never fails
	return <-b.failed
}
