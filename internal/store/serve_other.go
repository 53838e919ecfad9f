//go:build !cgo

package store

import (
	"context"
	"fmt"
	"io"
)

// ServeQueries needs DuckDB, which needs cgo.
func ServeQueries(context.Context, io.Reader, io.Writer) error {
	return fmt.Errorf("%w: this program was built without cgo and cannot ask for records: build it with CGO_ENABLED=1", ErrUnavailable)
}
