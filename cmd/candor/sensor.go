package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"candor/cmd/internal/sensorcmd"
	"candor/internal/source"
	"candor/internal/store"
)

// sensorCmd and enrollCmd are the same in candor-sensor.
type sensorCmd struct{ sensorcmd.Sensor }

// Run watches.
func (c *sensorCmd) Run(ctx context.Context, w *world) error {
	if err := c.Validate(); err != nil {
		return usage(err)
	}
	return sensorError(c.Sensor.Run(ctx, w.sensor()))
}

type enrollCmd struct{ sensorcmd.Enroll }

// Run enrols.
func (c *enrollCmd) Run(ctx context.Context, w *world) error {
	return sensorError(c.Enroll.Run(ctx, w.sensor()))
}

// doctorCmd is the same in candor-sensor.
type doctorCmd struct{ sensorcmd.Doctor }

// Run looks at this machine.
func (c *doctorCmd) Run(ctx context.Context, w *world) error {
	return sensorError(c.Doctor.Run(ctx, w.sensor()))
}

func (w *world) sensor() *sensorcmd.World {
	return &sensorcmd.World{Stdout: w.stdout, Stderr: w.stderr, Stdin: w.stdin, Now: w.now, Log: slog.New(slog.NewTextHandler(w.stderr, nil))}
}

// sensorError gives an error of a sensor's command its exit code.
func sensorError(err error) error {
	var wrong *sensorcmd.UsageError
	var found *sensorcmd.FoundError
	switch {
	case errors.As(err, &found):
		return &exitError{code: found.Code}
	case errors.As(err, &wrong):
		return usage(err)
	case errors.Is(err, source.ErrNothingReadable), errors.Is(err, os.ErrNotExist):
		return &exitError{exitNoInput, err}
	}
	return err
}

// queryWorker is the command by which a hub runs itself for questions about records, so that a crash there is not the hub's.
const queryWorker = "query-worker"

type queryWorkerCmd struct{}

// Run answers the questions that come on standard input until it ends.
func (queryWorkerCmd) Run(ctx context.Context, w *world) error {
	return store.ServeQueries(ctx, w.stdin, w.stdout)
}
