package store_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"strings"
	"testing"
	"time"

	"candor/internal/store"
	"candor/internal/store/storetest"
)

func TestContract(t *testing.T) {
	if err := store.ServeQueries(t.Context(), strings.NewReader(""), nil); err != nil {
		t.Skip(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	storetest.Run(t, func(t *testing.T) storetest.Engine {
		s, err := store.Open(t.Context(), store.Config{
			Dir: t.TempDir(), Now: func() time.Time { return storetest.Noon().Std() }, Reserve: 1, Key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)),
			Query: store.Query{Command: []string{exe}, Env: []string{"STORE_TEST_WORKER=serve"}, Memory: 256 << 20},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	})
}
