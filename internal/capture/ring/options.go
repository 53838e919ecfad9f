package ring

import (
	"errors"
	"fmt"
	"time"

	"candor/internal/capture"
)

// Options say what is captured and how. Only Interfaces has no default.
type Options struct {
	Interfaces []string      // names, each once
	Filter     string        // see Compile; empty: everything
	Bytes      int           // memory of one ring; 0 becomes DefaultBytes
	Block      int           // bytes of one block of a ring, and so the longest frame; 0 becomes DefaultBlock
	Fanout     int           // rings for each interface, between which the kernel shares connections; 0 becomes 1
	Wait       time.Duration // how long a block may fill before it is handed over; 0 becomes DefaultWait
	Own        bool          // leave out what this machine itself sends
	Selective  bool          // only what is addressed to this machine: no promiscuous mode
}

// Defaults and bounds.
const (
	DefaultBytes = 64 << 20
	DefaultBlock = 1 << 20 // holds a frame of capture.MaxFrame bytes
	DefaultWait  = 20 * time.Millisecond

	maxBytes      = 4 << 30
	minBlock      = 128 << 10 // a frame of 64 KiB must fit
	maxBlock      = 16 << 20
	maxWait       = 50 * time.Millisecond // capture.Horizon promises more than twice of it
	maxFanout     = 64
	maxInterfaces = 64
)

// filled gives the options with defaults in their places, or says which of them cannot be worked with.
func (o Options) filled() (Options, error) {
	if o.Bytes == 0 {
		o.Bytes = DefaultBytes
	}
	if o.Block == 0 {
		o.Block = min(DefaultBlock, max(minBlock, floorPower(o.Bytes/4)))
	}
	if o.Fanout == 0 {
		o.Fanout = 1
	}
	if o.Wait == 0 {
		o.Wait = DefaultWait
	}
	var errs []error
	wrong := func(bad bool, form string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(form, args...))
		}
	}
	wrong(len(o.Interfaces) == 0, "no interface is named: name at least one")
	wrong(len(o.Interfaces) > maxInterfaces, "%d interfaces are named: at most %d can be read", len(o.Interfaces), maxInterfaces)
	named := map[string]bool{}
	for _, name := range o.Interfaces {
		wrong(named[name], "interface %q is named twice", name)
		wrong(!plainName(name), "%q is no name of an interface", name)
		named[name] = true
	}
	wrong(o.Block < minBlock || o.Block > maxBlock || o.Block != floorPower(o.Block),
		"a block of %d bytes: choose a power of two from %d to %d", o.Block, minBlock, maxBlock)
	wrong(o.Bytes < 2*o.Block || o.Bytes > maxBytes, "a ring of %d bytes: choose at least two blocks of %d and at most %d", o.Bytes, o.Block, maxBytes)
	wrong(o.Fanout < 1 || o.Fanout > maxFanout, "%d rings for an interface: choose 1 to %d", o.Fanout, maxFanout)
	wrong(o.Wait < time.Millisecond || o.Wait > maxWait, "a wait of %v: choose 1ms to %v", o.Wait, maxWait)
	return o, errors.Join(errs...)
}

// plainName keeps names from being paths: they become part of one below /sys (dev_valid_name in the kernel).
func plainName(name string) bool {
	if name == "" || len(name) > 15 || name == "." || name == ".." {
		return false
	}
	for _, c := range []byte(name) {
		if c <= ' ' || c == '/' || c == ':' || c == 0x7f {
			return false
		}
	}
	return true
}

func floorPower(n int) int {
	p := 1
	for p <= n/2 {
		p *= 2
	}
	return p
}

// snaplen is the longest frame that is believed elsewhere too.
const snaplen = capture.MaxFrame
