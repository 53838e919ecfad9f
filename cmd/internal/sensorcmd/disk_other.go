//go:build !unix

package sensorcmd

import "errors"

// freeBytes cannot be told here.
func freeBytes(string) (uint64, error) {
	return 0, errors.New("free space cannot be told on this system")
}
