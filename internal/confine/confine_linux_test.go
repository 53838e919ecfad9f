package confine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"candor/internal/confine"
)

// What the child is told.
const (
	childLimits = "CANDOR_CONFINE_LIMITS"
	childFolder = "CANDOR_CONFINE_FOLDER"
)

// told is what a confined child found out.
type told struct {
	Report  confine.Report
	Err     string
	Errs    map[string]string // by what was tried; empty when it went well
	Threads []string          // what each thread still has
}

// confined runs the test again in a process that confines itself.
func confined(t *testing.T, folder string, l confine.Limits) told {
	t.Helper()
	limits, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.v")
	cmd.Env = append(os.Environ(), childLimits+"="+string(limits), childFolder+"="+folder)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, line, _ := strings.Cut(string(out), "told ")
	line, _, _ = strings.Cut(line, "\n")
	var x told
	if err := json.Unmarshal([]byte(line), &x); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return x
}

func TestChild(t *testing.T) {
	text := os.Getenv(childLimits)
	if text == "" {
		t.Skip("it is the child of other tests")
	}
	var l confine.Limits
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	defer close(stop)
	for range 4 { // threads that run now, and must not keep anything
		ready := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(ready)
			<-stop
		}()
		<-ready
	}
	x := told{Errs: map[string]string{}}
	var err error
	if x.Report, err = confine.Confine(l); err != nil {
		x.Err = err.Error()
	}
	folder := os.Getenv(childFolder)
	try := func(what string, err error) { x.Errs[what] = ""; note(x.Errs, what, err) }
	_, err = os.ReadFile(filepath.Join(folder, "read", "file"))
	try("read what may be read", err)
	try("write what may be read", os.WriteFile(filepath.Join(folder, "read", "new"), nil, 0o600))
	try("write what may be written", os.WriteFile(filepath.Join(folder, "write", "a", "new"), nil, 0o600))
	try("move it", os.Rename(filepath.Join(folder, "write", "a", "new"), filepath.Join(folder, "write", "b", "new")))
	_, err = os.ReadFile(filepath.Join(folder, "secret"))
	try("read what may not be read", err)
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	try("open a packet socket", err)
	if err == nil {
		_ = unix.Close(fd)
	}
	tasks, _ := filepath.Glob("/proc/self/task/*/status")
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var kept []string
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(line, ":")
			switch name {
			case "CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb", "NoNewPrivs", "Uid", "Gid":
				kept = append(kept, name+"="+strings.Join(strings.Fields(value), ","))
			}
		}
		x.Threads = append(x.Threads, strings.Join(kept, " "))
	}
	out, _ := json.Marshal(x)
	fmt.Printf("told %s\n", out)
}

func note(errs map[string]string, what string, err error) {
	switch {
	case errors.Is(err, os.ErrPermission):
		errs[what] = "denied"
	case err != nil:
		errs[what] = err.Error()
	}
}

// tree has what the child tries to reach.
func tree(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "confine")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	for _, name := range []string{"", "read", "write", "write/a", "write/b"} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(path, 0o700), os.Chmod(path, 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"secret", "read/file"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func limits(folder string) confine.Limits {
	return confine.Limits{
		Read:  []string{filepath.Join(folder, "read"), "/proc", filepath.Join(folder, "missing")},
		Write: []string{filepath.Join(folder, "write")},
	}
}

func TestConfine(t *testing.T) {
	folder := tree(t)
	for _, user := range []int{0, 65534} {
		if user != 0 && os.Getuid() != 0 {
			t.Log("only root may become another user: left out")
			continue
		}
		l := limits(folder)
		l.UID, l.GID = user, user
		x := confined(t, folder, l)
		if x.Err != "" || !x.Report.NoNewPrivs || x.Report.Capabilities != "0" {
			t.Fatalf("%+v", x)
		}
		if user != 0 && x.Report.User != user {
			t.Errorf("user %d, want %d", x.Report.User, user)
		}
		denied := map[string]bool{"open a packet socket": true}
		if x.Report.Files {
			denied["write what may be read"], denied["read what may not be read"] = true, true
		} else {
			t.Log("this kernel has no landlock: files are not looked at")
		}
		for what, got := range x.Errs {
			if want := denied[what]; (got == "denied") != want || got != "denied" && got != "" {
				t.Errorf("user %d: %s: %q, want denied: %v", user, what, got, want)
			}
		}
		if len(x.Threads) < 5 {
			t.Errorf("%d threads", len(x.Threads))
		}
		for _, thread := range x.Threads {
			for _, set := range []string{"CapEff", "CapPrm", "CapInh", "CapAmb"} {
				if !strings.Contains(thread, set+"=0000000000000000") {
					t.Errorf("user %d: a thread has %s", user, thread)
				}
			}
			if !strings.Contains(thread, "NoNewPrivs=1") || user != 0 && !strings.Contains(thread, "Uid=65534,65534,65534,65534 Gid=65534,65534,65534,65534") {
				t.Errorf("user %d: a thread has %s", user, thread)
			}
		}
	}
}

func TestConfineRefused(t *testing.T) {
	folder := tree(t)
	for name, l := range map[string]confine.Limits{
		"a user without a group": {UID: 5},
		"a group without a user": {GID: 5},
		"negative":               {UID: -1, GID: -1},
	} {
		if _, err := confine.Confine(l); err == nil { // before anything is done
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := os.ReadFile(filepath.Join(folder, "secret")); err != nil {
		t.Error(err)
	}
}
