//go:build !nofsync

package transport

import "os"

// fsync makes what was written to a file or folder survive a power cut.
func fsync(f *os.File) error { return f.Sync() }
