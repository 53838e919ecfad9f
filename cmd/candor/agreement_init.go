package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"candor/internal/agreement"
	"candor/internal/record"
)

type agreementInitCmd struct {
	From      []string `help:"Captures to suggest segments and resolvers from, instead of asking." placeholder:"INPUT" sep:"none"`
	Customer  string   `help:"Who is watched." placeholder:"NAME"`
	Provider  string   `help:"Who watches; leave it out when the customer watches itself." placeholder:"NAME"`
	TimeZone  string   `help:"Time zone of hours and days, such as Europe/Berlin." placeholder:"ZONE"`
	OwnPublic []string `help:"The customer's addresses after translation, such as 203.0.113.16/28." placeholder:"CIDR" sep:","`
	Out       string   `help:"Write to this file instead of standard output; an existing file is kept." placeholder:"FILE"`
}

// Run writes a first agreement, from captures or by asking.
func (c *agreementInitCmd) Run(ctx context.Context, w *world) error {
	answers := agreement.Answers{Customer: c.Customer, Provider: c.Provider, TimeZone: c.TimeZone}
	for _, text := range c.OwnPublic {
		p, err := parseNetwork(text)
		if err != nil {
			return usage(fmt.Errorf("--own-public: %w", err))
		}
		answers.OwnPublic = append(answers.OwnPublic, p)
	}
	var err error
	if len(c.From) > 0 {
		err = suggest(ctx, w, c.From, &answers)
	} else {
		err = ask(w, &answers)
	}
	if err != nil {
		return err
	}
	text := agreement.InitFrom(answers)
	if _, err := agreement.Parse("agreement", text); err != nil {
		return usage(fmt.Errorf("these answers make no valid agreement:\n%w", err))
	}
	if c.Out == "" {
		_, err = w.stdout.Write(text)
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return usage(fmt.Errorf("write agreement: %w", err))
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

func parseNetwork(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is no network; write it as 10.10.0.0/22", text)
	}
	return p, nil
}

// suggest fills in what captures show: private networks, and resolvers that answered several hosts.
func suggest(ctx context.Context, w *world, paths []string, answers *agreement.Answers) error {
	src, err := open(ctx, w, paths, record.AssumedScope(), span{}, nil, nil, "")
	if err != nil {
		return err
	}
	type known struct{ direct, server bool }
	hosts := map[netip.Addr]known{}
	asked := map[netip.Addr]map[netip.Addr]bool{}
	err = each(ctx, src, func(b *record.Batch) error {
		for i := range b.Sight {
			for _, h := range b.Sight[i].Hosts {
				k := hosts[h.Addr]
				k.direct = k.direct || h.Flags&record.SeenDirect != 0
				hosts[h.Addr] = k
			}
		}
		for i := range b.Conns {
			if c := &b.Conns[i]; c.RespPkts > 0 && c.OrigPkts > 0 && c.Proto == 6 && (c.State == "SF" || c.State == "S1") {
				k := hosts[c.RespH]
				k.server = true
				hosts[c.RespH] = k
			}
		}
		for i := range b.DNS {
			if d := &b.DNS[i]; d.HasReply && d.Variant == "dns" && d.RespH.IsPrivate() {
				if asked[d.RespH] == nil {
					asked[d.RespH] = map[netip.Addr]bool{}
				}
				asked[d.RespH][d.OrigH] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var seen []agreement.Seen
	for a, k := range hosts {
		seen = append(seen, agreement.Seen{Addr: a, Direct: k.direct, Server: k.server})
	}
	found := agreement.Suggest(seen)
	if len(found.Segments) == 0 {
		return usage(errors.New("no private address in these captures: nothing to suggest; run without --from to be asked"))
	}
	answers.Segments = found.Segments
	for r, clients := range asked {
		if len(clients) >= 2 {
			answers.Resolvers = append(answers.Resolvers, r)
		}
	}
	slices.SortFunc(answers.Resolvers, func(a, b netip.Addr) int { return cmp.Compare(len(asked[b]), len(asked[a])) })
	answers.Resolvers = answers.Resolvers[:min(len(answers.Resolvers), 4)]
	slices.SortFunc(answers.Resolvers, netip.Addr.Compare)
	return nil
}

// ask asks on standard error and reads the answers from standard input, one a line; an empty line takes what is in brackets.
func ask(w *world, answers *agreement.Answers) error {
	in := bufio.NewScanner(io.LimitReader(w.stdin, 1<<16))
	question := func(text, standard string) string {
		if standard != "" {
			text += " [" + standard + "]"
		}
		fmt.Fprintf(w.stderr, "%s: ", text)
		if !in.Scan() {
			return standard
		}
		return cmp.Or(strings.TrimSpace(in.Text()), standard)
	}
	answers.Customer = question("Who is watched", cmp.Or(answers.Customer, "Customer"))
	answers.Provider = question("Who watches (empty: the customer itself)", answers.Provider)
	answers.TimeZone = question("Time zone of hours and days", cmp.Or(answers.TimeZone, "UTC"))
	for _, word := range strings.Fields(strings.ReplaceAll(question("Public addresses after translation (empty: none)", ""), ",", " ")) {
		p, err := parseNetwork(word)
		if err != nil {
			return usage(err)
		}
		answers.OwnPublic = append(answers.OwnPublic, p)
	}
	for _, word := range strings.Fields(strings.ReplaceAll(question("Name servers that the hosts ask (empty: none)", ""), ",", " ")) {
		a, err := netip.ParseAddr(word)
		if err != nil {
			return usage(fmt.Errorf("%q is no address; write it as 10.20.0.53", word))
		}
		answers.Resolvers = append(answers.Resolvers, a)
	}
	for {
		line := question("A network part: NAME clients|servers|special NETWORK HOSTS (empty: done)", "")
		if line == "" {
			break
		}
		s, err := parseSegment(line)
		if err != nil {
			return usage(err)
		}
		answers.Segments = append(answers.Segments, s)
	}
	fmt.Fprintln(w.stderr)
	if len(answers.Segments) == 0 {
		return usage(errors.New("no network part was named: there is nothing to watch"))
	}
	return nil
}

func parseSegment(line string) (agreement.SegmentAnswer, error) {
	f := strings.Fields(line)
	if len(f) != 4 {
		return agreement.SegmentAnswer{}, fmt.Errorf("%q: want NAME KIND NETWORK HOSTS, such as: office clients 192.168.10.0/24 40", line)
	}
	kind := record.SegmentKind(f[1])
	if !slices.Contains([]record.SegmentKind{record.Clients, record.Servers, record.Special}, kind) {
		return agreement.SegmentAnswer{}, fmt.Errorf("%q: the kind is one of clients, servers, special", f[1])
	}
	network, err := parseNetwork(f[2])
	if err != nil {
		return agreement.SegmentAnswer{}, err
	}
	hosts, err := strconv.Atoi(f[3])
	if err != nil || hosts < 0 {
		return agreement.SegmentAnswer{}, fmt.Errorf("%q: want a number of hosts", f[3])
	}
	return agreement.SegmentAnswer{ID: f[0], Kind: kind, Networks: []netip.Prefix{network}, Hosts: hosts}, nil
}
