package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Why says why the hub refused something. It is the type of the problem on the wire and the name of its counter.
type Why string

// The reasons. The first four are the block's own fault: sending it again changes nothing.
const (
	WhyForeign     Why = "foreign"        // the block names another tenant or sensor than the certificate
	WhySignature   Why = "signature"      // not signed by the enrolled key
	WhyDamaged     Why = "damaged"        // not a block, or sizes or hashes do not fit
	WhyConflict    Why = "conflict"       // the hub has another block of the same sensor, epoch and sequence
	WhyTooLarge    Why = "too_large"      //
	WhyCertificate Why = "no_certificate" // none was shown
	WhyUnknown     Why = "unknown"        // no such sensor, or not approved
	WhyRevoked     Why = "revoked"        //
	WhyExpired     Why = "expired"        // the certificate has run out
	WhyToken       Why = "token"          // unknown, used or expired
	WhyRequest     Why = "request"        // not what this address takes
	WhyBusy        Why = "busy"           // later
	WhyInternal    Why = "internal"       //
	WhyConns       Why = "connections"    // too many connections of one address; counted only, nothing is answered
)

// Refusal is a refusal in words.
type Refusal struct {
	Why   Why
	Words string
	After time.Duration // WhyBusy: not before
}

func (r *Refusal) Error() string { return string(r.Why) + ": " + r.Words }

// Busy is the error by which a Receiver asks the sensor to come again later (disk full, queue full).
func Busy(after time.Duration, words string) error {
	return &Refusal{Why: WhyBusy, Words: words, After: after}
}

func refuse(why Why, format string, args ...any) *Refusal {
	return &Refusal{Why: why, Words: fmt.Sprintf(format, args...)}
}

// blockFault reports whether the block itself is refused, so that it would be every time.
func (w Why) blockFault() bool {
	switch w {
	case WhyForeign, WhySignature, WhyDamaged, WhyConflict, WhyTooLarge:
		return true
	}
	return false
}

func (w Why) status() int {
	switch w {
	case WhyForeign, WhyUnknown, WhyRevoked, WhyExpired, WhyToken:
		return http.StatusForbidden
	case WhySignature, WhyDamaged:
		return http.StatusUnprocessableEntity
	case WhyConflict:
		return http.StatusConflict
	case WhyTooLarge:
		return http.StatusRequestEntityTooLarge
	case WhyCertificate:
		return http.StatusUnauthorized
	case WhyRequest:
		return http.StatusBadRequest
	case WhyBusy:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problem is RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
}

const problemType = "urn:candor:sensor:"

func writeProblem(w http.ResponseWriter, r *Refusal) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	if r.Why == WhyBusy {
		h.Set("Retry-After", strconv.Itoa(int(max(r.After, time.Second)/time.Second)))
	}
	w.WriteHeader(r.Why.status())
	data, err := json.Marshal(problem{Type: problemType + string(r.Why), Title: "refused: " + string(r.Why), Status: r.Why.status(), Detail: r.Words})
	if err == nil {
		_, _ = w.Write(data) // the peer may be gone; the refusal is counted anyway
	}
}

// refusalOf makes a refusal of an error; what is no refusal is the hub's own fault, and its words stay here.
func refusalOf(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return refuse(WhyInternal, "the hub could not do it; its log says why")
}

// counts counts refusals by reason. mu guards n.
type counts struct {
	mu sync.Mutex
	n  map[Why]uint64
}

func (c *counts) add(w Why) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[Why]uint64{}
	}
	c.n[w]++
}

func (c *counts) all() map[Why]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[Why]uint64, len(c.n))
	for k, v := range c.n {
		out[k] = v
	}
	return out
}
