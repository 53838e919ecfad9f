package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"candor/internal/access"
	"candor/internal/agreement"
	"candor/internal/api"
	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/store"
)

// manage are the flags of commands that manage a hub. On the hub's own machine they need none: its folder holds the administrator's token.
type manage struct {
	remote
	Dir string `help:"The hub's folder, where its administrator's token lies." default:"/var/lib/candor-hub" placeholder:"DIR"`
}

// hub is a client with what the flags say, else with what the hub's folder holds.
func (m *manage) hub(w *world) (*client, error) {
	if m.Hub == "" {
		m.Hub = "http://127.0.0.1:8470"
	}
	if m.TokenFile == "" && w.token == "" {
		m.TokenFile = filepath.Join(m.Dir, adminToken)
	}
	return m.client(w)
}

// tenant is a client for the tenant that was named, or the only one.
func (m *manage) tenant(ctx context.Context, w *world) (*client, error) {
	if _, err := m.hub(w); err != nil {
		return nil, err
	}
	return m.of(ctx, w)
}

type hubTenantCmd struct {
	manage
	ID        string `arg:"" name:"id" help:"Small letters, digits, dots, underscores, hyphens."`
	Name      string `arg:"" name:"name" help:"The customer's name."`
	KeepDays  int    `help:"Keep records so many days; 0: no bound." placeholder:"DAYS"`
	KeepBytes int64  `help:"Keep at most so many bytes of records; 0: no bound." placeholder:"BYTES"`
}

// Run makes or changes a tenant.
func (c *hubTenantCmd) Run(ctx context.Context, w *world) error {
	hub, err := c.hub(w)
	if err != nil {
		return err
	}
	hub.tenant = c.ID
	return hub.json(ctx, http.MethodPut, hub.path(), nil, api.TenantBody{Name: c.Name, KeepDays: c.KeepDays, KeepBytes: c.KeepBytes}, nil)
}

type hubAgreementCmd struct {
	manage
	File string `arg:"" optional:"" help:"The agreement to put in force; none: show the one that is." placeholder:"FILE"`
}

// Run shows or puts an agreement.
func (c *hubAgreementCmd) Run(ctx context.Context, w *world) error {
	hub, err := c.tenant(ctx, w)
	if err != nil {
		return err
	}
	if c.File == "" {
		resp, err := hub.call(ctx, http.MethodGet, hub.path("agreement"), nil, nil)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // read to its end below
		_, err = io.Copy(w.stdout, io.LimitReader(resp.Body, maxHubAnswer))
		return err
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return usage(fmt.Errorf("read agreement: %w", err))
	}
	if _, err := agreement.Parse(c.File, text); err != nil { // said here with the file's name, before the hub says it without
		return usage(err)
	}
	resp, err := hub.call(ctx, http.MethodPut, hub.path("agreement"), nil, text)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end by the decoder
	var kept store.AgreementText
	if err := decode(resp.Body, &kept); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "In force as revision %d of the hub's count. Sensors learn of it within seconds; each then begins a new window.\n", kept.Revision)
	return nil
}

type hubInviteCmd struct {
	manage
	Sensor string `arg:"" help:"The sensor's id, as in the agreement."`
}

// Run makes an enrolment token.
func (c *hubInviteCmd) Run(ctx context.Context, w *world) error {
	hub, err := c.tenant(ctx, w)
	if err != nil {
		return err
	}
	var i service.Invited
	if err := hub.json(ctx, http.MethodPost, hub.path("sensors", c.Sensor, "invitation"), nil, nil, &i); err != nil {
		return err
	}
	fmt.Fprintln(w.stdout, i.Token)
	fmt.Fprintf(w.stderr, "Good for one sensor, until %s. On its machine: candor enroll TOKEN\n", i.Expires.Format("15:04 MST"))
	return nil
}

type hubSensorsCmd struct {
	manage
	JSON bool `name:"json" help:"As the API gives it."`
}

