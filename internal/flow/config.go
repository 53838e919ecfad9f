package flow

import (
	"errors"
	"fmt"

	"candor/internal/record"
)

// Config says what a Table may hold and for whom it works.
type Config struct {
	Scope  record.Scope
	Sensor record.Sensor
	Feed   record.Feed

	MaxConns     int    // connections held at once; beyond, the one idle longest is let go and counted
	BytesPerConn int    // bytes kept per direction of a connection while a message is incomplete
	BytesTotal   int    // the same over all connections
	HeadLimit    int    // bytes of an HTTP head
	MaxWaiting   int    // DNS queries of one connection that wait for their answer
	MaxFragments int    // fragmented packets whose ports are remembered; up to 1024 of them are put together at once, in 8 MiB beside BytesTotal, and as many inside tunnels
	MaxLeases    int    // DHCP exchanges open at once
	Seed         uint64 // of the table's hash only; never visible in results
}

// DefaultConfig is for a sensor with about half a gigabyte to spend.
func DefaultConfig() Config {
	return Config{
		Scope:        record.AssumedScope(),
		MaxConns:     1 << 19,
		BytesPerConn: 64 << 10,
		BytesTotal:   64 << 20,
		HeadLimit:    64 << 10,
		MaxWaiting:   64,
		MaxFragments: 4096,
		MaxLeases:    4096,
	}
}

// maxConnsLimit keeps indices within 31 bits with room for a table at half load.
const maxConnsLimit = 1 << 28

// Validate says which bound cannot be worked with.
func (c *Config) Validate() error {
	if c.MaxConns < 1 || c.MaxConns > maxConnsLimit {
		return fmt.Errorf("flow: MaxConns is %d: choose 1 to %d connections", c.MaxConns, maxConnsLimit)
	}
	bounds := []struct {
		name  string
		value int
	}{
		{"BytesPerConn", c.BytesPerConn},
		{"BytesTotal", c.BytesTotal},
		{"HeadLimit", c.HeadLimit},
		{"MaxWaiting", c.MaxWaiting},
		{"MaxFragments", c.MaxFragments},
		{"MaxLeases", c.MaxLeases},
	}
	var errs []error
	for _, b := range bounds {
		if b.value < 1 {
			errs = append(errs, fmt.Errorf("flow: %s is %d: it must be at least 1", b.name, b.value))
		}
	}
	return errors.Join(errs...)
}
