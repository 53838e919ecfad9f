package svg

import (
	"fmt"
	"strings"
)

// Place is where a sensor stands.
type Place uint8

// The places. The zero value is the honest one.
const (
	Unknown    Place = iota // cannot say
	Outside                 // between the Internet and the firewall
	Inside                  // behind the firewall, among the hosts
	AfterProxy              // behind a proxy that makes many machines look like one
	Management              // on the network of the equipment
	Unmirrored              // on a port that gets no copy
)

// Site is what a placement drawing shows.
type Site struct {
	Here     Place
	Promised Place    // Inside, Outside; Unknown when nothing was promised
	Firm     bool     // the verdict is decided; else the sensor is drawn hatched
	Note     []string // up to two short lines under the sensor: what it sees
	Segments []Box    // at most four are drawn
}

// Box is a segment at the right of the drawing.
type Box struct {
	Name string
	Seen bool // at least one of its hosts was seen directly
}

// spot is where things stand in the wide drawing.
type spot struct{ x, y int }

const mostBoxes = 4

// Placement draws the Internet, the firewall and the inside in one line, with the sensor where the evidence places it and
// a dotted ring where it was promised.
func Placement(s Site) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="csvg placement" role="img" viewBox="0 0 560 %d"><title>%s</title><desc>%s</desc>`, heightOf(s), escape(siteTitle(s)), escape(siteDesc(s)))
	b.WriteString(`<path class="line" d="M70 84H424"/>`)
	boxes := s.Segments[:min(len(s.Segments), mostBoxes)]
	for i, box := range boxes {
		y := 84 + (2*i-len(boxes)+1)*20
		fmt.Fprintf(&b, `<path class="line" d="M424 84V%dH442"/>`, y)
		label(&b, 442, y-16, 116, 32, box)
	}
	if len(boxes) == 0 {
		label(&b, 442, 68, 116, 32, Box{Name: "inside", Seen: s.Here == Inside && s.Firm})
	}
	fixed(&b, 2, 62, 72, 44, "Internet", "")
	fixed(&b, 196, 54, 84, 60, "Firewall", "translates")
	switch s.Here {
	case AfterProxy:
		fixed(&b, 321, 64, 52, 40, "Proxy", "")
	case Management:
		b.WriteString(`<path class="line" d="M238 114V150H286"/>`)
		fixed(&b, 286, 134, 150, 32, "network equipment", "")
	case Unmirrored:
		b.WriteString(`<path class="nocopy" d="M392 84V136"/>`)
	}
	at := wideSpots(s.Here)
	if s.Here == Unknown || !s.Firm {
		nowhere(&b, s)
	} else {
		sensor(&b, at, s)
	}
	if s.Promised != Unknown && (s.Promised != s.Here || !s.Firm) {
		p, shift := wideSpots(s.Promised), 0
		if s.Here == AfterProxy && s.Promised == Inside {
			p.x, shift = 398, -8 // on the other side of the proxy, where the machines are themselves
		}
		fmt.Fprintf(&b, `<circle class="promised" cx="%d" cy="%d" r="11"/>`, p.x, p.y)
		text(&b, p.x+shift, p.y-24, "middle", "strong", "promised here")
	}
	b.WriteString("</svg>")
	return b.String()
}

// heightOf leaves room below for what hangs under the line.
func heightOf(s Site) int {
	switch {
	case s.Here == Management, s.Here == Unmirrored, s.Here == Unknown, !s.Firm, len(s.Segments) > 3:
		return 186
	}
	return 152
}

func wideSpots(p Place) spot {
	switch p {
	case Outside:
		return spot{134, 84}
	case AfterProxy:
		return spot{301, 84}
	case Management:
		return spot{238, 150}
	case Unmirrored:
		return spot{392, 142}
	}
	return spot{344, 84}
}

// nowhere hatches the whole way: the sensor may stand anywhere on it.
func nowhere(b *strings.Builder, s Site) {
	b.WriteString(`<rect class="hatch" x="80" y="74" width="110" height="20"/><rect class="hatch" x="286" y="74" width="132" height="20"/>`)
	if s.Promised != Outside {
		text(b, 134, 60, "middle", "strong", "here?")
	}
	if s.Promised != Inside {
		text(b, 344, 60, "middle", "strong", "here?")
	}
	text(b, 238, 140, "middle", "strong", "where it stands: cannot say")
	notes(b, 238, 158, s.Note)
}

// sensor draws the mark of the sensor with its words.
func sensor(b *strings.Builder, at spot, s Site) {
	if s.Here == Inside && s.Promised != Outside {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="13" class="knock"/><circle class="asagreed" cx="%d" cy="%d" r="10"/>`, at.x, at.y, at.x, at.y)
		text(b, at.x, at.y-24, "middle", "stext", "sensor is here")
	} else {
		fmt.Fprintf(b, `<path class="wrong" d="M%d %dl14 14l-14 14l-14 -14Z"/>`, at.x, at.y-14)
		y := at.y - 24
		if s.Here == Management || s.Here == Unmirrored || s.Here == AfterProxy {
			y = at.y + 32
		}
		text(b, at.x, y, "middle", "wtext", "sensor is here")
	}
	y := at.y + 42
	if s.Here == AfterProxy {
		y += 8
	}
	if s.Here == Management || s.Here == Unmirrored {
		return
	}
	notes(b, at.x, y, s.Note)
}

