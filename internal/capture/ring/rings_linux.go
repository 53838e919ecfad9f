package ring

import (
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"candor/internal/capture"
)

// Rings read live interfaces as one stream of frames.
type Rings struct {
	opts    Options
	program []bpf.RawInstruction
	faces   []*face
	rings   []*ring
	wake    int   // an eventfd that Stop writes to
	now     int64 // a wall clock reading; never in the future

	stopped  atomic.Bool
	stopping bool
	deadline time.Time // of the draining
	ended    error
	pollset  []unix.PollFd
}

// A face is an interface.
type face struct {
	name     string
	index    int // among the interfaces asked for
	number   int // as the kernel calls it now
	link     uint16
	outgoing bool // what this machine sends is captured as well
	watch    watch
	total    capture.Counted // but for what its rings count
}

// A ring is a socket with the memory it shares with the kernel.
type ring struct {
	fd     int
	face   *face
	mem    []byte
	block  int // bytes
	blocks int
	at     int    // the block that is read, or the next one
	walk   walker // in that block; without memory when it is still the kernel's
	full   bool   // head is a frame
	head   capture.Frame

	seen, dropped uint64 // by the kernel's count
	read, bytes   uint64
	lost          uint64 // in blocks that could not be walked
	unfinished    uint64
	tagged        uint64
}

// drainFor is how long Stop waits for a packet that the kernel has counted and not yet handed over.
const drainFor = 2 * time.Second

// Next gives the next frame of all interfaces in the order of time; its data stay valid until the next call. It waits up
// to wait, then says capture.ErrQuiet. After Stop it gives what is left and then io.EOF; after Close os.ErrClosed.
//
// Frame.Interface is the place of the interface in Options.Interfaces.
func (r *Rings) Next(f *capture.Frame, wait time.Duration) error {
	var until time.Time
	for {
		if r.ended != nil {
			return r.ended
		}
		if r.stopped.Load() && !r.stopping {
			r.refuse()
		}
		if g := r.first(); g != nil {
			*f = g.head
			g.full = false
			return nil
		}
		if r.stopping && r.drained() {
			r.ended = io.EOF
			return io.EOF
		}
		now := time.Now()
		if until.IsZero() {
			until = now.Add(wait)
		}
		left := until.Sub(now)
		if left <= 0 {
			return capture.ErrQuiet
		}
		r.poll(left)
	}
}

// first is the ring whose next frame is the earliest; nil when there is none, or when an earlier one may still be on its
// way in a ring that has none to give.
func (r *Rings) first() *ring {
	var best *ring
	var patience time.Duration
	for _, g := range r.rings {
		switch {
		case g.full || g.load():
			if best == nil || g.head.Time < best.head.Time {
				best = g
			}
		case g.filling():
			patience = min(8*r.opts.Wait, capture.Horizon*3/4)
		default:
			patience = max(patience, late)
		}
	}
	if best != nil && patience != 0 && !r.settled(best.head.Time, patience) {
		return nil
	}
	return best
}

// late is how long a packet may take from its time stamp to its ring.
const late = 5 * time.Millisecond

// settled says whether a frame is so old that a ring without frames need not be waited for. A frame from the future is given
// at once: the clock went back.
func (r *Rings) settled(at int64, patience time.Duration) bool {
	old := at + int64(patience)
	if r.now >= old {
		return true
	}
	r.now = time.Now().UnixNano()
	return r.now >= old || r.now < at
}

// filling says whether the kernel has put frames into the block that comes next, and not yet handed it over.
func (g *ring) filling() bool {
	return g.mem != nil && atomic.LoadUint32((*uint32)(unsafe.Pointer(&g.mem[g.at*g.block+blockPackets]))) != 0
}

// load takes the next frame out of the ring, if there is one. The block of the frame before is given back to the kernel
// when it was the last in it.
func (g *ring) load() bool {
	for {
		if g.walk.mem == nil {
			if g.mem == nil || !g.ready(g.at) {
				return false
			}
			g.walk.begin(g.mem[g.at*g.block : (g.at+1)*g.block])
		}
		if g.walk.left == 0 {
			g.release()
			continue
		}
		left := g.walk.left
		s, err := g.walk.next(&g.head, g.face.link == linkEthernet)
		if err != nil && g.walk.left == left { // not even this frame
			g.lost += uint64(left)
			g.walk.left = 0
			continue
		}
		if err != nil {
			g.lost += uint64(g.walk.left)
			g.walk.left = 0
		}
		g.head.Link, g.head.Interface, g.head.File = g.face.link, g.face.index, 0
		g.full = true
		g.read++
		g.bytes += uint64(len(g.head.Data))
		if s.unfinished {
			g.unfinished++
		}
		if s.tagged {
			g.tagged++
		}
		return true
	}
}

