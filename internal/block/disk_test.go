package block

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// failing is a disk whose nth call fails; a write that fails has written half.
type failing struct {
	osDisk
	at    *int // calls left until the fault
	fault error
	log   *[]string
}

func (d failing) call(name, path string) error {
	*d.log = append(*d.log, name)
	*d.at--
	if *d.at == 0 {
		return &os.PathError{Op: name, Path: path, Err: d.fault}
	}
	return nil
}

func (d failing) mkdirTemp(parent, pattern string) (string, error) {
	if err := d.call("mkdir", parent); err != nil {
		return "", err
	}
	return d.osDisk.mkdirTemp(parent, pattern)
}

func (d failing) create(path string) (diskFile, error) {
	if err := d.call("create", path); err != nil {
		return nil, err
	}
	f, err := d.osDisk.create(path)
	return failingFile{f, d, path}, err
}

func (d failing) rename(from, to string) error {
	if err := d.call("rename", from); err != nil {
		return err
	}
	return d.osDisk.rename(from, to)
}

func (d failing) syncDir(path string) error {
	if err := d.call("syncdir", path); err != nil {
		return err
	}
	return d.osDisk.syncDir(path)
}

type failingFile struct {
	diskFile
	d    failing
	path string
}

func (f failingFile) Write(b []byte) (int, error) {
	if err := f.d.call("write", f.path); err != nil {
		n, _ := f.diskFile.Write(b[:len(b)/2])
		return n, err
	}
	return f.diskFile.Write(b)
}

func (f failingFile) Sync() error {
	if err := f.d.call("sync", f.path); err != nil {
		return err
	}
	return f.diskFile.Sync()
}

func (f failingFile) Close() error {
	err := f.d.call("close", f.path)
	return errors.Join(err, f.diskFile.Close())
}

// TestFaultsAtEveryStep lets each call to the file system fail once, for each way of writing a block.
func TestFaultsAtEveryStep(t *testing.T) {
	base := t.TempDir()
	batch := full(t, 2)
	source := sealTo(t, filepath.Join(base, "source"), 1, batch)
	other := sealTo(t, filepath.Join(base, "other"), 2, batch)
	var stream bytes.Buffer
	if _, err := source.WriteTo(&stream); err != nil {
		t.Fatal(err)
	}
	ways := map[string]func(d disk, dir string) error{
		"seal": func(d disk, dir string) error { _, err := seal(d, dir, head(1), batch, testKey()); return err },
		"compact": func(d disk, dir string) error {
			_, err := compact(d, dir, head(1), []*Block{source, other}, testKey())
			return err
		},
		"receive": func(d disk, dir string) error {
			_, err := receive(d, bytes.NewReader(stream.Bytes()), dir, 1<<30, func(*Manifest, string) (ed25519.PublicKey, error) { return testPub(), nil })
			return err
		},
	}
	for name, write := range ways {
		for _, fault := range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
			t.Run(fmt.Sprintf("%s/%v", name, fault), func(t *testing.T) { eachFault(t, write, fault) })
		}
	}
}

func eachFault(t *testing.T, write func(d disk, dir string) error, fault syscall.Errno) {
	seen := map[string]bool{}
	for n := 1; ; n++ {
		parent := t.TempDir()
		dir := filepath.Join(parent, "block")
		left, log := n, []string{}
		err := write(failing{at: &left, fault: fault, log: &log}, dir)
		if left > 0 { // no fault any more: the way is through
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		step := log[n-1]
		seen[step] = true
		if err == nil {
			t.Fatalf("call %d, %s: the fault was swallowed", n, step)
		}
		if !errors.Is(err, fault) || !strings.Contains(err.Error(), "nothing was kept") {
			t.Errorf("call %d, %s: the error does not say what and what to do: %v", n, step, err)
		}
		entries, readErr := os.ReadDir(parent)
		if readErr != nil || len(entries) > 0 {
			t.Fatalf("call %d, %s: %v is left, %v", n, step, entries, readErr)
		}
	}
	for _, step := range []string{"mkdir", "create", "write", "sync", "close", "syncdir", "rename"} {
		if !seen[step] {
			t.Errorf("no fault in %s: the test does not reach it", step)
		}
	}
}

// TestOrderOfDurability holds that nothing is renamed before all of it is durable, and the place is durable at the end.
func TestOrderOfDurability(t *testing.T) {
	left, log := 1<<30, []string{}
	if _, err := seal(failing{at: &left, log: &log}, newDir(t), head(1), full(t, 1), testKey()); err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, call := range log {
		if call != "write" {
			order = append(order, call)
		}
	}
	want := "mkdir" + strings.Repeat(" create sync close", 9) + " syncdir rename syncdir"
	if got := strings.Join(order, " "); got != want {
		t.Errorf("order\n%s\nwant\n%s", got, want)
	}
}

func TestNeverOverAnother(t *testing.T) {
	dir := newDir(t)
	b := sealTo(t, dir, 1, full(t, 1))
	if _, err := Seal(dir, head(2), full(t, 2), testKey()); !errors.Is(err, os.ErrExist) {
		t.Errorf("sealed over a block: %v", err)
	}
	if err := b.Verify(testPub()); err != nil {
		t.Error(err)
	}
}
