//go:build nofsync

package transport

import "os"

// fsync does nothing: the negative control of the power-cut test. A program built so must never serve anyone.
func fsync(*os.File) error { return nil }
