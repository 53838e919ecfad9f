package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"time"
)

// grace is how much longer than its deadline a query process may take to say so, before it is killed.
const grace = 2 * time.Second

// pool asks questions of a few query processes. One that crashes, hangs or is not needed any more by who asked is killed, and another
// one started when the next question comes.
type pool struct {
	cfg   Query
	log   *slog.Logger
	slots chan *worker // one for each process; nil: not started
}

// worker is one query process, owned by whoever took it from the pool.
type worker struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    io.ReadCloser
	stderr *tail
}

func newPool(cfg Query, log *slog.Logger) *pool {
	p := &pool{cfg: cfg, log: log, slots: make(chan *worker, cfg.Workers)}
	for range cfg.Workers {
		p.slots <- nil
	}
	return p
}

// ask puts a question to a process that is free. A process that ends is errQueryEnded.
func (p *pool) ask(ctx context.Context, q *request) ([][]any, error) {
	if len(p.cfg.Command) == 0 {
		return nil, fmt.Errorf("%w: no query process is configured", ErrUnavailable)
	}
	var w *worker
	select {
	case w = <-p.slots:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { p.slots <- w }()
	if w == nil {
		started, err := p.start()
		if err != nil {
			return nil, err
		}
		w = started
	}
	q.Memory, q.Threads, q.Deadline = p.cfg.Memory, p.cfg.Threads, int64(p.cfg.Deadline)
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Deadline+grace)
	defer cancel()
	a, err := w.roundTrip(ctx, q)
	if err != nil {
		w.kill()
		err = fmt.Errorf("%w: %w%s", errQueryEnded, err, w.stderr)
		w = nil
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%w: the query process was killed: ask for less", ErrDeadline)
		}
		p.log.Error("query process ended", "err", err)
		return nil, err
	}
	switch {
	case a.Kind == kindDeadline:
		return nil, fmt.Errorf("%w: it takes longer than %s: ask for less", ErrDeadline, p.cfg.Deadline)
	case a.Kind == kindMemory:
		return nil, fmt.Errorf("%w: it needs more than %d bytes: ask for less: %s", ErrMemory, p.cfg.Memory, a.Error)
	case a.Error != "":
		return nil, errors.New(a.Error)
	}
	return a.Rows, nil
}

func (p *pool) start() (*worker, error) {
	w := &worker{cmd: exec.Command(p.cfg.Command[0], p.cfg.Command[1:]...), stderr: &tail{}}
	w.cmd.Env = append([]string{}, p.cfg.Env...)
	w.cmd.Stderr = w.stderr
	var err error
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start query process: %w", err)
	}
	if w.out, err = w.cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("start query process: %w", err)
	}
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start query process: %w", err)
	}
	return w, nil
}

// roundTrip sends a question and waits for its answer. When ctx ends the process must be killed: the reading ends with it.
func (w *worker) roundTrip(ctx context.Context, q *request) (response, error) {
	type result struct {
		a   response
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		if r.err = writeMessage(w.in, q, maxRequest); r.err == nil {
			r.err = readMessage(w.out, &r.a, maxResponse)
		}
		done <- r
	}()
	select {
	case r := <-done:
		return r.a, r.err
	case <-ctx.Done():
		return response{}, ctx.Err()
	}
}

// kill ends the process and waits for it.
func (w *worker) kill() {
	_ = w.cmd.Process.Kill() // it may have ended by itself
	_ = w.cmd.Wait()         // its state says only that it was killed
}

// close ends all processes; those at work are waited for.
func (p *pool) close() {
	for range cap(p.slots) {
		if w := <-p.slots; w != nil {
			w.kill()
		}
	}
}

// tail keeps the end of what a process says on its standard error.
type tail struct {
	mu  sync.Mutex // guards buf
	buf []byte
}

// Write keeps the last 2 kB.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b...)
	if n := len(t.buf) - 2048; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
	return len(b), nil
}

// String is what was said, behind a colon.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(bytes.TrimSpace(t.buf)) == 0 {
		return ""
	}
	return ": " + string(bytes.TrimSpace(t.buf))
}
