package portal

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"candor/internal/access"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/store"
	"candor/internal/svg"
	"candor/internal/verdict"
	"candor/internal/visible"
)

// loadPages reads every template in web/ and puts it into the frame.
func loadPages(a *assets) (map[string]*template.Template, error) {
	frame, err := template.New("frame.html").Funcs(functions(a)).ParseFS(web, "web/frame.html")
	if err != nil {
		return nil, fmt.Errorf("read the frame: %w", err)
	}
	files, err := fs.Glob(web, "web/*.html")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	out := map[string]*template.Template{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "frame" {
			continue
		}
		t, err := frame.Clone()
		if err == nil {
			t, err = t.ParseFS(web, file)
		}
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", name, err)
		}
		out[name] = t
	}
	return out, nil
}

// functions are what templates may call. visible is for every text from the wire or from people.
func functions(a *assets) template.FuncMap {
	return template.FuncMap{
		"asset":   a.address,
		"visible": visible.Text,
		"sign":    sign,
		"word":    judge.Word,
		"count":   func(n int) string { return judge.Count(n) },
		"utc":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"rfc3339": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	}
}

// sign is the mark of an answer with its word: a diamond for yes, a ring for no, hatching for cannot say.
func sign(v verdict.Verdict) template.HTML {
	shape, class := svg.Hatch, "open"
	switch v {
	case verdict.Yes:
		shape, class = svg.Diamond, "yes"
	case verdict.No:
		shape, class = svg.Ring, "no"
	case verdict.CannotSay:
	}
	return template.HTML(`<span class="verd ` + class + `">` + svg.Icon(shape) + template.HTMLEscapeString(judge.Word(v)) + `</span>`)
}

// view is what every page's template gets: the frame's part, and the page's own in Page.
type view struct {
	Title   string
	Active  string // which entry of the menu this is
	Tenant  *store.Tenant
	Tenants []store.Tenant
	Sensor  record.Sensor
	Who     string
	Person  bool // signed in by name, and not by a token
	Live    bool // the page has parts that the stream replaces
	Defs    template.HTML
	Demo    []Control
	Page    any
}

// show renders a page. name is its template in web/.
func (c *call) show(name, title string, page any) error {
	return c.showAs(http.StatusOK, name, title, page)
}

func (c *call) showAs(status int, name, title string, page any) error {
	t := c.p.pages[name]
	if t == nil {
		return fmt.Errorf("no page %q", name)
	}
	v := view{Title: title, Active: name, Page: page, Defs: template.HTML(svg.Defs()), Sensor: c.sensor()}
	if c.who != nil {
		v.Who, v.Person = c.who.Name, c.who.Person
		list, err := c.p.service.Tenants(c.r.Context(), c.who)
		if err != nil {
			return err
		}
		v.Tenants = list
		for i := range list {
			if list[i].ID == c.tenant() {
				v.Tenant = &list[i]
			}
		}
	}
	if c.p.opts.Demo != nil {
		v.Demo = c.p.opts.Demo.Controls()
	}
	v.Live = v.Tenant != nil
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "frame.html", v); err != nil {
		return fmt.Errorf("write page %s: %w", name, err)
	}
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.WriteHeader(status)
	_, _ = b.WriteTo(c.w) // the reader went away, if at all
	return errShown
}

// part renders one named block of a page, for the live stream to put in place of what is there.
func (p *Portal) part(page, block string, data any) (string, error) {
	var b bytes.Buffer
	if err := p.pages[page].ExecuteTemplate(&b, block, data); err != nil {
		return "", fmt.Errorf("write %s of %s: %w", block, page, err)
	}
	return b.String(), nil
}

// problem is what the page of an error says.
type problem struct {
	Word, Text, Do, ID string
}

// wrong shows an error: what happened and what to do. What is absent and what is another's read the same.
func (c *call) wrong(err error) {
	status, p := http.StatusInternalServerError, problem{Word: "That went wrong", Text: "The fault is ours.", Do: "Try again. The hub's log says more under this number:"}
	switch {
	case errors.Is(err, access.ErrNobody):
		http.Redirect(c.w, c.r, "/sign-in", http.StatusSeeOther)
		return
	case errors.Is(err, access.ErrUnknown), errors.Is(err, service.ErrNotFound):
		status, p = http.StatusNotFound, problem{Word: "Not here", Text: "There is no such page, or it is not yours to see.", Do: "Go back, or begin at the first page."}
	case errors.Is(err, access.ErrDenied):
		status, p = http.StatusForbidden, problem{Word: "Not allowed", Text: "Your role does not allow this.", Do: "Ask who manages people for this customer."}
	case errors.Is(err, service.ErrInvalid), errors.Is(err, access.ErrInvalid), errors.Is(err, store.ErrInvalid):
		status, p = http.StatusBadRequest, problem{Word: "Not understood", Text: visible.Text(err.Error()), Do: "Go back and change what you asked for."}
	case errors.Is(err, service.ErrUnavailable), errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrFull), errors.Is(err, context.DeadlineExceeded), errors.Is(err, store.ErrDeadline):
		status, p = http.StatusServiceUnavailable, problem{Word: "Cannot say now", Text: visible.Text(err.Error()), Do: "Try again in a moment."}
	default:
		p.ID = rand.Text()[:12]
		c.p.opts.Log.Error("page failed", "id", p.ID, "method", c.r.Method, "route", c.r.Pattern, "err", err)
	}
	if failed := c.showAs(status, "problem", p.Word, p); !errors.Is(failed, errShown) {
		c.p.opts.Log.Error("the page of an error failed", "err", failed)
		http.Error(c.w, p.Word, status)
	}
}
