package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"candor/internal/judge"
	"candor/internal/svg"
	"candor/internal/visible"
)

// Options say what the page adds to the Result.
type Options struct {
	Command string // the command line that makes this page again; empty to leave it out
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// Parts are the page without its frame, for a page with a frame of its own.
type Parts struct {
	Main  template.HTML // what stands in <main>
	Style template.CSS  // what it needs
	Defs  template.HTML // what its plots refer to; once on a page
}

// PartsOf gives the parts of r's page.
func PartsOf(r *judge.Result, o Options) (Parts, error) {
	t, err := template.New("report").Parse(pageHTML)
	if err != nil {
		return Parts{}, fmt.Errorf("read the template of the report: %w", err)
	}
	v := viewOf(clean(r))
	v.Command = visible.Text(o.Command)
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, "main", v); err != nil {
		return Parts{}, fmt.Errorf("write the report: %w", err)
	}
	return Parts{Main: template.HTML(b.String()), Style: v.Style, Defs: v.Defs}, nil
}

// Style is the CSS of the parts.
func Style() string { return svg.Style() + pageCSS }

// Write prints r as one HTML page. The error is that of w, or says what in the template failed.
func Write(w io.Writer, r *judge.Result, o Options) error {
	t, err := template.New("report").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("read the template of the report: %w", err)
	}
	v := viewOf(clean(r))
	v.Command = visible.Text(o.Command)
	if err := t.Execute(w, v); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
