package main

import (
	"bytes"
	"fmt"
	"os"

	"candor/internal/agreement"
)

type agreementCmd struct {
	Check   agreementCheckCmd   `cmd:"" help:"Validate an agreement; errors name line and what is allowed."`
	Explain agreementExplainCmd `cmd:"" help:"Say in plain words what is promised, and what cannot be measured."`
	Init    agreementInitCmd    `cmd:"" help:"Write a commented first agreement, by asking or from a capture."`
}

type agreementCheckCmd struct {
	File string `arg:"" help:"The agreement."`
}

// Run validates.
func (c *agreementCheckCmd) Run(w *world) error {
	a, err := readAgreement(c.File)
	if err != nil {
		return err
	}
	promises := 0
	for range a.Promises("") {
		promises++
	}
	_, err = fmt.Fprintf(w.stdout, "%s: agreement %s revision %d holds %d segments, %d sensors and %d promises.\n",
		c.File, a.Metadata.ID, a.Metadata.Revision, len(a.Watched.Segments), len(a.Sensors), promises)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func readAgreement(path string) (*agreement.Agreement, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, usage(fmt.Errorf("read agreement: %w", err))
	}
	a, err := agreement.Parse(path, text)
	if err != nil {
		return nil, usage(err)
	}
	return a, nil
}

type agreementExplainCmd struct {
	File string `arg:"" help:"The agreement."`
}

// Run explains.
func (c *agreementExplainCmd) Run(w *world) error {
	a, err := readAgreement(c.File)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := agreement.Explain(&out, a); err != nil {
		return fmt.Errorf("explain agreement: %w", err)
	}
	if _, err := w.stdout.Write(out.Bytes()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
