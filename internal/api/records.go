package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/store"
	"candor/internal/verdict"
)

// AskAnswer is an answer with its evidence, or the rows of a lookup. What does not apply is null.
type AskAnswer struct {
	Understood service.Understood `json:"understood"`
	Answer     *verdict.Answer    `json:"answer"`
	Findings   []verdict.Finding  `json:"findings"`
	Rows       []service.Line     `json:"rows"` // of a lookup
	Others     string             `json:"others"`
	LeftOut    uint64             `json:"left_out"`
	Notes      []string           `json:"notes"`
	BlindSpots []verdict.Defect   `json:"blind_spots"` // of a lookup: what hides rows
	Blind      bool               `json:"blind"`       // a lookup without rows, and part of what was asked about was not in sight
	Records    string             `json:"records"`     // of a lookup: the records as JSON lines
}

// ask answers a question.
func ask(c *call) (any, error) {
	q := c.r.URL.Query().Get("q")
	if strings.TrimSpace(q) == "" {
		return nil, fmt.Errorf("%w: q is missing: the question", service.ErrInvalid)
	}
	a, err := c.api.service.Ask(c.ctx(), c.who, c.tenant(), c.sensor(), q)
	if err != nil {
		return nil, err
	}
	if a.Asked != nil {
		return &AskAnswer{Understood: a.Asked.Understood, Answer: &a.Asked.Answer, Findings: notNil(a.Asked.Findings), Rows: []service.Line{}, Notes: []string{}, BlindSpots: []verdict.Defect{}}, nil
	}
	f := a.Found
	var lines strings.Builder
	if err := f.WriteLines(&lines); err != nil {
		return nil, err
	}
	return &AskAnswer{
		Understood: f.Understood, Findings: []verdict.Finding{}, Rows: notNil(a.Lines), Others: service.OthersWords(f.Others), LeftOut: f.Left,
		Notes: notNil(f.Notes), BlindSpots: notNil(f.Spots), Blind: f.Blind, Records: lines.String(),
	}, nil
}

func recordParams() []param {
	return []param{
		tenantParam(), inQuery("kind", "conn, dns, tls, http, dhcp, log or alert; several with commas; none: all"), inQuery("from", "RFC 3339"), inQuery("to", "RFC 3339"),
		inQuery("host", "address or network of either end"), inQuery("orig", "address or network of the originator"), inQuery("resp", "address or network of the responder"),
		inQuery("name", "query, server_name or host; *.example.com for all below"), number("port", "of either end"), inQuery("uid", "of a connection"), inQuery("text", "words anywhere"),
		inQuery("order", "newest: the newest first"), number("limit", "records on a page, at most 10000"), inQuery("cursor", "where the page before ended"),
	}
}

// PageLine is the last line of a page of records.
type PageLine struct {
	Path    string         `json:"_path"` // page
	Next    string         `json:"next"`  // cursor; empty: there are no more
	Blocks  int            `json:"blocks"`
	Rows    int            `json:"rows"`
	Missing []record.Blind `json:"missing"` // what could not be looked through
}

// records writes a page of records.
func records(c *call) (any, error) {
	f, err := c.filter()
	if err != nil {
		return nil, err
	}
	page, err := c.api.service.Records(c.ctx(), c.who, c.tenant(), f)
	if err != nil {
		return nil, err
	}
	c.w.Header().Set("Content-Type", "application/x-ndjson")
	to := record.NewWriter(c.w)
	if err := page.Rows.Each(to); err != nil {
		return nil, errWritten // the reader went away
	}
	enc := json.NewEncoder(c.w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(PageLine{"page", page.Next, page.Looked.Blocks, page.Looked.Rows, notNil(page.Missing)}) // the reader went away, if at all
	return nil, errWritten
}

// filter reads what a page of records is narrowed by. An unknown parameter is an error: a filter that was misspelt must not show everything.
func (c *call) filter() (store.Filter, error) {
	var f store.Filter
	q := c.r.URL.Query()
	known := map[string]bool{}
	for _, p := range recordParams() {
		known[p.name] = true
	}
	for name := range q {
		if !known[name] {
			return f, fmt.Errorf("%w: %.40q is no parameter of records", service.ErrInvalid, name)
		}
	}
	for _, word := range strings.Split(q.Get("kind"), ",") {
		if word != "" {
			f.Kinds = append(f.Kinds, record.Kind(word))
		}
	}
	var errs []error
	f.From, errs = timeOf(q.Get("from"), "from", errs)
	f.To, errs = timeOf(q.Get("to"), "to", errs)
	f.Addr, errs = prefixOf(q.Get("host"), "host", errs)
	f.Orig, errs = prefixOf(q.Get("orig"), "orig", errs)
	f.Resp, errs = prefixOf(q.Get("resp"), "resp", errs)
	if text := q.Get("port"); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			errs = append(errs, fmt.Errorf("%w: port is to be a number up to 65535", service.ErrInvalid))
		}
		f.Port = uint16(n)
	}
	limit, err := c.number("limit")
	errs = append(errs, err)
	f.Limit = int(min(limit, 1<<30))
	f.Name, f.UID, f.Text, f.Cursor = q.Get("name"), record.UID(q.Get("uid")), q.Get("text"), q.Get("cursor")
	switch order := q.Get("order"); order {
	case "", "oldest":
	case "newest":
		f.Newest = true
	default:
		errs = append(errs, fmt.Errorf("%w: order is oldest or newest", service.ErrInvalid))
	}
	return f, errors.Join(errs...)
}

func timeOf(text, name string, errs []error) (record.Time, []error) {
	if text == "" {
		return 0, errs
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, append(errs, fmt.Errorf("%w: %s is to be a time such as 2026-11-24T12:00:00Z", service.ErrInvalid, name))
	}
	return record.TimeOf(t), errs
}

func prefixOf(text, name string, errs []error) (netip.Prefix, []error) {
	if text == "" {
		return netip.Prefix{}, errs
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), errs
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, append(errs, fmt.Errorf("%w: %s is to be an address or a network such as 10.1.0.0/16", service.ErrInvalid, name))
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), errs
}
