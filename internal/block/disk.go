package block

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// disk is what writing a block asks of the file system; tests make each of it fail.
type disk interface {
	mkdirTemp(parent, pattern string) (string, error)
	create(path string) (diskFile, error)
	rename(from, to string) error
	syncDir(path string) error
	removeAll(path string) error
}

type diskFile interface {
	io.Writer
	Sync() error
	Close() error
}

// osDisk is the file system.
type osDisk struct{}

func (osDisk) mkdirTemp(parent, pattern string) (string, error) { return os.MkdirTemp(parent, pattern) }
func (osDisk) rename(from, to string) error                     { return os.Rename(from, to) }
func (osDisk) removeAll(path string) error                      { return os.RemoveAll(path) }

func (osDisk) create(path string) (diskFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(fsync(f), f.Close())
}

type osFile struct{ *os.File }

// Sync makes the file durable.
func (f osFile) Sync() error { return fsync(f.File) }

// whole makes the folder dir out of what fill writes into a temporary folder beside it. Either dir is there, whole and durable, or
// nothing is. The temporary folder's name begins with a dot and ends with .tmp: one left by a crash may be removed.
func whole(d disk, dir string, fill func(tmp string) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w (%s)", err, advice(err, dir))
		}
	}()
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fs.ErrExist, err)
	}
	parent := filepath.Dir(dir)
	tmp, err := d.mkdirTemp(parent, "."+filepath.Base(dir)+".*.tmp")
	if err != nil {
		return fmt.Errorf("make a folder beside it: %w", err)
	}
	there := tmp
	err = fill(tmp)
	if err == nil {
		err = step("make its folder durable", d.syncDir(tmp))
	}
	if err == nil {
		if err = step("put it in its place", d.rename(tmp, dir)); err == nil {
			there = dir
			err = step("make its place durable", d.syncDir(parent))
		}
	}
	if err != nil {
		if rest := d.removeAll(there); rest != nil {
			err = errors.Join(err, fmt.Errorf("what was written stays, remove %s: %w", there, rest))
		}
	}
	return err
}

func step(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func advice(err error, dir string) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "nothing was kept: make room on the disk of " + filepath.Dir(dir) + " and do it again"
	case errors.Is(err, syscall.EIO):
		return "nothing was kept: the disk of " + filepath.Dir(dir) + " fails; check or replace it"
	case errors.Is(err, fs.ErrExist):
		return "a block is never written over another: use a new path"
	case errors.Is(err, fs.ErrPermission):
		return "nothing was kept: let this program write to " + filepath.Dir(dir)
	}
	return "nothing was kept"
}

// put writes a file by fill and makes it durable.
func put(d disk, path string, fill func(w io.Writer) error) error {
	name := filepath.Base(path)
	f, err := d.create(path)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	if err := fill(f); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(fmt.Errorf("make %s durable: %w", name, err), f.Close())
	}
	return step("close "+name, f.Close())
}
