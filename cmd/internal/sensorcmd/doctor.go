package sensorcmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"candor/internal/capture/ring"
	"candor/internal/flow"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/source"
	"candor/internal/transport"
	"candor/internal/verdict"
)

// Doctor looks at a machine as a place for a sensor, before and after it became one.
type Doctor struct {
	home
	Interface []string      `help:"Look at this interface; may be given several times." placeholder:"NAME" sep:"none"`
	For       time.Duration `help:"How long to watch it." default:"20s" placeholder:"TIME"`
	JSON      bool          `name:"json" help:"Print the findings as JSON."`
}

// Point is one thing that was looked at. The zero verdict is cannot say; no means that nothing is wrong.
type Point struct {
	What  string          `json:"what"`
	Wrong verdict.Verdict `json:"wrong"`
	Words string          `json:"words"`
	Do    string          `json:"do,omitempty"`
}

// FoundError ends a program with a code after everything was printed: 1 when something is wrong, 2 when something cannot be said.
type FoundError struct{ Code int }

func (e *FoundError) Error() string {
	return fmt.Sprintf("something is wrong or cannot be said (exit %d)", e.Code)
}

// Run looks and tells.
func (c *Doctor) Run(ctx context.Context, w *World) error {
	points := c.enrolment(ctx, w)
	points = append(points, c.disk())
	seen, err := c.watch(ctx, w)
	if err != nil {
		return err
	}
	points = append(points, seen...)
	code := 0
	for i := range points {
		switch points[i].Wrong {
		case verdict.Yes:
			code = 1
		case verdict.CannotSay:
			if code == 0 {
				code = 2
			}
		case verdict.No:
		}
	}
	if err := c.tell(w.Stdout, points); err != nil {
		return err
	}
	if code != 0 {
		return &FoundError{code}
	}
	return nil
}

func (c *Doctor) tell(out io.Writer, points []Point) error {
	if c.JSON {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", " ")
		return enc.Encode(points)
	}
	for _, p := range points {
		mark := map[verdict.Verdict]string{verdict.Yes: "<>", verdict.No: "==", verdict.CannotSay: "//"}[p.Wrong]
		if _, err := fmt.Fprintf(out, "%s %-22s %s\n", mark, p.What, p.Words); err != nil {
			return err
		}
		if p.Do != "" {
			if _, err := fmt.Fprintf(out, "   %-22s Do: %s\n", "", p.Do); err != nil {
				return err
			}
		}
	}
	return nil
}

// warnBefore is how long before its end a certificate is a matter of concern: it is renewed much earlier.
const warnBefore = 36 * time.Hour

// enrolment looks at the sensor's folder and asks the hub.
func (c *Doctor) enrolment(ctx context.Context, w *World) []Point {
	if _, err := os.Stat(c.Dir); err != nil {
		return []Point{{What: "enrolment", Words: "there is no sensor's folder at " + c.Dir, Do: "Enrol it: candor enroll TOKEN --dir " + c.Dir}}
	}
	h, err := transport.OpenHome(c.Dir)
	if err != nil {
		return []Point{{What: "enrolment", Wrong: verdict.Yes, Words: err.Error()}}
	}
	cert := h.Certificate()
	if cert == nil {
		return []Point{{What: "enrolment", Words: "asked for, not approved yet", Do: "Approve at the hub the key " + transport.ShowFingerprint(h.Fingerprint())}}
	}
	id := h.Identity()
	left := cert.Leaf.NotAfter.Sub(w.Now())
	p := Point{What: "certificate", Wrong: verdict.No, Words: fmt.Sprintf("sensor %s of %s, good for another %s", id.Sensor, id.Tenant, left.Round(time.Hour))}
	if left < warnBefore {
		p.Wrong, p.Do = verdict.Yes, "The hub was not reached for days: see the next point. A sensor whose certificate ran out needs approval again."
	}
	return []Point{p, c.reach(ctx, w, h)}
}

func (c *Doctor) reach(ctx context.Context, w *World, h *transport.Home) Point {
	p := Point{What: "hub", Wrong: verdict.No}
	ctx, cancel := context.WithTimeout(ctx, scopeWait)
	defer cancel()
	sender, err := transport.NewSender(transport.SenderConfig{Home: h, Clock: transport.Clock{Now: w.Now}, Log: w.Log})
	if err == nil {
		var scope record.Scope
		var agreed bool
		if scope, agreed, err = sender.FetchScope(ctx); err == nil {
			p.Words = h.Identity().Hub + " answers; nothing was agreed for this sensor"
			if agreed {
				p.Words = fmt.Sprintf("%s answers; revision %d of the agreement names %d segments", h.Identity().Hub, scope.Revision, len(scope.Segments))
			}
			return p
		}
	}
	return Point{What: "hub", Wrong: verdict.Yes, Words: err.Error(), Do: "Look whether " + h.Identity().Hub + " can be reached from here, and whether the sensor was revoked there."}
}

