package coverage

import (
	"fmt"
	"strings"

	"candor/internal/record"
)

// What to do, with the names that the agreement gives.

func (t *Terms) device() string {
	if t.own != nil && t.own.Vantage.Device != "" {
		return t.own.Vantage.Device
	}
	return "the switch that all promised hosts are behind"
}

func (t *Terms) sources() string {
	if t.own != nil && len(t.own.Vantage.Sources) > 0 {
		return "copies " + strings.Join(t.own.Vantage.Sources, ", ") + " in both directions"
	}
	return "copies the traffic of every promised host in both directions"
}

func (t *Terms) moveInside() string {
	return fmt.Sprintf("Put the sensor on a port of %s that %s. Then check again.", t.device(), t.sources())
}

func (t *Terms) mirrorAdvice() string {
	return fmt.Sprintf("Set up a mirror session on %s that %s, and give its port to the sensor.", t.device(), t.sources())
}

func (t *Terms) bothDirections() string {
	return fmt.Sprintf("Let the mirror session on %s copy both directions (rx and tx).", t.device())
}

func (t *Terms) mirrorSegment(id record.SegmentID) string {
	s := t.Scope.Segment(id)
	what := string(id)
	if s != nil && len(s.VLANs) > 0 {
		names := make([]string, 0, len(s.VLANs))
		for _, v := range s.VLANs {
			names = append(names, fmt.Sprintf("VLAN %d", v))
		}
		what += " (" + strings.Join(names, ", ") + ")"
	}
	return fmt.Sprintf("Add %s to the mirror session on %s, in both directions.", what, t.device())
}
