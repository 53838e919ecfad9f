package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// town is a hub and its sensors as real processes on loopback.
type town struct {
	t       *testing.T
	dir     string
	program string
	api     string // of the hub
	sensors string // where sensors reach it
	hub     *process
}

// process is one that was started here.
type process struct {
	cmd  *exec.Cmd
	out  *lines
	done chan error
}

// newTown builds the program and starts a hub.
func newTown(t *testing.T) *town {
	t.Helper()
	if testing.Short() {
		t.Skip("starts real processes; not with -short")
	}
	s := &town{t: t, dir: t.TempDir()}
	s.program = filepath.Join(s.dir, "candor")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	s.api, s.sensors = "127.0.0.1:0", "127.0.0.1:0"
	s.startHub()
	return s
}

// startHub starts the hub, the first time on ports that the system chooses, afterwards on the same.
func (s *town) startHub(flags ...string) {
	s.t.Helper()
	args := append([]string{"hub", "--dir", s.path("hub"), "--listen", s.api, "--sensors", s.sensors, "--name", "127.0.0.1"}, flags...)
	s.hub = s.start(args...)
	line := s.hub.wait(s.t, regexp.MustCompile(`people and programs at (\S+), sensors at (\S+),`))
	s.api, s.sensors = line[1], line[2]
	s.until("the hub is ready", func() bool {
		resp, err := http.Get("http://" + s.api + "/readyz")
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }() // nothing is read
		return resp.StatusCode == http.StatusOK
	})
}

func (s *town) path(name string) string { return filepath.Join(s.dir, name) }

// start starts the program; it is killed at the end of the test.
func (s *town) start(args ...string) *process {
	s.t.Helper()
	p := &process{cmd: exec.Command(s.program, args...), out: &lines{}, done: make(chan error, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait(); close(p.done) }()
	s.t.Cleanup(func() { p.stop(syscall.SIGKILL) })
	return p
}

// stop ends a process by a signal and gives how it ended.
func (p *process) stop(sig os.Signal) error {
	_ = p.cmd.Process.Signal(sig) // it may have ended
	select {
	case err := <-p.done:
		return err
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		return errors.New("it did not end within 30 s")
	}
}

// wait waits for a line that a process writes.
func (p *process) wait(t *testing.T, want *regexp.Regexp) []string {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if m := want.FindStringSubmatch(p.out.String()); m != nil {
			return m
		}
		select {
		case err := <-p.done:
			t.Fatalf("it ended: %v\n%s", err, p.out)
		default:
		}
	}
	t.Fatalf("no line like %q came:\n%s", want, p.out)
	return nil
}

// run runs the program to its end; code is its exit code.
func (s *town) run(args ...string) (out string, code int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, args...)
	var text, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &wrong
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	code = cmd.ProcessState.ExitCode()
	if code > exitCannotSay {
		s.t.Fatalf("candor %s: exit %d\n%s", strings.Join(args, " "), code, wrong.String())
	}
	return text.String(), code
}

// at adds the flags that reach the hub.
func (s *town) at(args ...string) []string {
	return append(args, "--hub", "http://"+s.api, "--token-file", filepath.Join(s.path("hub"), adminToken))
}

// until waits until something holds.
func (s *town) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			hub := ""
			if s.hub != nil {
				hub = s.hub.out.String()
			}
			s.t.Fatalf("within a minute it never was so that %s\nthe hub:\n%s", what, hub)
		}
	}
}

// enroll enrols a sensor's folder and approves it, as two people would who compare fingerprints.
func (s *town) enroll(tenant, sensor, dir string) {
	s.t.Helper()
	token, _ := s.run(s.at("hub", "invite", sensor, "--tenant", tenant)...)
	p := s.start("enroll", strings.TrimSpace(token), "--dir", dir)
	shown := p.wait(s.t, regexp.MustCompile(`fingerprint\s+(\S+)`))
	s.run(s.at("hub", "approve", shown[1], "--tenant", tenant)...)
	if err := <-p.done; err != nil {
		s.t.Fatalf("enroll: %v\n%s", err, p.out)
	}
}

// judged is a Result without what may differ between a hub and files.
func judged(t *testing.T, text string) string {
	t.Helper()
	var r map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v: %.200s", err, text)
	}
	delete(r, "inputs")
	out, err := json.Marshal(r) // keys in order, values as they are
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestServiceReadsLikeCheck is the promise of one fold: what a sensor reads and a hub judges is byte-equal with candor check on the same
// file, also after the hub was killed and started again.
func TestServiceReadsLikeCheck(t *testing.T) {
	s := newTown(t)
	s.run("demo", "--for", "12m", "--out", s.path("demo"))
	agreement := s.path("demo/bank.yaml")
	s.run(s.at("hub", "tenant", "bank", "The bank")...)
	s.run(s.at("hub", "agreement", agreement, "--tenant", "bank")...)
	s.enroll("bank", "hq-core", s.path("sensor"))
	for _, place := range []string{"outside", "inside"} {
		if place == "inside" { // a second tenant, so that nothing of the first is in it
			s.run(s.at("hub", "tenant", "other", "Another bank")...)
			s.run(s.at("hub", "agreement", agreement, "--tenant", "other")...)
			s.enroll("other", "hq-core", s.path("sensor2"))
		}
		tenant, dir := "bank", s.path("sensor")
		if place == "inside" {
			tenant, dir = "other", s.path("sensor2")
		}
		capture := s.path("demo/" + place + ".pcap")
		want, wantCode := s.run("check", "--agreement", agreement, "--sensor", "hq-core", "--json", capture)
		said, _ := s.run("sensor", "--dir", dir, "--read", capture)
		if !regexp.MustCompile(`Sealed (\d+) records, the hub has (\d+), 0 were`).MatchString(said) {
			t.Errorf("%s: %s", place, said)
		}
		equal := func() bool {
			got, code := s.run(s.at("check", "--json", "--tenant", tenant)...)
			return code == wantCode && judged(t, got) == judged(t, want)
		}
		s.until(place+" is byte-equal with check", equal)
		if err := s.hub.stop(syscall.SIGKILL); err == nil {
			t.Error("a killed hub ended well")
		}
		s.startHub()
		s.until(place+" is byte-equal after a crash of the hub", equal)
	}
	_, code := s.run(s.at("ask", "is anything beaconing?", "--tenant", "bank")...)
	if code != exitCannotSay {
		t.Errorf("outside, beaconing: exit %d, want cannot say", code)
	}
	if err := s.hub.stop(syscall.SIGTERM); err != nil {
		t.Errorf("the hub ended with %v:\n%s", err, s.hub.out)
	}
}

// lines is what a process writes, readable while it runs.
type lines struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
