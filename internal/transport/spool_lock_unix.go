//go:build unix

package transport

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFolder makes sure that one program has the spool. The kernel lets go of it when the program dies.
func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("another sensor has it open: stop that one first: %w", err), f.Close())
	}
	return f, nil
}
