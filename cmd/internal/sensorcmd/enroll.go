package sensorcmd

import (
	"context"
	"fmt"

	"candor/internal/transport"
)

// Enroll asks a hub for admission.
type Enroll struct {
	home
	Token string `arg:"" optional:"" help:"The token that was made at the hub; none: go on waiting for the approval asked for before." placeholder:"TOKEN"`
}

// Run enrols and waits until a person at the hub approved.
func (c *Enroll) Run(ctx context.Context, w *World) error {
	h, err := transport.OpenHome(c.Dir)
	if err != nil {
		return err
	}
	if err := enrol(ctx, w, h, c.Token); err != nil {
		return err
	}
	id := h.Identity()
	fmt.Fprintf(w.Stdout, "Approved: this is sensor %s of %s.\n", id.Sensor, id.Tenant)
	return nil
}

// enrol asks, shows the fingerprint that a person compares, and waits.
func enrol(ctx context.Context, w *World, h *transport.Home, token string) error {
	return transport.Enrol(ctx, transport.EnrolConfig{
		Home: h, Token: token, Clock: transport.Clock{Now: w.Now},
		Told: func(id transport.Identity, fingerprint string) {
			fmt.Fprintf(w.Stdout, "Sensor %s of %s asks %s for admission. Its key has the fingerprint\n\n  %s\n\nCompare it with what the hub shows, and approve it there. Waiting ...\n",
				id.Sensor, id.Tenant, id.Hub, transport.ShowFingerprint(fingerprint))
		},
	})
}