func notes(b *strings.Builder, x, y int, lines []string) {
	for i, l := range lines[:min(2, len(lines))] {
		text(b, x, y+16*i, "middle", "", short(l, 34))
	}
}

func text(b *strings.Builder, x, y int, anchor, class, s string) {
	if class != "" {
		class = fmt.Sprintf(` class="%s"`, class)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="%s"%s>%s</text>`, x, y, anchor, class, escape(s))
}

func fixed(b *strings.Builder, x, y, w, h int, first, second string) {
	fmt.Fprintf(b, `<rect class="box" x="%d" y="%d" width="%d" height="%d" rx="4"/>`, x, y, w, h)
	if second == "" {
		text(b, x+w/2, y+h/2+4, "middle", "strong", first)
		return
	}
	text(b, x+w/2, y+h/2-3, "middle", "strong", first)
	text(b, x+w/2, y+h/2+14, "middle", "axis", second)
}

// label draws a segment: hatched with the name on a solid chip when it was not seen.
func label(b *strings.Builder, x, y, w, h int, box Box) {
	name := short(box.Name, 15)
	if box.Seen {
		fmt.Fprintf(b, `<rect class="ring" x="%d" y="%d" width="%d" height="%d" rx="3"/>`, x, y, w, h)
	} else {
		chip := min(w-8, 12+7*len([]rune(name)))
		fmt.Fprintf(b, `<rect class="hatch" x="%d" y="%d" width="%d" height="%d" rx="3"/><rect class="blank" x="%d" y="%d" width="%d" height="%d"/>`,
			x, y, w, h, x+(w-chip)/2, y+h/2-9, chip, 18)
	}
	text(b, x+w/2, y+h/2+4, "middle", "", name)
}

func siteTitle(s Site) string {
	if !s.Firm || s.Here == Unknown {
		return "Where the sensor stands: cannot say"
	}
	return "The sensor stands " + placeWords(s.Here)
}

func siteDesc(s Site) string {
	d := "From left to right: the Internet, the firewall that translates addresses, the inside."
	if s.Promised != Unknown {
		d += " The agreement promises it " + placeWords(s.Promised) + "."
	}
	if len(s.Note) > 0 {
		d += " " + strings.Join(s.Note, " ")
	}
	return d
}

func placeWords(p Place) string {
	switch p {
	case Outside:
		return "outside, between the Internet and the firewall"
	case Inside:
		return "inside, behind the firewall"
	case AfterProxy:
		return "behind a proxy"
	case Management:
		return "on the network of the equipment"
	case Unmirrored:
		return "on a port that gets no copy of the traffic"
	}
	return "at a place nobody named"
}
