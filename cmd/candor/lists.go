package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"candor/internal/intel"
	"candor/internal/record"
)

// lists are the flags --intel and --safelist.
type lists struct {
	Intel    []string `help:"Indicator lists: plain, CSV, MISP JSON, STIX 2.1. What they name and the inputs show becomes a finding." placeholder:"FILE" sep:"none"`
	Safelist string   `help:"Findings that somebody looked at and set aside, with who, why and until when (YAML)." placeholder:"FILE"`
}

// intelSet reads the indicator lists; nil without any. One that cannot be read stays in the set as unreadable, so that it is shown and
// no answer reads as if it had been asked.
func (l *lists) intelSet(scope *record.Scope) (*intel.Set, error) {
	if len(l.Intel) == 0 {
		return nil, nil
	}
	own := ownNetworks(scope)
	times := map[string]int{}
	for _, path := range l.Intel {
		times[filepath.Base(path)]++
	}
	all := make([]*intel.List, 0, len(l.Intel))
	for _, path := range l.Intel {
		name := filepath.Base(path)
		if times[name] > 1 {
			name = path
		}
		all = append(all, readIntel(name, path, own))
	}
	set, err := intel.NewSet(intel.Limits{}, all...)
	if err != nil {
		return nil, usage(err)
	}
	return set, nil
}

func readIntel(name, path string, own []netip.Prefix) *intel.List {
	f, err := os.Open(path)
	if err != nil {
		return intel.Unread(name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder: name the files in it")
	}
	if err != nil {
		return intel.Unread(name, err)
	}
	list, err := intel.Read(name, f, intel.Options{Modified: record.TimeOf(info.ModTime()), Own: own})
	if err != nil {
		return intel.Unread(name, err)
	}
	return list
}

// ownNetworks are the customer's, which no list should name; nobody knows them without an agreement.
func ownNetworks(scope *record.Scope) []netip.Prefix {
	if scope.Assumed {
		return nil
	}
	var out []netip.Prefix
	for i := range scope.Segments {
		out = append(out, scope.Segments[i].Networks...)
	}
	out = append(out, scope.OwnPublic...)
	for _, h := range scope.PublicHosts {
		out = append(out, netip.PrefixFrom(h, h.BitLen()))
	}
	return out
}

// safelist reads the safelist; nil without one. A bad one is wrong usage: half of a safelist would set aside something else than
// was meant.
func (l *lists) safelist() (*intel.Safelist, error) {
	if l.Safelist == "" {
		return nil, nil
	}
	text, err := os.ReadFile(l.Safelist)
	if err != nil {
		return nil, usage(fmt.Errorf("read safelist: %w", err))
	}
	s, err := intel.ParseSafelist(l.Safelist, text)
	if err != nil {
		return nil, usage(fmt.Errorf("safelist:\n%w", err))
	}
	return s, nil
}

// over says on standard error which entries of the safelist are over, as they set nothing aside any more.
func (w *world) over(s *intel.Safelist, at record.Time) {
	expired := s.Expired(at)
	for i, e := range expired {
		if i == 5 && len(expired) > 6 {
			fmt.Fprintf(w.stderr, "candor: safelist: and %d more entries are over\n", len(expired)-i)
			return
		}
		fmt.Fprintf(w.stderr, "candor: safelist %s line %d: over since %s, it sets nothing aside any more\n", s.Name, e.Line, e.Until.Text())
	}
}
