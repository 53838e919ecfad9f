//go:build !nofsync

package store

import "os"

// durability is how SQLite waits for the disk.
const durability = "FULL"

// fsync makes what was written to a file or folder survive a power cut.
func fsync(f *os.File) error { return f.Sync() }
