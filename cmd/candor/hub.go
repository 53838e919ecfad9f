package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"candor/internal/access"
	"candor/internal/api"
	"candor/internal/hub"
	"candor/internal/intel"
	"candor/internal/notice"
	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/store"
	"candor/internal/transport"
)

// hubCmd is the hub, and the commands that manage one.
type hubCmd struct {
	Run       hubRunCmd       `cmd:"" default:"withargs" help:"Run the hub (also without the word run)."`
	Tenant    hubTenantCmd    `cmd:"" help:"Make a tenant, or change its name and how long its records are kept."`
	Agreement hubAgreementCmd `cmd:"" help:"Show a tenant's agreement, or put a file in force."`
	Invite    hubInviteCmd    `cmd:"" help:"Make a token by which a sensor may ask for enrolment once."`
	Sensors   hubSensorsCmd   `cmd:"" help:"List a tenant's sensors with the fingerprints of their keys."`
	Approve   hubApproveCmd   `cmd:"" help:"Let a sensor in, after comparing its fingerprint on both sides."`
	Refuse    hubRefuseCmd    `cmd:"" help:"Turn a sensor away that asks for enrolment."`
	Revoke    hubRevokeCmd    `cmd:"" help:"Throw a sensor out, within a minute and for ever."`
	Token     hubTokenCmd     `cmd:"" help:"Make a token for a program that uses the API."`
}

// hubRunCmd runs the hub.
type hubRunCmd struct {
	lists
	notices
	Dir     string   `help:"The hub's folder." default:"/var/lib/candor-hub" placeholder:"DIR"`
	Listen  string   `help:"Where people and programs reach it. Beyond this machine it wants --tls-cert and --tls-key." default:"127.0.0.1:8470" placeholder:"ADDRESS"`
	Sensors string   `help:"Where sensors reach it." default:":8471" placeholder:"ADDRESS"`
	Name    []string `help:"Name or address under which sensors reach it, for its certificate; the first stands in tokens." placeholder:"NAME" sep:","`
	TLSCert string   `name:"tls-cert" help:"Certificate for --listen." placeholder:"FILE"`
	TLSKey  string   `name:"tls-key" help:"Its key." placeholder:"FILE"`
}

// hubParts are what a running hub is wired of.
type hubParts struct {
	store   *store.Store
	ca      *transport.CA
	hub     *hub.Hub
	server  *transport.Server
	api     http.Handler
	notices *notice.Sender
}

// Run runs the hub until it is stopped.
func (c *hubRunCmd) Run(ctx context.Context, w *world) (err error) {
	log := slog.New(slog.NewTextHandler(w.stderr, nil))
	if err := c.check(); err != nil {
		return usage(err)
	}
	sensors, err := net.Listen("tcp", c.Sensors)
	if err != nil {
		return fmt.Errorf("listen for sensors: %w", err)
	}
	people, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for people: %w", err), sensors.Close())
	}
	p, err := c.parts(ctx, w, log, sensors.Addr())
	if err != nil {
		return errors.Join(err, sensors.Close(), people.Close())
	}
	defer func() { err = errors.Join(err, p.store.Close()) }()
	fmt.Fprintf(w.stdout, "Candor hub: people and programs at %s, sensors at %s, data in %s.\nThe administrator's token is in %s.\n",
		people.Addr(), sensors.Addr(), c.Dir, filepath.Join(c.Dir, adminToken))
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return p.hub.Run(ctx) })
	group.Go(func() error { return p.server.Serve(ctx, sensors) })
	group.Go(func() error { return c.serve(ctx, p.api, people) })
	if p.notices != nil {
		group.Go(func() error { return p.notices.Run(ctx) })
	}
	if err := group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// check refuses to serve tokens in clear over a network.
func (c *hubRunCmd) check() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen %q: not an address such as 127.0.0.1:8470: %w", c.Listen, err)
	}
	if ip := net.ParseIP(host); c.TLSCert == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s is reached from other machines: it wants --tls-cert and --tls-key", c.Listen)
	}
	return nil
}

// parts opens and wires everything; nothing runs yet.
func (c *hubRunCmd) parts(ctx context.Context, w *world, log *slog.Logger, sensors net.Addr) (_ *hubParts, err error) {
	safelist, err := c.safelist()
	if err != nil {
		return nil, err
	}
	ways, err := c.notices.ways()
	if err != nil {
		return nil, usage(err)
	}
	p := &hubParts{}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the hub's folder: %w", err)
	}
	if p.ca, err = transport.OpenCA(filepath.Join(c.Dir, "ca"), w.now()); err != nil {
		return nil, err
	}
	key, err := transport.OpenKey(filepath.Join(c.Dir, "block-key.pem"))
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to run questions in: %w", err)
	}
	p.store, err = store.Open(ctx, store.Config{Dir: c.Dir, Now: w.now, Key: key, Query: store.Query{Command: []string{self, queryWorker}}, Log: log})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.store.Close())
		}
	}()
	if len(ways) > 0 {
		p.notices = notice.NewSender(log, ways...)
	}
	p.hub = hub.New(hub.Options{Store: p.store, Intel: c.intelFor(log), Safelist: safelist, Notices: p.notices, Now: w.now, Log: log})
	return p, c.faces(ctx, w, log, p, sensors)
}

