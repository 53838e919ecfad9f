package store

import "sync"

// leases lets readers use files that a compaction or a drop has already replaced: what is retired is deleted once nobody who
// might have been told of it reads any more.
type leases struct {
	mu     sync.Mutex // guards the rest
	last   uint64
	active map[uint64]struct{}
	trash  []trash
}

type trash struct {
	until  uint64 // leases up to this one may use it
	delete func()
}

// take begins a reading; done ends it.
func (l *leases) take() (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.active == nil {
		l.active = map[uint64]struct{}{}
	}
	l.last++
	id := l.last
	l.active[id] = struct{}{}
	return func() {
		l.mu.Lock()
		delete(l.active, id)
		ready := l.ready()
		l.mu.Unlock()
		run(ready)
	}
}

// retire deletes something as soon as no reading that began before can use it.
func (l *leases) retire(f func()) {
	l.mu.Lock()
	l.trash = append(l.trash, trash{l.last, f})
	ready := l.ready()
	l.mu.Unlock()
	run(ready)
}

// ready takes out what nobody uses; mu is held.
func (l *leases) ready() []trash {
	oldest := l.last + 1
	for id := range l.active {
		oldest = min(oldest, id)
	}
	n := 0
	for n < len(l.trash) && l.trash[n].until < oldest {
		n++
	}
	out := l.trash[:n:n]
	l.trash = l.trash[n:]
	return out
}

// close deletes what is left; what a crash keeps is deleted at the next Open.
func (l *leases) close() {
	l.mu.Lock()
	rest := l.trash
	l.trash = nil
	l.mu.Unlock()
	run(rest)
}

func run(list []trash) {
	for _, t := range list {
		t.delete()
	}
}
