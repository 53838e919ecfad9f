//go:build !linux

package ring

import (
	"errors"
	"time"

	"candor/internal/capture"
)

// ErrNotLinux says that this machine cannot capture.
var ErrNotLinux = errors.New("live capture needs Linux (AF_PACKET): run the sensor on a Linux machine, or read capture files")

// Rings read live interfaces; on this machine there are none.
type Rings struct{}

// Open always fails with ErrNotLinux.
func Open(opts Options) (*Rings, error) {
	if _, err := opts.filled(); err != nil {
		return nil, err
	}
	return nil, ErrNotLinux
}

// Next always fails.
func (*Rings) Next(*capture.Frame, time.Duration) error { return ErrNotLinux }

// Counted is empty.
func (*Rings) Counted() []capture.Counted { return nil }

// Fill is 0.
func (*Rings) Fill() float64 { return 0 }

// Stop does nothing.
func (*Rings) Stop() {}

// Close does nothing.
func (*Rings) Close() error { return nil }