// intelFor gives the indicator lists for a tenant's scope; which networks a list may not name depends on it.
func (c *hubRunCmd) intelFor(log *slog.Logger) func(*record.Scope) *intel.Set {
	if len(c.Intel) == 0 {
		return nil
	}
	return func(scope *record.Scope) *intel.Set {
		set, err := c.intelSet(scope)
		if err != nil {
			log.Error("indicator lists cannot be used", "err", err)
			return nil
		}
		return set
	}
}

// faces makes what sensors, people and programs reach.
func (c *hubRunCmd) faces(ctx context.Context, w *world, log *slog.Logger, p *hubParts, sensors net.Addr) error {
	names := c.names()
	_, port, err := net.SplitHostPort(sensors.String())
	if err != nil {
		return fmt.Errorf("sensors' address: %w", err)
	}
	registry := p.store.Registry()
	desk, err := transport.NewDesk(registry, "https://"+net.JoinHostPort(names[0], port), p.ca.Pin(), w.now)
	if err != nil {
		return err
	}
	p.server = transport.NewServer(transport.ServerConfig{
		CA: p.ca, Registry: registry, Receiver: p.hub, Watcher: p.hub, Incoming: p.store.Incoming, Names: names,
		Clock: transport.Clock{Now: w.now}, Log: log,
	})
	if err != nil {
		return err
	}
	people := p.store.People()
	gate := access.NewGate(people, w.now)
	if err := c.admin(ctx, gate); err != nil {
		return err
	}
	svc := service.New(service.Parts{Gate: gate, People: people, Judges: p.hub, Records: p.store, Desk: desk, Now: w.now})
	p.api, err = api.New(svc, api.Options{Log: log, Now: w.now, Ready: p.store.Healthy})
	return err
}

// names are those under which sensors reach the hub; by default this machine's.
func (c *hubRunCmd) names() []string {
	if len(c.Name) > 0 {
		return c.Name
	}
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil && host != "" {
		names = append([]string{host}, names...)
	}
	return names
}

// adminToken is the file in the hub's folder with a token that may do everything.
const adminToken = "admin.token"

// admin makes the administrator's token when there is none that is good.
func (c *hubRunCmd) admin(ctx context.Context, gate *access.Gate) error {
	path := filepath.Join(c.Dir, adminToken)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the administrator's token: %w", err)
	}
	if _, err := gate.Known(ctx, strings.TrimSpace(string(text))); err == nil {
		return nil
	}
	console := &access.Principal{ID: "console", Name: "console", Person: true, Grants: []access.Grant{{Tenant: access.Everywhere, Role: access.Admin}}}
	secret, _, err := gate.NewToken(ctx, console, access.Token{Name: "administrator, from the hub's folder", Grants: console.Grants, Scopes: access.Scopes()}, access.MaxTokenLife)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		return fmt.Errorf("keep the administrator's token: %w", err)
	}
	return nil
}

// serve serves people and programs until ctx ends.
func (c *hubRunCmd) serve(ctx context.Context, h http.Handler, l net.Listener) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-ctx.Done()
		quick, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(quick) != nil {
			_ = server.Close() // who did not end in time is cut off
		}
	}()
	var err error
	if c.TLSCert != "" {
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		err = server.ServeTLS(l, c.TLSCert, c.TLSKey)
	} else {
		err = server.Serve(l)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve people: %w", err)
	}
	<-stopped
	return nil
}

// notices are the flags that say who is told at once when a sensor goes blind.
type notices struct {
	Webhook       []string `help:"Tell this address when a sensor goes blind or sees again (JSON)." placeholder:"URL" sep:"none"`
	WebhookSecret string   `help:"File with the secret that webhooks are signed with." placeholder:"FILE"`
	MailServer    string   `help:"Tell people by mail through this server." placeholder:"HOST:PORT"`
	MailFrom      string   `help:"Sender of mails." placeholder:"ADDRESS"`
	MailTo        []string `help:"Who is told by mail." placeholder:"ADDRESS" sep:","`
	MailUser      string   `help:"User at the mail server." placeholder:"NAME"`
	MailPassword  string   `help:"File with the password there." placeholder:"FILE"`
	MailPlain     bool     `help:"The mail server is on this machine and speaks no TLS."`
}

// ways are the ways out for notices.
func (n *notices) ways() ([]notice.Way, error) {
	secret, err := secretOf("--webhook-secret", n.WebhookSecret)
	if err != nil {
		return nil, err
	}
	var out []notice.Way
	for _, address := range n.Webhook {
		hook, err := notice.NewWebhook(address, secret)
		if err != nil {
			return nil, err
		}
		out = append(out, hook)
	}
	if n.MailServer == "" {
		return out, nil
	}
	host, port, err := net.SplitHostPort(n.MailServer)
	if err != nil {
		return nil, fmt.Errorf("--mail-server %q: not a name and port such as mail.example:587", n.MailServer)
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil {
		return nil, fmt.Errorf("--mail-server %q: %w", n.MailServer, err)
	}
	password, err := secretOf("--mail-password", n.MailPassword)
	if err != nil {
		return nil, err
	}
	mail, err := notice.NewMail(notice.MailConfig{
		Host: host, Port: number, User: n.MailUser, Password: string(password), Plain: n.MailPlain, From: n.MailFrom, To: n.MailTo,
	})
	if err != nil {
		return nil, err
	}
	return append(out, mail), nil
}

// secretOf reads a secret from a file, without the end of line that editors add.
func secretOf(flag, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return []byte(strings.TrimRight(string(text), "\r\n")), nil
}
