package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"candor/internal/access"
	"candor/internal/service"
)

// Options are what an API needs beside the service.
type Options struct {
	Log   *slog.Logger
	Now   func() time.Time
	Ready func() error  // nil while the hub can store and answer
	Beat  time.Duration // between signs of life on a stream; 0: DefaultBeat
}

// DefaultBeat is how often a stream shows that it lives.
const DefaultBeat = time.Second

// Bounds of what a caller may send.
const (
	maxBody  = 2 << 20
	maxQuery = 8 << 10
)

// API serves the routes.
type API struct {
	service *service.Service
	opts    Options
	routes  []route
	spec    []byte
}

// New makes the handler of everything below /api/v1/, and /healthz and /readyz.
func New(s *service.Service, o Options) (http.Handler, error) {
	if o.Beat <= 0 {
		o.Beat = DefaultBeat
	}
	a := &API{service: s, opts: o, routes: routes()}
	spec, err := openAPI(a.routes)
	if err != nil {
		return nil, fmt.Errorf("describe the API: %w", err)
	}
	a.spec = spec
	mux := http.NewServeMux()
	for i := range a.routes {
		rt := &a.routes[i]
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { a.serve(w, r, rt) })
	}
	mux.HandleFunc("GET /api/v1/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(a.spec) // the reader went away, if at all
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "alive\n") })
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.problem(w, r, service.ErrNotFound) })
	return guard(mux), nil
}

// guard sets what every answer carries and bounds every question.
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		if len(r.URL.RawQuery) > maxQuery {
			http.Error(w, "the query is too long", http.StatusRequestURITooLong)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

func (a *API) ready(w http.ResponseWriter, _ *http.Request) {
	if a.opts.Ready != nil {
		if err := a.opts.Ready(); err != nil {
			http.Error(w, "not ready: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	_, _ = io.WriteString(w, "ready\n")
}

// call is one request on its way through a route.
type call struct {
	api *API
	who *access.Principal
	w   http.ResponseWriter
	r   *http.Request
}

func (c *call) ctx() context.Context { return c.r.Context() }

// errWritten says that a handler has answered by itself.
var errWritten = errors.New("answered")

func (a *API) serve(w http.ResponseWriter, r *http.Request, rt *route) {
	who, err := a.service.Known(r.Context(), bearer(r))
	if err != nil {
		a.problem(w, r, err)
		return
	}
	answer, err := rt.handle(&call{api: a, who: who, w: w, r: r})
	switch {
	case errors.Is(err, errWritten):
	case err != nil:
		a.problem(w, r, err)
	case answer == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		writeJSON(w, answer)
	}
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the reader went away, if at all
}

func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// read decodes a body strictly: an unknown field is an error that names it.
func (c *call) read(v any) error {
	dec := json.NewDecoder(c.r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fmt.Errorf("%w: the body: %w", service.ErrInvalid, err)
	}
	if dec.More() {
		return fmt.Errorf("%w: the body: one JSON value is wanted", service.ErrInvalid)
	}
	return nil
}
