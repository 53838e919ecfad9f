package store

import (
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"candor/internal/record"
)

// Folders below Dir. All of a tenant lies below its own.
const (
	tenantsDir   = "tenants"
	blocksDir    = "blocks"
	incomingDir  = "incoming"
	asideDir     = "aside"
	snapshotsDir = "snapshots"
	dayForm      = time.DateOnly
	nanosPerHour = int64(record.Hour)
)

// ValidID reports whether the name of a tenant or sensor may be used: [a-z0-9][a-z0-9._-]{0,62}. Such a name is also a
// safe name of a folder.
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 63 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case i > 0 && (c == '.' || c == '_' || c == '-'):
		default:
			return false
		}
	}
	return true
}

func checkID(what, id string) error {
	if ValidID(id) {
		return nil
	}
	return fmt.Errorf("%w: %s %q: use up to 63 of a-z, 0-9 and . _ -, beginning with a letter or digit", ErrInvalid, what, id)
}

func (s *Store) tenantPath(tenant record.Tenant, parts ...string) string {
	return filepath.Join(append([]string{s.cfg.Dir, tenantsDir, string(tenant)}, parts...)...)
}

func (s *Store) blockPath(tenant record.Tenant, day, name string) string {
	return s.tenantPath(tenant, blocksDir, day, name)
}

// blockName is the folder of one block. Only the numbers follow the sensor's name, so no two blocks share it.
func blockName(sensor record.Sensor, epoch, sequence uint64) string {
	return string(sensor) + "-" + strconv.FormatUint(epoch, 10) + "-" + strconv.FormatUint(sequence, 10)
}

// compactedName is the folder of a compacted block: first..last is no number, so it is no name of a block either.
func compactedName(sensor record.Sensor, epoch, first, last uint64) string {
	return blockName(sensor, epoch, first) + ".." + strconv.FormatUint(last, 10)
}

// dayOf files a block by the day its data is of; data from the future by the day it arrived, so that a wrong clock makes no
// day that retention never reaches.
func dayOf(from record.Time, arrived time.Time) string {
	if from.Std().After(arrived.Add(24 * time.Hour)) {
		return arrived.UTC().Format(dayForm)
	}
	return from.Std().Format(dayForm)
}
