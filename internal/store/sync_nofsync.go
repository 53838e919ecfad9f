//go:build nofsync

package store

import "os"

// durability is how SQLite waits for the disk: not at all, see fsync.
const durability = "OFF"

// fsync does nothing: the negative control of the power-cut test. A program built so must never serve anyone.
func fsync(*os.File) error { return nil }
