//go:build cgo

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"
)

// ServeQueries answers the questions that come from r until it ends, one after the other: the whole work of a query process. DuckDB runs
// here, in a process of its own, so that its crash or hunger is not the hub's. When r ends, a running question is given up.
func ServeQueries(ctx context.Context, r io.Reader, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	requests := make(chan request)
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		for {
			var q request
			if err := readMessage(r, &q, maxRequest); err != nil {
				ended <- err
				return
			}
			select {
			case requests <- q:
			case <-ctx.Done():
				ended <- ctx.Err()
				return
			}
		}
	}()
	for {
		select {
		case <-ctx.Done():
			if err := <-ended; !errors.Is(err, io.EOF) {
				return fmt.Errorf("query process: %w", err)
			}
			return nil
		case q := <-requests:
			a := answerQuery(ctx, &q)
			if ctx.Err() != nil {
				continue
			}
			if err := writeMessage(w, a, maxResponse); err != nil {
				return fmt.Errorf("query process: %w", err)
			}
		}
	}
}

// answerQuery opens a database in memory that may read the files of this question and nothing else, and asks it.
func answerQuery(ctx context.Context, q *request) response {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(q.Deadline))
	defer cancel()
	debug.SetMemoryLimit(max(q.Memory, 64<<20))
	rows, err := askDuck(ctx, q)
	if err == nil {
		return response{Rows: rows}
	}
	a := response{Error: err.Error()}
	var duck *duckdb.Error
	switch {
	case ctx.Err() != nil:
		a.Kind = kindDeadline
	case errors.As(err, &duck) && duck.Type == duckdb.ErrorTypeOutOfMemory:
		a.Kind = kindMemory
	}
	return a
}

func askDuck(ctx context.Context, q *request) (_ [][]any, err error) {
	c, err := duckdb.NewConnector(fmt.Sprintf(":memory:?threads=%d&memory_limit=%dB", q.Threads, q.Memory), nil)
	if err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	db := sql.OpenDB(c)
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, set := range []string{
		"SET autoinstall_known_extensions = false", "SET autoload_known_extensions = false", "SET TimeZone = 'UTC'",
		"SET temp_directory = " + literal(q.Temp), fmt.Sprintf("SET max_temp_directory_size = '%dB'", 4*q.Memory), "SET allowed_paths = " + list(q.Files), "SET enable_external_access = false",
		"SET preserve_insertion_order = false", "SET lock_configuration = true",
	} {
		if _, err := db.ExecContext(ctx, set); err != nil {
			return nil, fmt.Errorf("start: %w", err)
		}
	}
	args := make([]any, len(q.Args))
	for i, a := range q.Args {
		args[i] = a.value()
	}
	rows, err := db.QueryContext(ctx, strings.ReplaceAll(q.SQL, filesMark, list(q.Files)), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out [][]any
	for rows.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if out = append(out, row); len(out) > maxRows {
			return nil, fmt.Errorf("more than %d rows", maxRows)
		}
	}
	return out, rows.Err()
}

func list(files []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, f := range files {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(literal(f))
	}
	b.WriteByte(']')
	return b.String()
}

// literal is for paths of our own, which settings and table functions take no parameters for.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// filesMark stands in SQL for the list of files.
const filesMark = "{files}"

// value is what a driver is given.
func (a arg) value() any {
	switch {
	case a.Word != nil:
		return *a.Word
	case a.Number != nil:
		return *a.Number
	}
	return a.Blob
}
