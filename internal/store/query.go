package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"candor/internal/block"
	"candor/internal/record"
)

// Bounds of finding out which file stands in the way of a question.
const (
	maxBadFiles = 32
	maxHalves   = 64
)

// queriesDir is where queries put what does not fit into memory.
const queriesDir = "queries"

// query asks one question of the files of a kind. A file that cannot be read is noted as missing and left out: Missing tells of it.
func (s *Store) query(ctx context.Context, folders []*folder, k record.Kind, text string, args []arg) ([][]any, error) {
	crashes := 0
	for range maxBadFiles {
		var live []*folder
		for _, f := range folders {
			if !f.bad.Load() {
				live = append(live, f)
			}
		}
		if len(live) == 0 {
			return nil, nil
		}
		rows, err := s.askFiles(ctx, live, k, text, args)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrDeadline) || errors.Is(err, ErrMemory) || errors.Is(err, ErrUnavailable) {
			return rows, err
		}
		var bad *folder
		if errors.Is(err, errQueryEnded) {
			if crashes++; crashes == 1 {
				continue // once may be chance
			}
			bad = s.crashes(ctx, live, k, text, args)
		} else {
			bad = named(err, live, k)
		}
		if bad == nil {
			return nil, fmt.Errorf("ask for %s records: %w", k, err)
		}
		bad.bad.Store(true)
		if err := s.damaged(ctx, bad.id, err); !errors.Is(err, ErrDamaged) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("ask for %s records: %w: more than %d files cannot be read", k, ErrDamaged, maxBadFiles)
}

func (s *Store) askFiles(ctx context.Context, folders []*folder, k record.Kind, text string, args []arg) ([][]any, error) {
	temp := filepath.Join(s.cfg.Dir, queriesDir, strconv.FormatUint(s.number.Add(1), 10))
	q := &request{SQL: text, Args: args, Temp: temp}
	for _, f := range folders {
		q.Files = append(q.Files, filepath.Join(f.path, kindFile(k)))
	}
	rows, err := s.pool.ask(ctx, q)
	return rows, errors.Join(err, os.RemoveAll(temp))
}

// named finds the folder whose file an error speaks of, if it is the file's fault.
func named(err error, folders []*folder, k record.Kind) *folder {
	text := err.Error()
	for _, moment := range []string{"Too many open files", "Cannot allocate memory", "No space left"} {
		if strings.Contains(text, moment) {
			return nil
		}
	}
	for _, f := range folders {
		if strings.Contains(text, filepath.Join(f.path, kindFile(k))) {
			return f
		}
	}
	for _, f := range folders { // the error names none: look at the bytes
		if b, err := block.Open(f.path); err != nil || checkFiles(b) != nil {
			return f
		}
	}
	return nil
}

// crashes finds a folder that makes the query process end, by halves. nil: none alone does.
func (s *Store) crashes(ctx context.Context, folders []*folder, k record.Kind, text string, args []arg) *folder {
	ends := func(list []*folder) bool {
		_, err := s.askFiles(ctx, list, k, text, args)
		return errors.Is(err, errQueryEnded)
	}
	for range maxHalves {
		if len(folders) == 1 {
			if ends(folders) {
				return folders[0]
			}
			return nil
		}
		half := folders[:len(folders)/2]
		if ends(half) {
			folders = half
		} else {
			folders = folders[len(folders)/2:]
		}
	}
	return nil
}
