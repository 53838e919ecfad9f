package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"candor/internal/api"
	"candor/internal/judge"
	"candor/internal/service"
	"candor/internal/term"
)

// hubResult gives a sensor's Result, also as the hub wrote it.
func hubResult(ctx context.Context, hub *client, sensor string) (*judge.Result, []byte, error) {
	resp, err := hub.call(ctx, http.MethodGet, hub.path("result"), sensorQuery(sensor), nil)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxHubAnswer))
	if err != nil {
		return nil, nil, fmt.Errorf("read the hub's answer: %w", err)
	}
	r := &judge.Result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, nil, fmt.Errorf("read the hub's answer: %w", err)
	}
	return r, text, nil
}

func sensorQuery(sensor string) url.Values {
	q := url.Values{}
	if sensor != "" {
		q.Set("sensor", sensor)
	}
	return q
}

// checkHub shows what a hub's sensor sees, with the exit code that the same check of files would have.
func (c *checkCmd) checkHub(ctx context.Context, w *world) error {
	hub, err := c.remote.of(ctx, w)
	if err != nil {
		return err
	}
	r, text, err := hubResult(ctx, hub, c.Sensor)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := c.writeFiles(w, r); err != nil {
			return err
		}
		if _, err := w.stdout.Write(text); err != nil {
			return fmt.Errorf("write JSON: %w", err)
		}
	} else if err := c.show(w, r); err != nil {
		return err
	}
	return exitWith(r.Exit.Code, nil)
}

// askHub asks a hub one question.
func (c *askCmd) askHub(ctx context.Context, w *world) error {
	hub, err := c.remote.of(ctx, w)
	if err != nil {
		return err
	}
	q := sensorQuery(c.Sensor)
	q.Set("q", c.Question)
	var a api.AskAnswer
	if err := hub.json(ctx, http.MethodGet, hub.path("ask"), q, nil, &a); err != nil {
		return err
	}
	r, _, err := hubResult(ctx, hub, c.Sensor)
	if err != nil {
		return err
	}
	if a.Answer != nil {
		return c.showAsked(w, &service.Asked{Understood: a.Understood, Answer: *a.Answer, Findings: a.Findings}, r)
	}
	code := exitNo
	if a.Blind {
		code = exitCannotSay
	}
	if c.JSON {
		_, err := io.WriteString(w.stdout, a.Records)
		return exitWith(code, err)
	}
	width, color := w.screen()
	page := &term.Lookup{Understood: understoodWords(&a.Understood), Left: a.LeftOut, Others: a.Others, Notes: a.Notes, Spots: a.BlindSpots, Result: r}
	for _, line := range a.Rows {
		page.Rows = append(page.Rows, term.LookupRow(line))
	}
	return exitWith(code, term.WriteLookup(w.stdout, page, term.Options{Width: width, Color: color}))
}

// recordsHub prints a hub's records, page by page. What it could not look through is told on standard error, and ends with 2.
func (c *recordsCmd) recordsHub(ctx context.Context, w *world) error {
	hub, err := c.remote.of(ctx, w)
	if err != nil {
		return err
	}
	q := url.Values{"limit": {"10000"}}
	for _, k := range c.Kind {
		q.Set("kind", joined(q.Get("kind"), k))
	}
	for name, value := range map[string]string{"from": c.From, "to": c.To} {
		if value != "" {
			q.Set(name, value)
		}
	}
	missing := map[string]bool{}
	for {
		next, err := c.recordsPage(ctx, w, hub, q, missing)
		if err != nil {
			return err
		}
		if next == "" {
			break
		}
		q.Set("cursor", next)
	}
	if len(missing) > 0 {
		return &exitError{code: exitCannotSay}
	}
	return nil
}

func joined(list, word string) string {
	if list == "" {
		return word
	}
	return list + "," + word
}

// recordsPage prints one page and gives the cursor of the next.
func (c *recordsCmd) recordsPage(ctx context.Context, w *world, hub *client, q url.Values, missing map[string]bool) (string, error) {
	resp, err := hub.call(ctx, http.MethodGet, hub.path("records"), q, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	in := bufio.NewReaderSize(resp.Body, 1<<16)
	out := bufio.NewWriterSize(w.stdout, 1<<16)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return "", fmt.Errorf("the hub's answer broke off: %w", err)
		}
		if !bytes.HasPrefix(line, []byte(`{"_path":"page"`)) {
			if _, err := out.Write(line); err != nil {
				return "", fmt.Errorf("write records: %w", err)
			}
			continue
		}
		var p api.PageLine
		if err := json.Unmarshal(line, &p); err != nil {
			return "", fmt.Errorf("read the hub's answer: %w", err)
		}
		for _, b := range p.Missing {
			if words := fmt.Sprintf("%s to %s: %s", b.Span.From.Text(), b.Span.To.Text(), b.Words); !missing[words] {
				missing[words] = true
				fmt.Fprintf(w.stderr, "candor: could not look through %s\n", words)
			}
		}
		return p.Next, out.Flush()
	}
}
