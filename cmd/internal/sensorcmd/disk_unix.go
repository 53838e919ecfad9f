//go:build unix

package sensorcmd

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// freeBytes is how much may still be written where dir lies.
func freeBytes(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}
