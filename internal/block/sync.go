//go:build !nofsync

package block

import "os"

// fsync makes what was written to a file or folder survive a power cut.
func fsync(f *os.File) error { return f.Sync() }