func (g *ring) status(block int) *uint32 {
	return (*uint32)(unsafe.Pointer(&g.mem[block*g.block+blockStatus]))
}

func (g *ring) ready(block int) bool {
	return atomic.LoadUint32(g.status(block))&unix.TP_STATUS_USER != 0
}

// release gives the block back to the kernel.
func (g *ring) release() {
	atomic.StoreUint32(g.status(g.at), unix.TP_STATUS_KERNEL)
	g.walk = walker{}
	g.at++
	if g.at == g.blocks {
		g.at = 0
	}
}

// Fill is the part of the fullest ring that waits to be read, 0 to 1.
func (r *Rings) Fill() float64 {
	most := 0.0
	for _, g := range r.rings {
		n := 0
		for i := range g.blocks {
			if g.mem != nil && g.ready((g.at+i)%g.blocks) {
				n++
				continue
			}
			break
		}
		if g.blocks > 0 {
			most = max(most, float64(n)/float64(g.blocks))
		}
	}
	return most
}

// poll waits until a ring that has no frame gets some, until Stop, or until the time is up.
func (r *Rings) poll(left time.Duration) {
	r.pollset = append(r.pollset[:0], unix.PollFd{Fd: int32(r.wake), Events: unix.POLLIN})
	waiting := false
	for _, g := range r.rings {
		if g.full { // its socket would not let us wait
			waiting = true
			continue
		}
		if g.fd >= 0 {
			r.pollset = append(r.pollset, unix.PollFd{Fd: int32(g.fd), Events: unix.POLLIN | unix.POLLERR})
		}
	}
	if waiting {
		left = min(left, r.opts.Wait/4)
	}
	if r.stopping {
		left = min(left, r.opts.Wait/2)
		r.pollset = r.pollset[1:] // it was heard
	}
	n, err := unix.Poll(r.pollset, max(1, int(left/time.Millisecond)))
	if n <= 0 || err != nil {
		return
	}
	for _, p := range r.pollset {
		if p.Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
			_, _ = unix.GetsockoptInt(int(p.Fd), unix.SOL_SOCKET, unix.SO_ERROR) // reading it clears it; Counted looks after the link
		}
	}
}

// Stop ends capturing: nothing that comes afterwards is counted, and Next gives what came before. It may be called from any
// goroutine, more than once.
func (r *Rings) Stop() {
	r.stopped.Store(true)
	one := [8]byte{1, 1, 1, 1, 1, 1, 1, 1}
	_, _ = unix.Write(r.wake, one[:])
}

// refuse makes the kernel pass over everything that comes from now on.
func (r *Rings) refuse() {
	r.stopping = true
	for _, g := range r.rings {
		_ = g.refuse() // it cannot fail where it was set before
	}
}

// drained says whether everything that the kernel counted was given. It is asked when no frame is there.
func (r *Rings) drained() bool {
	whole := true
	for _, g := range r.rings {
		g.count()
		whole = whole && g.read+g.lost+g.dropped == g.seen
	}
	if r.deadline.IsZero() {
		r.deadline = time.Now().Add(drainFor)
	}
	return whole || time.Now().After(r.deadline)
}

// Close gives back sockets and memory; frames given before must not be looked at any more. Counted stays usable.
func (r *Rings) Close() error {
	if errors.Is(r.ended, os.ErrClosed) {
		return nil
	}
	r.ended = os.ErrClosed
	for _, g := range r.rings {
		g.count()
		g.close()
	}
	r.stopped.Store(true)
	if r.wake >= 0 {
		return os.NewSyscallError("close", unix.Close(r.wake))
	}
	return nil
}

func (g *ring) close() {
	if g.mem != nil {
		_ = unix.Munmap(g.mem)
		g.mem = nil
	}
	if g.fd >= 0 {
		_ = unix.Close(g.fd)
		g.fd = -1
	}
	g.walk, g.full, g.head = walker{}, false, capture.Frame{}
}
