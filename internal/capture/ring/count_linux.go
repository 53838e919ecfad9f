package ring

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"candor/internal/capture"
)

// count adds what the kernel counted since it was last asked; asking sets its counters back.
func (g *ring) count() {
	if g.fd < 0 {
		return
	}
	st, err := unix.GetsockoptTpacketStatsV3(g.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return
	}
	g.seen += uint64(st.Packets) // dropped ones included
	g.dropped += uint64(st.Drops)
}

// Counted reads all counters, those of the kernel too, and looks after the links: an interface that vanished is read again
// when it is back. To be called about once a second, as the kernel's counters have 32 bits.
func (r *Rings) Counted() []capture.Counted {
	out := make([]capture.Counted, len(r.faces))
	for i, f := range r.faces {
		if !errors.Is(r.ended, os.ErrClosed) {
			r.look(f)
		}
		c := f.total
		c.Name, c.Link, c.Filter = f.name, f.link, r.opts.Filter
		for _, g := range r.rings {
			if g.face != f {
				continue
			}
			g.count()
			c.Seen += g.seen
			c.Dropped += g.dropped + g.lost
			c.Read += g.read
			c.Bytes += g.bytes
			c.Unfinished += g.unfinished
			c.Tagged += g.tagged
		}
		c.Missed += f.watch.excess(&c)
		for _, g := range r.rings { // a frame that waits for its turn is not given yet
			if g.face == f && g.full {
				c.Read--
				c.Bytes -= uint64(len(g.head.Data))
			}
		}
		out[i] = c
	}
	return out
}

// A watch follows the counters of an interface itself. They begin anew when it does.
type watch struct {
	folder string
	before sysCounts
	link   string // as last seen: carrier_changes

	refused uint64 // rx_dropped, up to the look before
	newest  uint64 // and up to now
	certain uint64 // of these, not to be explained otherwise
}

// sysCounts are the counters of /sys/class/net/NAME/statistics that say something of loss.
type sysCounts struct{ arrived, sent, missed, refused, damaged uint64 }

func (w *watch) begin(name string) {
	w.folder = filepath.Join("/sys/class/net", name)
	w.before, _ = w.counts()
	w.link = w.text("carrier_changes")
}

func (w *watch) text(name string) string {
	b, err := os.ReadFile(filepath.Join(w.folder, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func (w *watch) number(name string) uint64 {
	n, _ := strconv.ParseUint(w.text(filepath.Join("statistics", name)), 10, 64)
	return n
}

func (w *watch) counts() (c sysCounts, ok bool) {
	if _, err := os.Stat(filepath.Join(w.folder, "statistics")); err != nil {
		return c, false
	}
	return sysCounts{
		arrived: w.number("rx_packets"), sent: w.number("tx_packets"),
		missed: w.number("rx_missed_errors"), refused: w.number("rx_dropped"),
		damaged: w.number("rx_crc_errors") + w.number("rx_frame_errors") + w.number("rx_length_errors"),
	}, true
}

// since adds what a counter grew by; one that went back began anew.
func since(total *uint64, before, now uint64) {
	if now >= before {
		*total += now - before
		return
	}
	*total += now
}

// excess is how many packets rx_dropped says were lost that the rings cannot have seen. The kernel also counts there what
// carries a VLAN tag and a protocol that this machine does not speak, after we saw it; nothing tells the two apart. So what
// was tagged, was dropped by the rings or still waits in them may be behind it, and only what is more is certain. Counters are
// not read at the same moment: the older one of rx_dropped is held against the newer ones.
func (w *watch) excess(c *capture.Counted) uint64 {
	if perhaps := c.Tagged + c.Seen - min(c.Read, c.Seen); w.refused > perhaps {
		w.certain = max(w.certain, w.refused-perhaps)
	}
	return w.certain
}

// look reads the interface's own counters and its state, and binds the sockets anew when its name means another interface.
func (r *Rings) look(f *face) {
	w, t := &f.watch, &f.total
	number := interfaceNumber(r.ringOf(f).fd, f.name)
	if number == 0 {
		if f.number != 0 {
			t.Flaps++
		}
		f.number, w.before, w.link = 0, sysCounts{}, ""
		t.Down = "the interface is not there"
		return
	}
	if number != f.number {
		t.Flaps++
		w.before, w.link = sysCounts{}, w.text("carrier_changes")
		if err := r.again(f); err != nil {
			f.number = 0
			t.Down = "the interface is back and cannot be read: " + err.Error()
			return
		}
	}
	if now, ok := w.counts(); ok {
		since(&t.Arrived, w.before.arrived, now.arrived)
		if f.outgoing {
			since(&t.Arrived, w.before.sent, now.sent)
		}
		since(&t.Missed, w.before.missed, now.missed)
		w.refused = w.newest
		since(&w.newest, w.before.refused, now.refused)
		since(&t.Damaged, w.before.damaged, now.damaged)
		w.before = now
	}
	if link := w.text("carrier_changes"); link != w.link {
		t.Flaps++
		w.link = link
	}
	t.Down = down(w)
}

// down says why nothing can come from an interface that is there.
func down(w *watch) string {
	flags, err := strconv.ParseUint(w.text("flags"), 0, 32)
	switch {
	case err == nil && flags&unix.IFF_UP == 0:
		return "the interface is switched off"
	case w.text("carrier") == "0":
		return "there is no link: no cable, or nothing at its other end"
	default:
		return ""
	}
}

func (r *Rings) ringOf(f *face) *ring {
	for _, g := range r.rings {
		if g.face == f {
			return g
		}
	}
	return r.rings[0]
}

// interfaceNumber is how the kernel calls an interface; 0 when there is none of that name.
func interfaceNumber(fd int, name string) int {
	req, err := unix.NewIfreq(name)
	if err != nil || unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req) != nil {
		return 0
	}
	return int(req.Uint32())
}

// again makes the rings of a face hear its interface, which is a new one of the same name. Its sockets stay, and with them
// what they hold and have counted; rings that share an interface must be opened anew, which needs CAP_NET_RAW again.
func (r *Rings) again(f *face) error {
	if r.opts.Fanout == 1 {
		return r.ringOf(f).bind(&r.opts)
	}
	for _, g := range r.rings {
		if g.face == f && (g.full || g.walk.mem != nil || g.ready(g.at)) {
			return errors.New("what it gave before is still being read")
		}
	}
	return r.anew(f)
}

// anew exchanges the rings of an interface, which are empty, for new ones. The counts of the old are kept.
func (r *Rings) anew(f *face) error {
	fresh := make([]*ring, 0, r.opts.Fanout)
	for range r.opts.Fanout {
		g, err := newRing(f, &r.opts)
		if err == nil {
			fresh = append(fresh, g)
			err = g.bind(&r.opts)
		}
		if err != nil {
			for _, g := range fresh {
				g.close()
			}
			return explained(err)
		}
	}
	kept := fresh
	for _, g := range r.rings {
		if g.face != f {
			kept = append(kept, g)
			continue
		}
		g.count()
		f.total.Seen += g.seen
		f.total.Dropped += g.dropped + g.lost
		f.total.Read += g.read
		f.total.Bytes += g.bytes
		f.total.Unfinished += g.unfinished
		f.total.Tagged += g.tagged
		g.close()
	}
	r.rings = kept
	if err := r.share(f); err != nil {
		return err
	}
	for _, g := range fresh {
		if err := g.accept(r.program); err != nil {
			return err
		}
	}
	return nil
}
