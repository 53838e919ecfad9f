package svg

import (
	"fmt"
	"strings"
)

// PlacementTall is the same drawing from top to bottom, for narrow screens.
func PlacementTall(s Site) string {
	t := tall{y: 8}
	firm := s.Firm && s.Here != Unknown
	t.box("Internet")
	t.stop(Outside, s, firm)
	t.box("Firewall and translation")
	if firm && s.Here == AfterProxy {
		t.stop(AfterProxy, s, firm)
		t.box("Proxy")
	}
	t.stop(Inside, s, firm)
	if firm && (s.Here == Management || s.Here == Unmirrored) {
		t.stop(s.Here, s, firm)
	}
	boxes := s.Segments[:min(len(s.Segments), mostBoxes)]
	if len(boxes) == 0 {
		boxes = []Box{{Name: "inside", Seen: s.Here == Inside && firm}}
	}
	for _, box := range boxes {
		label(&t.body, 2, t.y, 150, 28, box)
		t.y += 34
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="csvg placement tall" role="img" viewBox="0 0 340 %d"><title>%s</title><desc>%s</desc><path class="line" d="M22 20V%d"/>%s</svg>`,
		t.y+4, escape(siteTitle(s)), escape(siteDesc(s)), max(t.y-34, 20), t.body.String())
	return b.String()
}

// tall is a drawing that grows downward.
type tall struct {
	body strings.Builder
	y    int
}

func (t *tall) box(name string) {
	fixed(&t.body, 2, t.y, 26+7*len(name), 30, name, "")
	t.y += 38
}

// stop draws a place on the way: the sensor, the promised ring, or a hatched stretch when nobody can say.
func (t *tall) stop(p Place, s Site, firm bool) {
	middle := t.y + 12
	switch {
	case firm && s.Here == p && p == Inside && s.Promised != Outside:
		fmt.Fprintf(&t.body, `<circle cx="22" cy="%d" r="12" class="knock"/><circle class="asagreed" cx="22" cy="%d" r="9"/>`, middle, middle)
		text(&t.body, 44, middle+4, "start", "stext", "sensor is here")
	case firm && s.Here == p:
		fmt.Fprintf(&t.body, `<path class="wrong" d="M22 %dl12 12l-12 12l-12 -12Z"/>`, middle-12)
		text(&t.body, 44, middle+4, "start", "wtext", "sensor is here, "+shortPlace(p))
	case s.Promised == p:
		if !firm {
			fmt.Fprintf(&t.body, `<rect class="hatch" x="12" y="%d" width="20" height="30"/>`, t.y-4)
		}
		fmt.Fprintf(&t.body, `<circle class="promised" cx="22" cy="%d" r="9"/>`, middle)
		text(&t.body, 44, middle+4, "start", "strong", "promised here")
	case !firm && (p == Outside || p == Inside):
		fmt.Fprintf(&t.body, `<rect class="hatch" x="12" y="%d" width="20" height="30"/>`, t.y-4)
		text(&t.body, 44, middle+4, "start", "strong", "here? cannot say")
	default:
		t.y += 12
		return
	}
	t.y += 36
	if firm && s.Here == p {
		for _, l := range s.Note[:min(2, len(s.Note))] {
			text(&t.body, 44, t.y, "start", "", short(l, 40))
			t.y += 17
		}
	}
}

func shortPlace(p Place) string {
	switch p {
	case Management:
		return "among the equipment"
	case Unmirrored:
		return "without a copy"
	case AfterProxy:
		return "behind a proxy"
	case Outside:
		return "outside"
	}
	return "inside"
}
