package judge_test

import (
	"bytes"
	"context"
	"net/netip"
	"testing"
	"time"

	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/flow"
	"candor/internal/labnet"
	"candor/internal/record"
	"candor/internal/source"
)

// TestInsideSeesWhoSpoke: from the promised place at least 95 % of the hosts that spoke are seen directly; from outside at
// most 5 of 375.
func TestInsideSeesWhoSpoke(t *testing.T) {
	bank := labnet.Bank(31)
	from := time.Date(2026, 11, 18, 10, 0, 0, 0, bank.Zone())
	var inside, outside bytes.Buffer
	report, err := bank.Run(context.Background(), labnet.Span{From: from, To: from.Add(10 * time.Minute)},
		labnet.Tap{At: labnet.Core, Out: &inside}, labnet.Tap{At: labnet.Outside, Out: &outside})
	if err != nil {
		t.Fatal(err)
	}
	a, err := agreement.Parse("bank", bank.Agreement())
	if err != nil {
		t.Fatal(err)
	}
	direct := directAddresses(t, a, &inside)
	spoke, seen := 0, 0
	for _, m := range report.Spoke {
		if m.Segment != "branch-users" && m.Segment != "dc-servers" {
			continue
		}
		spoke++
		for _, addr := range m.Addrs {
			if direct[addr] {
				seen++
				break
			}
		}
	}
	if spoke < 200 || seen*100 < spoke*95 {
		t.Errorf("inside: %d of %d hosts that spoke are seen directly, want 95 %%", seen, spoke)
	}
	if n := len(directAddresses(t, a, &outside)); n > 5 {
		t.Errorf("outside: %d hosts seen directly, want at most 5", n)
	}
}

// directAddresses are the addresses of machines that were seen directly.
func directAddresses(t *testing.T, a *agreement.Agreement, capture *bytes.Buffer) map[netip.Addr]bool {
	t.Helper()
	terms, err := coverage.NewTerms(a, "")
	if err != nil {
		t.Fatal(err)
	}
	src, err := source.Open(context.Background(), []string{"-"}, source.Options{Scope: terms.Scope, Stdin: capture, Flow: flow.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	e := coverage.NewEvidence(terms, record.Span{})
	for {
		b, err := src.Next(context.Background())
		if err != nil {
			break
		}
		for i := range b.Sight {
			e.Add(&b.Sight[i])
		}
	}
	out := map[netip.Addr]bool{}
	for _, m := range e.Machines() {
		if !m.Direct {
			continue
		}
		for _, addr := range m.Addrs {
			out[addr] = true
		}
	}
	return out
}