// leastFree is how much of a disk must be free for a spool to be of use, in bytes.
const leastFree = 256 << 20

func (c *Doctor) disk() Point {
	dir := c.Dir
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	free, err := freeBytes(dir)
	switch {
	case err != nil:
		return Point{What: "disk", Words: err.Error()}
	case free < leastFree:
		return Point{What: "disk", Wrong: verdict.Yes, Words: fmt.Sprintf("%d MB free at %s", free>>20, dir), Do: "Make room: what the hub cannot take waits here."}
	}
	return Point{What: "disk", Wrong: verdict.No, Words: fmt.Sprintf("%d MB free at %s", free>>20, dir)}
}

// watch watches the interfaces for a while and holds what comes against what is expected, as candor check does.
func (c *Doctor) watch(ctx context.Context, w *World) ([]Point, error) {
	if len(c.Interface) == 0 {
		return []Point{{What: "sight", Words: "no interface was looked at", Do: "Name the one that the switch copies to: --interface NAME"}}, nil
	}
	rings, err := ring.Open(ring.Options{Interfaces: c.Interface})
	if err != nil {
		return []Point{{What: "interface", Wrong: verdict.Yes, Words: err.Error(), Do: "Run as root, or with the capability CAP_NET_RAW, and name an interface that is there."}}, nil
	}
	j, err := judge.New(judge.Config{})
	if err != nil {
		return nil, errors.Join(err, rings.Close())
	}
	live, err := source.OpenLive(ctx, rings, source.LiveOptions{Options: source.Options{Scope: j.Scope(), Flow: flow.DefaultConfig()}, Now: w.Now})
	if err != nil {
		return nil, errors.Join(err, rings.Close())
	}
	timer := time.AfterFunc(c.For, live.Stop)
	defer timer.Stop()
	for {
		b, err := live.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, live.Close(), rings.Close())
		}
		j.Observe(b)
	}
	var points []Point
	for _, counted := range rings.Counted() {
		p := Point{What: counted.Name, Wrong: verdict.No, Words: fmt.Sprintf("%d packets read, %d dropped, %d lost before", counted.Read, counted.Dropped, counted.Missed)}
		switch {
		case counted.Down != "":
			p.Wrong, p.Words = verdict.Yes, counted.Down
		case counted.Dropped+counted.Missed > 0:
			p.Wrong, p.Do = verdict.Yes, "Give the ring more memory (--ring-mb), or this sensor less to watch."
		case counted.Read == 0:
			p.Wrong, p.Do = verdict.Yes, "Nothing came: is the cable in the switch port that is copied to?"
		}
		points = append(points, p)
	}
	return append(points, sightOf(j.At(judge.Moment{}))...), errors.Join(live.Close(), rings.Close())
}

// sightOf is what a short look says of where the sensor stands. What is merely not decided yet is one point.
func sightOf(r *judge.Result) []Point {
	var out []Point
	var open []string
	for i := range r.Defects {
		d := &r.Defects[i]
		switch {
		case d.Verdict == verdict.Yes && d.Code != verdict.IntelStale && d.Code != verdict.HistoryShort && d.Code != verdict.DetectorNotBuilt:
			out = append(out, Point{What: d.Name(), Wrong: verdict.Yes, Words: d.Words, Do: d.Do})
		case d.Verdict == verdict.CannotSay && strings.HasPrefix(string(d.Code), "vantage."):
			open = append(open, d.Name()+" ("+d.Needs+")")
		}
	}
	hosts := "hosts cannot be counted"
	if r.Sight.Hosts.Direct != nil {
		hosts = fmt.Sprintf("%d private addresses seen directly", *r.Sight.Hosts.Direct)
	}
	kinds := r.Sight.Kinds
	out = append(out, Point{What: "sight", Wrong: verdict.No, Words: fmt.Sprintf("%s; %d connections, %d lookups, %d TLS handshakes; VLANs %v",
		hosts, kinds[record.KindConn], kinds[record.KindDNS], kinds[record.KindTLS], r.Sight.VLANs)})
	if len(open) > 0 {
		out = append(out, Point{What: "vantage", Words: "not decided: " + strings.Join(open, "; "), Do: "Watch longer: --for 10m, in working hours."})
	}
	return out
}
