package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// streamWait bounds one write to a reader that does not read.
const streamWait = 10 * time.Second

// stream sends server-sent events: "sight" once a second and sensor, provisional; "result" when a Result changed; and a comment as a
// sign of life, so that a reader knows within seconds that it is cut off.
func stream(c *call) (any, error) {
	events, stop, err := c.api.service.Stream(c.ctx(), c.who, c.tenant())
	if err != nil {
		return nil, err
	}
	defer stop()
	out := http.NewResponseController(c.w)
	c.w.Header().Set("Content-Type", "text/event-stream")
	beat := time.NewTicker(c.api.opts.Beat)
	defer beat.Stop()
	for {
		var text []byte
		select {
		case e, open := <-events:
			if !open {
				return nil, errWritten
			}
			data, err := json.Marshal(e)
			if err != nil {
				return nil, errWritten
			}
			text = fmt.Appendf(nil, "event: %s\ndata: %s\n\n", e.Kind, data)
		case <-beat.C:
			text = fmt.Appendf(nil, ": %d\n\n", c.api.opts.Now().Unix())
		case <-c.ctx().Done():
			return nil, errWritten
		}
		if err := out.SetWriteDeadline(time.Now().Add(streamWait)); err != nil {
			return nil, errWritten
		}
		if _, err := c.w.Write(text); err != nil {
			return nil, errWritten
		}
		if err := out.Flush(); err != nil {
			return nil, errWritten
		}
	}
}
