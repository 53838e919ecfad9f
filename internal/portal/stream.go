package portal

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"candor/internal/service"
)

// streamWait bounds one write to a browser that does not read.
const streamWait = 10 * time.Second

// isNone reports whether nothing came of a tenant yet.
func isNone(err error) bool { return errors.Is(err, service.ErrNotFound) }

// stream sends parts of the page as they change: each event is named by the element's id, its data is the new HTML. A beat each second says
// how far behind the hub is; a page that misses it says that it is cut off.
func stream(c *call) error {
	events, stop, err := c.p.service.Stream(c.r.Context(), c.who, c.tenant())
	if err != nil {
		return err
	}
	defer stop()
	out := http.NewResponseController(c.w)
	c.w.Header().Set("Content-Type", "text/event-stream")
	beat := time.NewTicker(c.p.opts.Beat)
	defer beat.Stop()
	for {
		name, text := "beat", c.p.opts.Now().UTC().Format(time.RFC3339)
		select {
		case e, open := <-events:
			if !open {
				return errShown
			}
			if name, text, err = c.changed(&e); err != nil {
				c.p.opts.Log.Error("live part failed", "err", err)
				continue
			}
			if name == "" {
				continue
			}
		case <-beat.C:
		case <-c.r.Context().Done():
			return errShown
		}
		if err := out.SetWriteDeadline(time.Now().Add(streamWait)); err != nil {
			return errShown
		}
		if _, err := fmt.Fprintf(c.w, "event: %s\ndata: %s\n\n", name, strings.ReplaceAll(text, "\n", "\ndata: ")); err != nil {
			return errShown
		}
		if err := out.Flush(); err != nil {
			return errShown
		}
	}
}

// changed makes the part of the page that an event changes; no name: none.
func (c *call) changed(e *service.Event) (name, text string, err error) {
	switch e.Kind {
	case "sight":
		text, err = c.p.part("home", "live", liveLine(e.Live, c.p.opts.Now()))
		return "live", text, err
	case "result":
		page, err := c.homePage()
		if err != nil {
			return "", "", err
		}
		text, err = c.p.part("home", "result", page)
		return "result", text, err
	}
	return "", "", nil
}

// line is the sight of this minute, provisional.
type line struct {
	Words string
	Seen  bool
}

func liveLine(l *service.Live, now time.Time) line {
	if l == nil || l.Heartbeat.IsZero() {
		return line{Words: "No sensor has spoken since the hub started."}
	}
	age := now.Sub(l.Heartbeat).Round(time.Second)
	words := fmt.Sprintf("Sensor %s spoke %s ago", l.Sensor, max(age, 0))
	if l.Sight != nil {
		words += fmt.Sprintf(": in this minute %d packets, %d connections, %d lookups", l.Sight.Packets, l.Sight.Conns, l.Sight.Lookups)
	}
	if l.Spooled > 0 {
		words += fmt.Sprintf("; %d blocks wait at the sensor", l.Spooled)
	}
	return line{Words: words + ".", Seen: true}
}
