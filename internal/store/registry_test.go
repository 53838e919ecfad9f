package store

import (
	"path/filepath"
	"testing"

	"candor/internal/transport"
	"candor/internal/transport/transporttest"
)

func TestRegistry(t *testing.T) {
	transporttest.Registry(t, func(t *testing.T) transport.Registry {
		db, err := openDB(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return newRegistry(db)
	})
}
