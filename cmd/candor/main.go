// Command candor tells what a network sensor can and cannot see, and what therefore can be said.
//
// Every command has a file here, and this is the only place with os.Args, environment, signals, exit codes and wiring.
// Start with check.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
	_ "time/tzdata" // agreements name time zones; the machine may not have them

	"github.com/alecthomas/kong"
)

// Exit codes beside those of a Result (DESIGN.md 5).
const (
	exitUsage    = 64 // wrong usage, or an agreement with errors
	exitNoInput  = 65 // no input is a capture or a log
	exitInternal = 70
	exitStopped  = 130 // by Ctrl-C or a signal, as shells expect
)

// memoryLimit is where the garbage collector begins to work harder, in bytes; GOMEMLIMIT sets another.
const memoryLimit = 448 << 20

// commands is the command line.
type commands struct {
	Check     checkCmd     `cmd:"" help:"Tell what a sensor can and cannot see, from captures or logs."`
	Ask       askCmd       `cmd:"" help:"Answer one question in free wording: yes, no or cannot say; or list who talked to whom."`
	Records   recordsCmd   `cmd:"" help:"Print connections and messages as JSON lines with Zeek's field names."`
	Agreement agreementCmd `cmd:"" help:"Validate an agreement, say it in words, or write a first one."`
	Demo      demoCmd      `cmd:"" help:"Make the bank's story: a sensor outside the firewall, then inside."`
	Sensor    sensorCmd    `cmd:"" help:"Watch interfaces, or read files as if watching, and bring what is seen to a hub."`
	Enroll    enrollCmd    `cmd:"" help:"Ask a hub to admit this sensor."`
	Hub       hubCmd       `cmd:"" help:"Run a hub, or manage one."`
	Doctor    doctorCmd    `cmd:"" help:"Look at this machine as a place for a sensor: interface, sight, enrolment, hub, disk."`
	Version   versionCmd   `cmd:"" help:"Print the version."`

	QueryWorker queryWorkerCmd `cmd:"" hidden:""`
}

// world is what commands touch of the outside.
type world struct {
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	now     func() time.Time
	noColor bool
	token   string // for a hub, from the environment
	args    []string
}

// exitError ends the program with a code; its message, if any, goes to standard error.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error { return &exitError{exitUsage, err} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	w := &world{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now,
		noColor: os.Getenv("NO_COLOR") != "", token: os.Getenv("CANDOR_TOKEN"), args: os.Args[1:],
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit) // floods then cost time, not the machine
	}
	code := run(ctx, w)
	stop()
	os.Exit(code)
}

// run parses the command line, runs a command and gives the exit code.
func run(ctx context.Context, w *world) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(w.stderr, "candor: internal fault: %v\nPlease report it with the command that caused it.\n", p)
			code = exitInternal
		}
	}()
	var cli commands
	helped := false
	parser, err := kong.New(&cli,
		kong.Name("candor"),
		kong.Description("Network security monitoring that proves what it can see."),
		kong.Writers(w.stdout, w.stderr),
		kong.Exit(func(int) { helped = true }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(w),
	)
	if err != nil {
		fmt.Fprintf(w.stderr, "candor: %v\n", err)
		return exitInternal
	}
	if len(w.args) == 0 {
		w.args = []string{"--help"}
	}
	command, err := parser.Parse(w.args)
	if helped {
		return 0
	}
	if err != nil {
		fmt.Fprintf(w.stderr, "candor: %v\nTry: candor --help\n", err)
		return exitUsage
	}
	return w.code(command.Run())
}

// code turns the error of a command into an exit code, and says it.
func (w *world) code(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w.stderr, "candor: interrupted")
		return exitStopped
	}
	exit := &exitError{code: exitInternal, err: err}
	var wanted *exitError
	if errors.As(err, &wanted) {
		exit = wanted
	}
	if exit.err != nil {
		fmt.Fprintf(w.stderr, "candor: %v\n", exit.err)
	}
	return exit.code
}
