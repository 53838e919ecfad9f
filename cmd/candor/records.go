package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"candor/internal/coverage"
	"candor/internal/record"
)

type recordsCmd struct {
	terms
	span
	remote
	Kind   []string `help:"Only these kinds: conn, dns, tls, http, dhcp, log, alert." placeholder:"KIND" sep:","`
	Inputs []string `arg:"" optional:"" name:"input" help:"Captures (pcap, pcapng, also .gz, .zst), or - for standard input."`
}

// Run prints records as JSON lines.
func (c *recordsCmd) Run(ctx context.Context, w *world) error {
	wanted := map[record.Kind]bool{}
	for _, k := range c.Kind {
		kind, err := record.KindNamed(k)
		if err != nil {
			return usage(err)
		}
		wanted[kind] = true
	}
	hub, err := c.asked(c.Inputs, given("--agreement", c.Agreement), given("--sensor", c.Sensor))
	if err != nil {
		return err
	}
	if hub {
		return c.recordsHub(ctx, w)
	}
	a, sensor, err := c.load()
	if err != nil {
		return err
	}
	t, err := coverage.NewTerms(a, sensor)
	if err != nil {
		return usage(err)
	}
	src, err := open(ctx, w, c.Inputs, t.Scope, c.span, nil, nil, "")
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w.stdout, 1<<16)
	p := &printer{w: record.NewWriter(out), wanted: wanted, open: map[record.UID]*record.Conn{}}
	if err := errors.Join(each(ctx, src, p.batch), out.Flush()); err != nil {
		return fmt.Errorf("records: %w", err)
	}
	return nil
}

// printer prints a connection once, whole: reports of one still open are joined until the final one.
type printer struct {
	w      *record.Writer
	wanted map[record.Kind]bool
	open   map[record.UID]*record.Conn
}

func (p *printer) wants(k record.Kind) bool { return len(p.wanted) == 0 || p.wanted[k] }

func (p *printer) batch(b *record.Batch) error {
	if p.wants(record.KindConn) {
		for i := range b.Conns {
			if err := p.conn(&b.Conns[i]); err != nil {
				return err
			}
		}
	}
	return errors.Join(
		print(p, record.KindDNS, b.DNS, p.w.DNS),
		print(p, record.KindTLS, b.TLS, p.w.TLS),
		print(p, record.KindHTTP, b.HTTP, p.w.HTTP),
		print(p, record.KindDHCP, b.DHCP, p.w.DHCP),
		print(p, record.KindLog, b.Logs, p.w.Log),
		print(p, record.KindAlert, b.Alerts, p.w.Alert),
	)
}

func print[T any](p *printer, k record.Kind, rows []T, write func(*T) error) error {
	if !p.wants(k) {
		return nil
	}
	for i := range rows {
		if err := write(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *printer) conn(c *record.Conn) error {
	whole := p.open[c.UID]
	switch {
	case whole != nil:
		whole.Whole(c)
	case c.Final:
		return p.w.Conn(c)
	default:
		first := *c
		p.open[c.UID] = &first
		return nil
	}
	if !c.Final {
		return nil
	}
	delete(p.open, c.UID)
	return p.w.Conn(whole)
}
