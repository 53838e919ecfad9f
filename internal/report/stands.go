package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"candor/internal/judge"
	"candor/internal/svg"
	"candor/internal/verdict"
)

// stands is the part that says where the sensor stands and why.
type stands struct {
	Title, Words string
	Wide, Tall   template.HTML
	Signs        []pointer
	Scale        template.HTML
	Together     string
	Others       []other
	Do           string
}

// pointer is one sign and what it points to.
type pointer struct {
	Sign, Value, To, Bits string
	Bar                   template.HTML
}

// other is another possible place of the sensor.
type other struct {
	Sign  sign
	Code  string
	Words string
}

func standsOf(r *judge.Result) stands {
	main := vantage(r)
	s := stands{Title: "Where the sensor stands: cannot say", Words: "Nothing was judged about it."}
	site := siteOf(r, main)
	s.Wide, s.Tall = template.HTML(svg.Placement(site)), template.HTML(svg.PlacementTall(site))
	if main == nil {
		return s
	}
	s.Title, s.Words = standsWords(main, site.Here), judge.OrElse(main.Words, main.Needs)
	if main.Verdict == verdict.CannotSay && main.Needs != "" {
		s.Words = "What is lacking: " + main.Needs
	}
	if when := judge.When(r, main); when != "" {
		s.Words = strings.TrimSpace(s.Words + " Outside: " + when + ".")
		if main.Code != verdict.VantageOutside {
			s.Words = strings.Replace(s.Words, " Outside: ", " ", 1)
		}
	}
	s.signs(main)
	if main.Verdict == verdict.Yes {
		s.Do = main.Do
	}
	for i := range r.Defects {
		f := &r.Defects[i]
		if !strings.HasPrefix(string(f.Code), "vantage.") || f == main {
			continue
		}
		s.Others = append(s.Others, other{answerSign(f.Verdict), string(f.Code), judge.OrElse(f.Needs, string(f.Strength))})
	}
	return s
}

func (s *stands) signs(main *verdict.Defect) {
	limit := 4.0
	for _, v := range main.Signs {
		limit = max(limit, math.Abs(v.Bits))
	}
	agree := 0
	for _, v := range main.Signs {
		p := pointer{v.Sign, v.Value, pointsTo(main.Code, v.Bits), bitsWords(v.Bits), template.HTML(svg.Bar(v.Bits, limit))}
		if v.Bits*main.Bits > 0 {
			agree++
		}
		s.Signs = append(s.Signs, p)
	}
	if len(main.Signs) > 0 {
		s.Together = fmt.Sprintf("%d of %d signs agree", agree, len(main.Signs))
		no, yes := "not so", "so"
		if main.Code == verdict.VantageOutside {
			no, yes = "inside", "outside"
		}
		s.Scale = template.HTML(svg.Scale(main.Bits, verdict.DecisiveBits, no, yes))
	}
}

func bitsWords(b float64) string {
	if b == 0 {
		return "0"
	}
	return strings.Replace(fmt.Sprintf("%+.1f", b), "-", "−", 1)
}

func pointsTo(c verdict.Code, bits float64) string {
	switch {
	case bits == 0:
		return "nowhere"
	case c == verdict.VantageOutside && bits > 0:
		return "outside"
	case c == verdict.VantageOutside:
		return "inside"
	case bits > 0:
		return "for it"
	}
	return "against it"
}

// vantage is the defect that decides the drawing: the first that is yes, else that of standing outside.
func vantage(r *judge.Result) *verdict.Defect {
	var main *verdict.Defect
	for i := range r.Defects {
		f := &r.Defects[i]
		if !strings.HasPrefix(string(f.Code), "vantage.") {
			continue
		}
		if f.Verdict == verdict.Yes {
			return f
		}
		if main == nil || f.Code == verdict.VantageOutside {
			main = f
		}
	}
	return main
}

func standsWords(f *verdict.Defect, here svg.Place) string {
	switch {
	case f.Verdict == verdict.Yes && f.Now == verdict.No:
		return "Why we say it did not always stand where it stands now"
	case here == svg.Outside:
		return "Why we say it stands outside"
	case here == svg.Inside:
		return "Why we say it stands inside"
	case here == svg.AfterProxy:
		return "Why we say it stands behind a proxy"
	case here == svg.Management:
		return "Why we say it hears only equipment"
	case here == svg.Unmirrored:
		return "Why we say its port gets no copy"
	}
	return "Where the sensor stands: cannot say"
}

func siteOf(r *judge.Result, main *verdict.Defect) svg.Site {
	s := svg.Site{Promised: promisedPlace(r)}
	if main != nil {
		s.Here, s.Firm = placeOf(main), main.Verdict != verdict.CannotSay
	}
	for _, seg := range r.Segments {
		if !seg.Excluded {
			s.Segments = append(s.Segments, svg.Box{Name: seg.ID, Seen: seg.Seen > 0})
		}
	}
	if seen, of := judge.Promised(r); of > 0 {
		s.Note = []string{fmt.Sprintf("sees %s of %s", judge.Count(seen), judge.Count(of)), "promised hosts"}
	}
	return s
}

func placeOf(f *verdict.Defect) svg.Place {
	switch {
	case f.Verdict == verdict.CannotSay:
		return svg.Unknown
	case f.Code == verdict.VantageOutside && (f.Verdict == verdict.No || f.Now == verdict.No):
		return svg.Inside
	case f.Verdict == verdict.No:
		return svg.Unknown
	case f.Code == verdict.VantageOutside:
		return svg.Outside
	case f.Code == verdict.VantageAfterProxy:
		return svg.AfterProxy
	case f.Code == verdict.VantageManagementPort:
		return svg.Management
	case f.Code == verdict.VantageUnmirroredPort:
		return svg.Unmirrored
	}
	return svg.Unknown
}

// promisedPlace is where the agreement promises the sensor.
func promisedPlace(r *judge.Result) svg.Place {
	for _, p := range r.Promises {
		if !strings.HasPrefix(p.ID, "sensors/") || !strings.HasSuffix(p.ID, "/vantage") {
			continue
		}
		switch {
		case strings.Contains(p.Promised, "inside"):
			return svg.Inside
		case strings.Contains(p.Promised, "outside"):
			return svg.Outside
		}
	}
	return svg.Unknown
}
