package transport

import (
	"errors"
	"io/fs"
	"time"
)

// fullDisk is how long a sensor waits before it tries again to hand blocks to a hub whose disk is full.
const fullDisk = 30 * time.Second

// blockRefusal says why a block that arrived whole was not taken; signed: it failed where the signature is verified.
func blockRefusal(err error, signed bool) error {
	var path *fs.PathError
	switch {
	case isFull(err):
		return Busy(fullDisk, "the hub's disk is full")
	case errors.As(err, &path):
		return err // the hub's own disk
	case signed:
		return refuse(WhySignature, "%v", err)
	}
	return refuse(WhyDamaged, "%v", err)
}
