package notice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Way is one way out: a webhook, a mail server.
type Way interface {
	// Name is for logs and for people; it holds no secret.
	Name() string
	Send(ctx context.Context, n *Notice) error
}

// Bounds of sending.
const (
	firstPause = 5 * time.Second
	longPause  = 10 * time.Minute
	giveUp     = 24 * time.Hour
	sendWait   = 20 * time.Second
	maxQueue   = 1000 // notices waiting on one way
)

// Sender delivers notices by every way, each at its own pace. What cannot be delivered is counted and logged.
type Sender struct {
	lanes []*lane
	log   *slog.Logger
}

// lane is one way with what waits for it.
type lane struct {
	way   Way
	queue chan Notice

	mu   sync.Mutex // guards the counters
	sent int
	lost int
	last error
}

// NewSender makes one. Run must run for anything to be sent.
func NewSender(log *slog.Logger, ways ...Way) *Sender {
	s := &Sender{log: log}
	for _, w := range ways {
		s.lanes = append(s.lanes, &lane{way: w, queue: make(chan Notice, maxQueue)})
	}
	return s
}

// Put hands over a notice and never waits: a way with too many waiting loses it, which is counted.
func (s *Sender) Put(n Notice) {
	for _, l := range s.lanes {
		select {
		case l.queue <- n:
		default:
			l.count(errors.New("too many notices wait"), true)
			s.log.Error("notice lost", "way", l.way.Name(), "notice", n.ID, "because", "too many wait")
		}
	}
}

// State is how a way does.
type State struct {
	Way     string `json:"way"`
	Sent    int    `json:"sent"`
	Lost    int    `json:"lost"`
	Waiting int    `json:"waiting"`
	Error   string `json:"error"` // of the last try; empty when it worked
}

// States lists how every way does.
func (s *Sender) States() []State {
	out := make([]State, 0, len(s.lanes))
	for _, l := range s.lanes {
		l.mu.Lock()
		st := State{Way: l.way.Name(), Sent: l.sent, Lost: l.lost, Waiting: len(l.queue)}
		if l.last != nil {
			st.Error = l.last.Error()
		}
		l.mu.Unlock()
		out = append(out, st)
	}
	return out
}

// Run delivers until ctx ends.
func (s *Sender) Run(ctx context.Context) error {
	var wait sync.WaitGroup
	for _, l := range s.lanes {
		wait.Go(func() { l.run(ctx, s.log) })
	}
	wait.Wait()
	return fmt.Errorf("send notices: %w", ctx.Err())
}

func (l *lane) run(ctx context.Context, log *slog.Logger) {
	for {
		select {
		case n := <-l.queue:
			l.deliver(ctx, &n, log)
		case <-ctx.Done():
			return
		}
	}
}

// deliver tries until it worked, with growing pauses, for a day.
func (l *lane) deliver(ctx context.Context, n *Notice, log *slog.Logger) {
	begun, pause := time.Now(), firstPause
	for {
		err := l.try(ctx, n)
		l.count(err, false)
		if err == nil {
			return
		}
		log.Warn("notice not delivered", "way", l.way.Name(), "notice", n.ID, "err", err)
		if time.Since(begun) > giveUp {
			l.count(err, true)
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, longPause)
	}
}

func (l *lane) try(ctx context.Context, n *Notice) error {
	ctx, cancel := context.WithTimeout(ctx, sendWait)
	defer cancel()
	return l.way.Send(ctx, n)
}

func (l *lane) count(err error, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = err
	switch {
	case lost:
		l.lost++
	case err == nil:
		l.sent++
	}
}
