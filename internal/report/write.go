package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

	"candor/internal/visible"

	"candor/internal/judge"
)

// Options say what the page adds to the Result.
type Options struct {
	Command string // the command line that makes this page again; empty to leave it out
}

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

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
