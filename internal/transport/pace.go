package transport

import (
	"errors"
	"math/rand/v2"
	"sync"
	"time"
)

// pace says how long to wait after failures: twice as long each time up to most, with jitter, and never less than the hub asks. mu guards failures.
type pace struct {
	first, most time.Duration
	jitter      func() float64 // in [0, 1); nil: chance

	mu       sync.Mutex
	failures int
}

// failed notes a failure and gives the wait before the next try.
func (p *pace) failed(err error) time.Duration {
	p.mu.Lock()
	p.failures++
	n := p.failures
	p.mu.Unlock()
	d := p.most
	if n < 20 {
		d = min(p.first<<(n-1), p.most)
	}
	j := p.jitter
	if j == nil {
		j = rand.Float64
	}
	d = d/2 + time.Duration(j()*float64(d/2)) // half of it is chance, so that sensors do not come all at once
	var r *Refusal
	if errors.As(err, &r) && r.After > 0 {
		d = max(d, r.After+time.Duration(j()*float64(min(r.After, time.Second))))
	}
	return d
}

// done notes a success.
func (p *pace) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failures = 0
}
