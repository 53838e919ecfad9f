package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/judge"
	"candor/internal/notice"
	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/store"
	"candor/internal/transport"
	"candor/internal/verdict"
)

// post is one sensor at the hub: its fold, which one goroutine owns, and what came for it meanwhile.
type post struct {
	hub   *Hub
	key   key
	wake  chan struct{}
	asks  chan func()                  // run by the goroutine that owns what follows
	view  atomic.Pointer[service.View] // the newest; nil before the first
	told  time.Time                    // when a Result was made last
	cost  time.Duration                // how long that took
	stale bool                         // blocks were folded since

	fold      *Fold
	from      uint64 // the first epoch of the window that is folded
	terms     *coverage.Terms
	agreement *agreement.Agreement
	watch     notice.Watch

	mu      sync.Mutex // guards all below
	metas   []Meta     // stored and not yet offered to the fold
	beat    *transport.Heartbeat
	beatAt  record.Time
	heardAt record.Time // of the last heartbeat that the store knows of
	again   bool        // a new window began: the fold is made anew
	place   transport.Position
	behind  bool
	problem string
}

// How often a post looks around without being woken, and how often a Result is made when something changed, or when only time passed.
const (
	lookEvery    = time.Second
	resultEvery  = 3 * time.Second
	resultAtRest = 10 * time.Second
	costShare    = 5 // a Result that takes long is made less often: at most a fifth of the time
	heardEvery   = 30 * record.Time(time.Second)
)

func newPost(h *Hub, k key) *post {
	return &post{hub: h, key: k, wake: make(chan struct{}, 1), asks: make(chan func())}
}

// offer tells of a block that was stored.
func (p *post) offer(m Meta) {
	p.mu.Lock()
	p.metas = append(p.metas, m)
	p.mu.Unlock()
	p.stir()
}

// hear tells of a heartbeat.
func (p *post) hear(hb *transport.Heartbeat, at record.Time) {
	p.mu.Lock()
	p.beat, p.beatAt = hb, at
	p.mu.Unlock()
	p.stir()
	p.hub.crowd.tell(p.key.tenant, service.Event{Kind: "sight", Sensor: p.key.sensor, Live: p.live()})
}

// renew asks for a fold of the newest window.
func (p *post) renew() {
	p.mu.Lock()
	p.again = true
	p.mu.Unlock()
	p.stir()
}

func (p *post) stir() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// durable is up to where the hub has every block or knows why not.
func (p *post) durable() transport.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.place
}

// run owns the fold until ctx ends. A failure is logged and tried again: the sensor's data stays where it is.
func (p *post) run(ctx context.Context) error {
	log := p.hub.opts.Log.With("tenant", string(p.key.tenant), "sensor", string(p.key.sensor))
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := p.turn(ctx); err != nil && ctx.Err() == nil {
			log.Error("folding failed; it is tried again", "err", err)
			p.say(err.Error())
		}
		select {
		case <-ctx.Done():
			return p.end(log.Error)
		case ask := <-p.asks:
			ask()
		case <-p.wake:
		case <-tick.C:
		}
	}
}

// end keeps a snapshot.
func (p *post) end(failed func(string, ...any)) error {
	if p.fold == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.fold.Keep(ctx); err != nil {
		failed("no snapshot was kept; the next start folds more", "err", err)
	}
	return nil
}

// turn takes in what came, folds some of it, and makes a Result when it is time.
func (p *post) turn(ctx context.Context) error {
	if err := p.takeIn(ctx); err != nil {
		return err
	}
	began := p.hub.opts.Now()
	worked := true
	for worked && p.hub.opts.Now().Sub(began) < lookEvery {
		var err error
		if worked, err = p.fold.Step(ctx, p.hub.now()); err != nil {
			return err
		}
	}
	if worked {
		p.stir()
	}
	at := p.fold.At()
	p.mu.Lock()
	p.stale = p.stale || p.place != transport.Position(at)
	p.place, p.behind, p.problem = transport.Position(at), p.fold.Behind() > 0, ""
	p.mu.Unlock()
	return p.result(ctx)
}

// takeIn hands to the fold what came since; a new window makes a new fold.
func (p *post) takeIn(ctx context.Context) error {
	p.mu.Lock()
	metas, beat, beatAt, again := p.metas, p.beat, p.beatAt, p.again
	p.metas, p.again = nil, false
	p.mu.Unlock()
	if p.fold == nil || again {
		if err := p.begin(ctx); err != nil {
			p.mu.Lock()
			p.metas, p.again = append(metas, p.metas...), true
			p.mu.Unlock()
			return err
		}
	}
	for _, m := range metas {
		if m.Epoch >= p.from {
			p.fold.Offer(m)
		}
	}
	if beat == nil {
		return nil
	}
	p.fold.Heard(beatAt, Cursor(beat.Sealed))
	if beatAt < p.heardAt+heardEvery {
		return nil
	}
	p.heardAt = beatAt
	return p.hub.opts.Store.People().PutHeard(ctx, p.key.tenant, p.key.sensor, beatAt)
}

