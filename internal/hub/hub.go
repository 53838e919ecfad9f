package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"candor/internal/agreement"
	"candor/internal/intel"
	"candor/internal/notice"
	"candor/internal/record"
	"candor/internal/store"
)

// Options are what a Hub needs.
type Options struct {
	Store    *store.Store
	Intel    func(*record.Scope) *intel.Set // indicator lists for a tenant's scope; nil: none
	Safelist *intel.Safelist                // nil: none
	Notices  *notice.Sender                 // nil: nobody is told
	Now      func() time.Time
	Log      *slog.Logger
	Wait     time.Duration // for a missing block; 0: as Config
}

// Hub takes in what sensors send, keeps a judge for each of them, and gives what they say now. Its methods are safe for use by many goroutines
// once Run runs.
type Hub struct {
	opts  Options
	since record.Time
	crowd crowd

	mu    sync.Mutex // guards posts, group, ctx
	posts map[key]*post
	group *errgroup.Group
	ctx   context.Context // of Run, for posts that begin later
}

// key names a sensor of a tenant.
type key struct {
	tenant record.Tenant
	sensor record.Sensor
}

// New makes a hub. It begins to listen now.
func New(o Options) *Hub {
	return &Hub{opts: o, since: record.TimeOf(o.Now()), posts: map[key]*post{}, crowd: crowd{readers: map[*reader]bool{}}}
}

// silentAfter is without how many heartbeats a sensor is called silent: before 120 s have passed (DESIGN.md 4).
const silentAfter = 110 * time.Second

// upkeepEvery is how often blocks are compacted and old days dropped.
const upkeepEvery = time.Hour

// Run folds until ctx ends; then snapshots are kept. Sensors that were here before are taken up at once.
func (h *Hub) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	h.mu.Lock()
	h.group, h.ctx = group, ctx
	h.mu.Unlock()
	if err := h.takeUp(ctx); err != nil {
		return fmt.Errorf("take up sensors: %w", err)
	}
	group.Go(func() error { return h.upkeep(ctx) })
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return ctx.Err()
}

// takeUp begins to fold what is stored.
func (h *Hub) takeUp(ctx context.Context) error {
	tenants, err := h.opts.Store.People().Tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		sensors, err := h.opts.Store.Sensors(ctx, t.ID)
		if err != nil {
			return err
		}
		for _, s := range sensors {
			if _, err := h.post(key{t.ID, s}); err != nil {
				return err
			}
		}
	}
	return nil
}

// errNotRunning says that nothing is folded yet, or any more.
var errNotRunning = errors.New("the hub is not running")

// post is where a sensor's blocks are folded; it begins with the first.
func (h *Hub) post(k key) (*post, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.posts[k]; p != nil {
		return p, nil
	}
	if h.ctx == nil || h.ctx.Err() != nil {
		return nil, errNotRunning
	}
	p := newPost(h, k)
	h.posts[k] = p
	ctx := h.ctx
	h.group.Go(func() error { return p.run(ctx) })
	return p, nil
}

// known is a sensor's post if it has one.
func (h *Hub) known(k key) *post {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.posts[k]
}

// of lists a tenant's posts.
func (h *Hub) of(t record.Tenant) []*post {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*post
	for k, p := range h.posts {
		if k.tenant == t {
			out = append(out, p)
		}
	}
	return out
}

// ended is closed when Run ends.
func (h *Hub) ended() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ctx.Done()
}

// now is the hub's clock.
func (h *Hub) now() record.Time { return record.TimeOf(h.opts.Now()) }

// agreed is the agreement of a revision; nil for revision 0.
func (h *Hub) agreed(ctx context.Context, t record.Tenant, revision int) (*agreement.Agreement, error) {
	if revision == 0 {
		return nil, nil
	}
	text, err := h.opts.Store.People().AgreementAt(ctx, t, revision)
	if err != nil {
		return nil, err
	}
	if text.Revision == 0 {
		return nil, fmt.Errorf("tenant %s has no revision %d of an agreement", t, revision)
	}
	a, err := agreement.Parse(fmt.Sprintf("agreement of %s, revision %d", t, revision), text.Text)
	if err != nil {
		return nil, err
	}
	return a, nil
}

// upkeep compacts blocks and drops old days, by the hour.
func (h *Hub) upkeep(ctx context.Context) error {
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if err := h.tidy(ctx); err != nil && ctx.Err() == nil {
			h.opts.Log.Error("upkeep failed; the next round tries again", "err", err)
		}
	}
}

func (h *Hub) tidy(ctx context.Context) error {
	tenants, err := h.opts.Store.People().Tenants(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range tenants {
		if t.KeepDays == 0 && t.KeepBytes == 0 {
			continue
		}
		r, err := h.opts.Store.Retain(ctx, t.ID, store.Policy{Days: t.KeepDays, Bytes: t.KeepBytes}, h.opts.Now())
		errs = append(errs, err)
		for _, d := range r.Soon {
			h.opts.Log.Warn("a day will be dropped", "tenant", string(t.ID), "day", d.Day, "due", d.Due, "because", d.Why)
		}
		for _, d := range r.Dropped {
			h.opts.Log.Warn("a day was dropped", "tenant", string(t.ID), "day", d.Day, "rows", d.Rows, "because", d.Why)
		}
	}
	c, err := h.opts.Store.Compact(ctx)
	if !errors.Is(err, store.ErrUnavailable) {
		errs = append(errs, err)
	}
	if c.Folders > 0 || c.Skipped > 0 {
		h.opts.Log.Info("compacted", "folders", c.Folders, "sources", c.Sources, "skipped", c.Skipped)
	}
	return errors.Join(errs...)
}
