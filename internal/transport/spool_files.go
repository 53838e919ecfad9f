package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// fileUnit is what a file takes of a disk at least, and its folder.
const fileUnit = 4 << 10

// sizeOf is what a block's folder takes of the disk.
func sizeOf(dir string) int64 {
	n := int64(fileUnit)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return n
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			n += (info.Size() + fileUnit - 1) / fileUnit * fileUnit
		}
	}
	return n
}

// unlink removes a block's folder: first its name, durably, so that half of one is never taken for a block.
func (s *Spool) unlink(dir string) error {
	parent, name := filepath.Split(dir)
	gone := filepath.Join(parent, gonePrefix+name)
	if err := os.Rename(dir, gone); err != nil {
		return fmt.Errorf("remove block: %w", err)
	}
	if err := s.at("renamed"); err != nil {
		return err
	}
	if err := os.RemoveAll(gone); err != nil {
		return fmt.Errorf("remove block: %w", err)
	}
	return syncDir(filepath.Clean(parent))
}

// keepLast writes the newest manifest down before its block goes, so that Last outlives it.
func (s *Spool) keepLast() error {
	pos := Position{s.last.Epoch, s.last.Sequence}
	if s.kept == pos {
		return nil
	}
	m := s.last
	m.Marks, m.Inputs, m.Blind, m.Files = nil, nil, nil, nil
	data, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write down the newest block: %w", err)
	}
	if err := s.note(lastFile, data); err != nil {
		return err
	}
	s.kept = pos
	return nil
}

// note writes one of the spool's own small files, whole and durable. When the disk is full it spends the reserve.
func (s *Spool) note(name string, data []byte) error {
	path := filepath.Join(s.cfg.Dir, name)
	err := writeFile(path, data, 0o600)
	if isFull(err) {
		_ = os.Remove(filepath.Join(s.cfg.Dir, reserveFile)) // it may be spent already
		s.spent = true
		err = writeFile(path, data, 0o600)
	}
	return err
}

// isFull reports whether an error says that there is no room on the disk.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// makeReserve keeps some bytes of the disk for writing down losses when it is full. Without them it goes on all the same.
func (s *Spool) makeReserve() {
	path := filepath.Join(s.cfg.Dir, reserveFile)
	s.spent = false
	if info, err := os.Stat(path); err == nil && info.Size() == reserveBytes {
		return
	}
	if err := writeFile(path, make([]byte, reserveBytes), 0o600); err != nil {
		_ = os.Remove(path)
		s.spent = true
	}
}

// asideFiles are blocks that could not be sent, kept for a person to look at for as long as there is room. They are counted as lost.
type asideFiles struct {
	dir   string
	most  int64
	bytes int64
	files []asideFile // in the order of their names
}

type asideFile struct {
	name  string
	bytes int64
}

func (a *asideFiles) load() error {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return fmt.Errorf("list blocks put aside: %w", err)
	}
	for _, e := range entries {
		f := asideFile{e.Name(), sizeOf(filepath.Join(a.dir, e.Name()))}
		a.files = append(a.files, f)
		a.bytes += f.bytes
	}
	return nil
}

func (a *asideFiles) names() []string {
	var names []string
	for _, f := range a.files {
		names = append(names, f.name)
	}
	return names
}

// take moves a block's folder here.
func (a *asideFiles) take(dir string, bytes int64) error {
	name := filepath.Base(dir)
	to := filepath.Join(a.dir, name)
	if err := os.RemoveAll(to); err != nil {
		return fmt.Errorf("put block aside: %w", err)
	}
	if err := os.Rename(dir, to); err != nil {
		return fmt.Errorf("put block aside: %w", err)
	}
	a.files = slices.DeleteFunc(a.files, func(f asideFile) bool { return f.name == name })
	a.files = append(a.files, asideFile{name, bytes})
	a.bytes = 0
	for _, f := range a.files {
		a.bytes += f.bytes
	}
	for a.bytes > a.most && a.removeOldest() {
	}
	if err := syncDir(a.dir); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// removeOldest lets go of one; false: there is none.
func (a *asideFiles) removeOldest() bool {
	if len(a.files) == 0 {
		return false
	}
	f := a.files[0]
	a.files, a.bytes = a.files[1:], a.bytes-f.bytes
	_ = os.RemoveAll(filepath.Join(a.dir, f.name)) // what stays is found at the next start
	return true
}