// Run lists sensors.
func (c *hubSensorsCmd) Run(ctx context.Context, w *world) error {
	hub, err := c.tenant(ctx, w)
	if err != nil {
		return err
	}
	var list api.SensorList
	if err := hub.json(ctx, http.MethodGet, hub.path("sensors"), nil, nil, &list); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(w.stdout, list)
	}
	for i := range list.Sensors {
		s := &list.Sensors[i]
		said := "has not spoken since the hub started"
		if !s.Heartbeat.IsZero() {
			said = "spoke last at " + s.Heartbeat.Format("15:04:05 MST")
		}
		fmt.Fprintf(w.stdout, "%s  %s\n", s.Sensor, said)
		for _, e := range s.Enrolments {
			fmt.Fprintf(w.stdout, "  %-8s  %s  asked %s from %s\n", e.State, e.Fingerprint, e.Asked.Format("2006-01-02 15:04 MST"), e.From)
		}
	}
	if len(list.Sensors) == 0 {
		fmt.Fprintln(w.stdout, "No sensor yet. candor hub invite ID makes a token for one.")
	}
	return nil
}

// deciding are commands that decide about a key.
type deciding struct {
	manage
	Fingerprint string `arg:"" help:"Of the sensor's key, as both sides show it; its groups may be joined." `
}

func (c *deciding) decide(ctx context.Context, w *world, d service.Decision, reason string) error {
	hub, err := c.tenant(ctx, w)
	if err != nil {
		return err
	}
	fingerprint := strings.Join(strings.Fields(c.Fingerprint), "")
	var e service.Enrolled
	if err := hub.json(ctx, http.MethodPost, hub.path("keys", fingerprint), nil, api.DecisionBody{Decision: d, Reason: reason}, &e); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s is %s.\n", e.Fingerprint, e.State)
	return nil
}

type hubApproveCmd struct{ deciding }

// Run lets a sensor in.
func (c *hubApproveCmd) Run(ctx context.Context, w *world) error {
	return c.decide(ctx, w, service.Approve, "")
}

type hubRefuseCmd struct {
	deciding
	Reason string `help:"Why, for whoever asks later." placeholder:"WORDS"`
}

// Run turns a sensor away.
func (c *hubRefuseCmd) Run(ctx context.Context, w *world) error {
	return c.decide(ctx, w, service.Refuse, c.Reason)
}

type hubRevokeCmd struct {
	deciding
	Reason string `help:"Why, for whoever asks later." placeholder:"WORDS"`
}

// Run throws a sensor out.
func (c *hubRevokeCmd) Run(ctx context.Context, w *world) error {
	return c.decide(ctx, w, service.Revoke, c.Reason)
}

type hubTokenCmd struct {
	manage
	Name  string   `arg:"" help:"What it is for."`
	Role  string   `help:"viewer, owner, analyst, lead, auditor or admin." default:"viewer" placeholder:"ROLE"`
	Scope []string `help:"read, write, admin." default:"read" placeholder:"SCOPE" sep:","`
	Days  int      `help:"How long it lives." default:"90" placeholder:"DAYS"`
}

// Run makes a token for a program.
func (c *hubTokenCmd) Run(ctx context.Context, w *world) error {
	hub, err := c.tenant(ctx, w)
	if err != nil {
		return err
	}
	body := api.TokenBody{Name: c.Name, Grants: []access.Grant{{Tenant: record.Tenant(hub.tenant), Role: access.Role(c.Role)}}, Days: c.Days}
	for _, s := range c.Scope {
		body.Scopes = append(body.Scopes, access.Scope(s))
	}
	var made service.MadeToken
	if err := hub.json(ctx, http.MethodPost, "/api/v1/tokens", url.Values{}, body, &made); err != nil {
		return err
	}
	fmt.Fprintln(w.stdout, made.Secret)
	return nil
}
