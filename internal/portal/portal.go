package portal

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"candor/internal/access"
	"candor/internal/record"
	"candor/internal/service"
)

// Options are what a portal needs beside the service.
type Options struct {
	Who  func(*http.Request) (*access.Principal, error) // tells who asks; access.ErrNobody when nobody is signed in
	Now  func() time.Time
	Log  *slog.Logger
	Beat time.Duration // between signs of life on a stream; 0: one second
	Demo Demo          // nil: this hub is no demo
}

// Demo is what the controls of a demo move.
type Demo interface {
	// Controls lists what can be moved, and how each stands.
	Controls() []Control
	// Move moves one, by its id.
	Move(id string) error
}

// Control is one thing that can be moved in a demo.
type Control struct {
	ID    string
	Label string // what pressing it does
	Now   string // how it stands
}

// Portal serves the pages.
type Portal struct {
	service *service.Service
	opts    Options
	pages   map[string]*template.Template // by name, each with the frame
	assets  *assets
}

// New makes the handler of all pages. Paths below /api/ are not its.
func New(s *service.Service, o Options) (http.Handler, error) {
	if o.Beat <= 0 {
		o.Beat = time.Second
	}
	p := &Portal{service: s, opts: o}
	var err error
	if p.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	if p.pages, err = loadPages(p.assets); err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", p.assets)
	for _, rt := range routes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, rt.handle) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.serve(w, r, func(*call) error { return service.ErrNotFound })
	})
	return guard(http.NewCrossOriginProtection().Handler(mux)), nil
}

// route is one page or act.
type route struct {
	pattern string
	handle  func(*call) error
}

// routes lists the pages; each file of a page gives its own.
func routes() []route {
	return homeRoutes()
}

// guard sets what every answer carries: nothing is loaded from elsewhere, nothing inline runs.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = http.MaxBytesReader(w, r.Body, 4<<20)
		next.ServeHTTP(w, r)
	})
}

// call is one request on its way through a page.
type call struct {
	p   *Portal
	who *access.Principal // nil: nobody is signed in; serve lets that through to no page
	w   http.ResponseWriter
	r   *http.Request
}

func (c *call) tenant() record.Tenant { return record.Tenant(c.r.PathValue("tenant")) }

func (c *call) sensor() record.Sensor { return record.Sensor(c.r.FormValue("sensor")) }

// serve tells who asks, runs the page and shows its error.
func (p *Portal) serve(w http.ResponseWriter, r *http.Request, handle func(*call) error) {
	c := &call{p: p, w: w, r: r}
	var err error
	if c.who, err = p.opts.Who(r); err == nil {
		err = handle(c)
	}
	if err == nil || errors.Is(err, errShown) {
		return
	}
	c.wrong(err)
}

// errShown says that a page has answered by itself.
var errShown = errors.New("shown")
