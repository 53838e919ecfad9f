// Command candor-sensor is the sensor alone: small, static, without the hub and its query engine.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // agreements name time zones; the machine may not have them

	"github.com/alecthomas/kong"

	"candor/cmd/internal/sensorcmd"
)

// Exit codes, as those of candor.
const (
	exitUsage    = 64
	exitInternal = 70
	exitStopped  = 130
)

// memoryLimit is where the garbage collector begins to work harder, in bytes; GOMEMLIMIT sets another.
const memoryLimit = 200 << 20

type commands struct {
	Sensor sensorcmd.Sensor `cmd:"" default:"withargs" help:"Watch interfaces, or read files as if watching, and bring what is seen to a hub (also without the word sensor)."`
	Enroll sensorcmd.Enroll `cmd:"" help:"Ask a hub to admit this sensor."`
	Doctor sensorcmd.Doctor `cmd:"" help:"Look at this machine as a place for a sensor."`
}

func main() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx)
	stop()
	os.Exit(code)
}

func run(ctx context.Context) int {
	var cli commands
	w := &sensorcmd.World{Stdout: os.Stdout, Stderr: os.Stderr, Stdin: os.Stdin, Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	parser, err := kong.New(&cli, kong.Name("candor-sensor"), kong.Description("Candor's sensor."), kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(w))
	if err != nil {
		fmt.Fprintln(os.Stderr, "candor-sensor:", err)
		return exitInternal
	}
	command, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "candor-sensor: %v\nTry: candor-sensor --help\n", err)
		return exitUsage
	}
	err = command.Run()
	var found *sensorcmd.FoundError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &found):
		return found.Code
	case errors.Is(err, context.Canceled):
		return exitStopped
	}
	fmt.Fprintln(os.Stderr, "candor-sensor:", err)
	return exitInternal
}