// begin makes the fold of the sensor's window.
func (p *post) begin(ctx context.Context) error {
	people := p.hub.opts.Store.People()
	w, _, err := people.Window(ctx, p.key.tenant, p.key.sensor)
	if err != nil {
		return err
	}
	a, err := p.hub.agreed(ctx, p.key.tenant, w.Revision)
	if err != nil {
		return err
	}
	terms, err := coverage.NewTerms(a, p.key.sensor)
	if err != nil {
		return fmt.Errorf("read the agreement for sensor %s: %w", p.key.sensor, err)
	}
	heard, err := people.Heard(ctx, p.key.tenant, p.key.sensor)
	if err != nil {
		return err
	}
	cfg := judge.Config{Agreement: a, Sensor: p.key.sensor, Safelist: p.hub.opts.Safelist}
	if p.hub.opts.Intel != nil {
		cfg.Intel = p.hub.opts.Intel(&terms.Scope)
	}
	blocks := &stored{store: p.hub.opts.Store, tenant: p.key.tenant, sensor: p.key.sensor, epoch: w.Epoch}
	fold, err := NewFold(ctx, Config{
		Judge: func() (*judge.Judge, error) { return judge.New(cfg) }, Blocks: blocks, Snapshots: blocks,
		Wait: p.hub.opts.Wait, Silent: silentAfter, Every: time.Nanosecond, Since: p.hub.since, Heard: heard,
	})
	if err != nil {
		return err
	}
	p.fold, p.from, p.terms, p.agreement = fold, w.Epoch, terms, a
	p.view.Store(nil)
	return p.recall(ctx)
}

// recall takes up what people were told before.
func (p *post) recall(ctx context.Context) error {
	list, err := p.hub.opts.Store.People().Told(ctx, p.key.tenant, p.key.sensor)
	if err != nil {
		return err
	}
	keys := make([]notice.Key, 0, len(list))
	for _, x := range list {
		keys = append(keys, notice.Key{Tenant: p.key.tenant, Sensor: p.key.sensor, Code: verdict.Code(x.Code), Subject: x.Subject})
	}
	p.watch = notice.Watch{}
	p.watch.Recall(keys)
	return nil
}

// result makes a Result, if the one there is has become old, and tells of it.
func (p *post) result(ctx context.Context) error {
	now := p.hub.opts.Now()
	wait := resultAtRest
	if p.stale {
		wait = max(resultEvery, costShare*p.cost)
	}
	if p.view.Load() != nil && now.Sub(p.told) < wait && !now.Before(p.told) {
		return nil
	}
	r := p.fold.Result(record.TimeOf(now))
	text, err := writeResult(r)
	if err != nil {
		return err
	}
	p.view.Store(&service.View{
		Result: r, JSON: text, Terms: p.terms, Agreement: p.agreement, Until: p.fold.Until(), At: now,
		Sights: func(ctx context.Context) (s []record.Sight, err error) {
			err = p.ask(ctx, func() { s = p.fold.Sights() })
			return s, err
		},
	})
	p.told, p.cost, p.stale = now, p.hub.opts.Now().Sub(now), false
	p.hub.crowd.tell(p.key.tenant, service.Event{Kind: "result", Sensor: p.key.sensor})
	return p.notify(ctx, r, now)
}

// writeResult writes a Result as `candor check --json` does.
func writeResult(r *judge.Result) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("write the Result: %w", err)
	}
	return b.Bytes(), nil
}

// notify tells people of what changed, and keeps what they were told.
func (p *post) notify(ctx context.Context, r *judge.Result, now time.Time) error {
	news := p.watch.See(p.key.tenant, p.key.sensor, r, now)
	if p.hub.opts.Notices == nil || len(news) == 0 {
		return nil
	}
	for _, n := range news {
		p.hub.opts.Notices.Put(n)
	}
	var told []store.Told
	for _, k := range p.watch.Told() {
		told = append(told, store.Told{Code: string(k.Code), Subject: k.Subject})
	}
	return p.hub.opts.Store.People().PutTold(ctx, p.key.tenant, p.key.sensor, told)
}

// ask runs f in the goroutine that owns the fold.
func (p *post) ask(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case p.asks <- func() { f(); close(done) }:
	case <-ctx.Done():
		return ctx.Err()
	case <-p.hub.ended():
		return errNotRunning
	}
	<-done
	return nil
}

func (p *post) say(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problem = problem
}
