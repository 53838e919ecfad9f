package sensorcmd

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"candor/internal/block"
	"candor/internal/record"
	"candor/internal/sensor"
	"candor/internal/transport"
)

// Sensor watches interfaces, or reads files as if it had watched, and brings what it sees to the hub.
type Sensor struct {
	home
	Token     string            `help:"Enrol first, with the token that was made at the hub." placeholder:"TOKEN"`
	Interface []string          `help:"Watch this interface; may be given several times." placeholder:"NAME" sep:"none"`
	Filter    string            `help:"Leave packets out: host, net, port and vlan with and, or, not. What is left out is told." placeholder:"EXPRESSION"`
	Read      []string          `help:"Read these files instead, as candor check does, and end when the hub has everything." placeholder:"FILE" sep:"none"`
	Feed      map[string]string `help:"With --read, a log promised under this data id." placeholder:"ID=PATH"`
	Tee       string            `help:"Also write the packets that were read to this file (pcapng)." placeholder:"FILE"`
	SpoolMB   int64             `name:"spool-mb" help:"How much is kept while the hub cannot be reached, in megabytes; beyond, the oldest goes and is counted." default:"1024" placeholder:"MB"`
	RingMB    int               `name:"ring-mb" help:"Memory of each interface's ring, in megabytes." default:"64" placeholder:"MB"`
	Confine   bool              `help:"Give up all privileges once the interfaces are open." default:"true" negatable:""`
	User      string            `help:"Become this user then; only root can." placeholder:"NAME"`
}

// Validate refuses flags that do not fit together.
func (c *Sensor) Validate() error {
	switch {
	case len(c.Interface) == 0 && len(c.Read) == 0:
		return errors.New("say what to watch: --interface NAME, or --read FILE")
	case len(c.Interface) > 0 && len(c.Read) > 0:
		return errors.New("--interface and --read do not go together")
	case len(c.Read) > 0 && (c.Tee != "" || c.Filter != ""):
		return errors.New("--tee and --filter go with --interface only")
	case len(c.Interface) > 0 && len(c.Feed) > 0:
		return errors.New("--feed goes with --read only")
	case c.SpoolMB < 1 || c.SpoolMB > 1<<30 || c.RingMB < 1 || c.RingMB > 4096:
		return errors.New("--spool-mb is 1 or more, --ring-mb 1 to 4096")
	}
	return nil
}

// Run watches until it is stopped, or reads until the hub has everything.
func (c *Sensor) Run(ctx context.Context, w *World) (err error) {
	h, err := transport.OpenHome(c.Dir)
	if err != nil {
		return err
	}
	if h.Certificate() == nil || c.Token != "" && h.Identity().Sensor == "" {
		if err := enrol(ctx, w, h, c.Token); err != nil {
			return err
		}
	}
	open, err := c.eyes(w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, open.close()) }()
	if err := c.confine(w); err != nil {
		return err
	}
	for {
		again, err := c.session(ctx, w, h, open)
		if err != nil || !again {
			return err
		}
		w.Log.Info("another agreement is in force: a new window begins")
	}
}

// scopeWait is how long the hub is asked what to expect before the sensor begins with what it knows.
const scopeWait = 10 * time.Second

// session watches under one scope until it is stopped, the files end, or another agreement is in force; then again is true.
func (c *Sensor) session(ctx context.Context, w *World, h *transport.Home, open eyes) (again bool, err error) {
	id := h.Identity()
	spool, err := transport.OpenSpool(transport.SpoolConfig{
		Dir: filepath.Join(c.Dir, "spool"), Max: c.SpoolMB << 20, Tenant: id.Tenant, Sensor: id.Sensor, Key: h.Key(), Now: w.Now,
	})
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, spool.Close()) }()
	renewed := make(chan record.Scope, 1)
	var eye eye
	sender, err := transport.NewSender(transport.SenderConfig{
		Home: h, Spool: spool, Clock: transport.Clock{Now: w.Now}, Log: w.Log,
		Sight: func() ([]record.Sight, *record.Drops) { return eye.soFar() },
		OnScope: func(s record.Scope) {
			select {
			case renewed <- s:
			default:
			}
		},
	})
	if err != nil {
		return false, err
	}
	scope := c.scope(ctx, w, h, sender)
	if err := eye.open(ctx, open, scope); err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, eye.close()) }()
	return c.watch(ctx, w, spool, sender, &eye, scope, renewed)
}

// scope asks the hub what to expect. Where it cannot be reached, what it said last holds; without any, private addresses count as inside.
func (c *Sensor) scope(ctx context.Context, w *World, h *transport.Home, s *transport.Sender) record.Scope {
	ctx, cancel := context.WithTimeout(ctx, scopeWait)
	defer cancel()
	scope, agreed, err := s.FetchScope(ctx)
	if err == nil && agreed {
		return scope
	}
	if err != nil {
		w.Log.Warn("the hub does not say what to expect", "err", err)
		if known, ok := h.Scope(); ok {
			return known
		}
	}
	scope = record.AssumedScope()
	scope.Sensor = h.Identity().Sensor
	return scope
}

// watch runs the loop and the sender beside each other. When the loop is done, a live sensor ends at once, leaving the rest in the spool; with
// files the sender goes on until the hub has everything.
func (c *Sensor) watch(ctx context.Context, w *World, spool *transport.Spool, sender *transport.Sender, e *eye, scope record.Scope, renewed <-chan record.Scope) (again bool, err error) {
	loop := sensor.New(sensor.Config{
		Spool: spool, Scope: block.Scope{Agreement: scope.Agreement, Revision: scope.Revision}, Now: w.Now, Live: e.live(), Log: w.Log,
	})
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return sender.Run(sending) })
	done := make(chan error, 1)
	go func() { done <- loop.Run(e.context(ctx), e.source) }()
	select {
	case err = <-done:
	case <-ctx.Done(): // what was read is sealed
		e.finish()
		err = <-done
	case <-renewed:
		e.finish()
		err = <-done
		again = e.live()
	}
	if !e.live() && err == nil {
		err = delivered(ctx, w, spool)
	}
	stop()
	return again, errors.Join(err, group.Wait())
}

// deliverLook is how often a sensor that read files looks whether the hub has everything.
const deliverLook = 50 * time.Millisecond

// delivered waits until the hub has everything.
func delivered(ctx context.Context, w *World, spool *transport.Spool) error {
	tick := time.NewTicker(deliverLook)
	defer tick.Stop()
	for {
		st := spool.Status()
		if st.Blocks == 0 {
			fmt.Fprintf(w.Stdout, "Sealed %d records, the hub has %d, %d were counted as lost.\n", st.Sealed, st.Acked, st.Dropped)
			if st.Aside > 0 {
				return fmt.Errorf("%d blocks were refused by the hub or damaged, and lie aside in the spool: see the log", st.Aside)
			}
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d blocks wait in the spool; they are sent with the next start: %w", st.Blocks, ctx.Err())
		}
	}
}
