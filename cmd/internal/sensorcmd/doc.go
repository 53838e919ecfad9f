// Package sensorcmd is the commands of a sensor, which both programs have: candor and the static candor-sensor.
//
// Here: flags, wiring and the words that people read. Not here: how a sensor works (source, sensor, transport).
//
// Start at Sensor.
package sensorcmd

import (
	"io"
	"log/slog"
	"time"
)

// World is what the commands touch of the outside.
type World struct {
	Stdout, Stderr io.Writer
	Stdin          io.Reader
	Now            func() time.Time
	Log            *slog.Logger
}

// UsageError says that flags are wrong or do not fit together.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

func (e *UsageError) Unwrap() error { return e.Err }

// home are the flags that say where a sensor lives.
type home struct {
	Dir string `help:"The sensor's folder: key, certificate, spool." default:"/var/lib/candor-sensor" placeholder:"DIR"`
}
