//go:build !unix

package transport

import (
	"fmt"
	"os"
)

// lockFolder opens the lock's file; this system has no lock that ends with the program.
func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return f, nil
}
