package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"

	"candor/internal/access"
	"candor/internal/service"
	"candor/internal/store"
)

// Problem is an error as RFC 9457 gives it.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	ID     string `json:"id,omitempty"` // of an internal fault, as the hub's log has it
}

// kind is how a class of errors is shown.
type kind struct {
	is     error
	status int
	title  string
	detail bool // the error's words are for the caller
}

// kinds lists the classes, the first that fits holds. What is absent and what is another's have the same words.
func kinds() []kind {
	return []kind{
		{access.ErrNobody, http.StatusUnauthorized, "Who are you?", true},
		{access.ErrDenied, http.StatusForbidden, "Not allowed", true},
		{access.ErrUnknown, http.StatusNotFound, "Not found", false},
		{service.ErrNotFound, http.StatusNotFound, "Not found", false},
		{access.ErrInvalid, http.StatusBadRequest, "Not understood", true},
		{service.ErrInvalid, http.StatusBadRequest, "Not understood", true},
		{store.ErrInvalid, http.StatusBadRequest, "Not understood", true},
		{store.ErrFull, http.StatusServiceUnavailable, "No room", true},
		{store.ErrDeadline, http.StatusGatewayTimeout, "It took too long", true},
		{store.ErrMemory, http.StatusServiceUnavailable, "It needed too much memory", true},
		{service.ErrUnavailable, http.StatusServiceUnavailable, "Not available now", true},
		{store.ErrUnavailable, http.StatusServiceUnavailable, "Not available now", true},
		{context.DeadlineExceeded, http.StatusGatewayTimeout, "It took too long", false},
	}
}

// problem answers with an error. Faults of ours are logged with an id, and only the id is told.
func (a *API) problem(w http.ResponseWriter, r *http.Request, err error) {
	p := Problem{Type: "about:blank", Title: "Internal fault", Status: http.StatusInternalServerError}
	known := false
	for _, k := range kinds() {
		if errors.Is(err, k.is) {
			known = true
			p.Title, p.Status = k.title, k.status
			if k.detail {
				p.Detail = err.Error()
			}
			break
		}
	}
	if !known {
		p.ID = rand.Text()[:12]
		p.Detail = "The hub's log says more under this id."
		a.opts.Log.Error("request failed", "id", p.ID, "method", r.Method, "route", r.Pattern, "err", err)
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="candor"`)
	}
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p) // the reader went away, if at all
}
