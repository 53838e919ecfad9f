package report_test

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"candor/internal/agreement"
	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/report"
	"candor/internal/source"
	"candor/internal/term"
)

func TestReal(t *testing.T) {
	for name, in := range map[string][2]string{
		"r-wan": {"/work/shared/data/labs/site-a.yaml", "/work/shared/data/labs/A-wan.pcapng.zst"},
		"r-core": {"/work/shared/data/labs/site-a.yaml", "/work/shared/data/labs/A-core.pcap.zst"},
		"r-given": {"", "/work/shared/data/given/chrissanders/ek_to_cryptowall4.pcapng"},
	} {
		var a *agreement.Agreement
		if in[0] != "" {
			text, err := os.ReadFile(in[0])
			if err != nil {
				t.Log(err)
				continue
			}
			if a, err = agreement.Parse(in[0], text); err != nil {
				t.Fatal(err)
			}
		}
		j, err := judge.New(judge.Config{Agreement: a})
		if err != nil {
			t.Fatal(err)
		}
		scope := j.Scope()
		src, err := source.Open(context.Background(), []string{in[1]}, source.Options{Scope: scope, Sensor: scope.Sensor, Feed: scope.Packets, Flow: flow.DefaultConfig()})
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := src.Next(context.Background())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			j.Observe(b)
		}
		r := j.At(judge.Moment{Ended: true})
		var s strings.Builder
		term.Write(&s, r, term.Options{Command: "candor check " + in[1]})
		os.WriteFile("/tmp/dump/"+name+".txt", []byte(s.String()), 0o644)
		f, _ := os.Create("/tmp/dump/" + name + ".html")
		if err := report.Write(f, r, report.Options{Command: "candor check " + in[1]}); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}
