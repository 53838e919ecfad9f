package agreement

import (
	"reflect"
	"strings"
	"time"

	"candor/internal/record"
)

// Parse reads and checks an agreement and fills in the defaults. The name is the file's, for messages. What is wrong
// comes back as *Error, everything at once, with line and column.
func Parse(name string, src []byte) (*Agreement, error) {
	p := &problems{name: name}
	root := readTree(src, p)
	if root == nil {
		return nil, p.err()
	}
	r := &reader{problems: p, at: map[string]place{}}
	a := &Agreement{}
	r.read(root, reflect.ValueOf(a).Elem(), "", "")
	if len(p.list) == 0 { // half-read values would only raise problems that are none
		a.fillDefaults()
		check(a, r)
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	return a, nil
}

// Defaults that other packages and the docs name.
const (
	DefaultActiveWorkday = 0.5
	DefaultSensor        = record.Sensor("sensor")
	defaultDNSRate       = 5.0
	defaultTolerance     = 0.15
)

func (a *Agreement) fillDefaults() {
	orWord(&a.APIVersion, "candor.dev/v1alpha1")
	orWord(&a.Kind, "Agreement")
	orWord(&a.Metadata.ID, "agreement")
	orWord(&a.Metadata.Title, a.Parties.Customer.Name)
	orWord(&a.Metadata.Title, a.Metadata.ID)
	orWord(&a.Metadata.Language, "en")
	if a.Metadata.Revision == 0 {
		a.Metadata.Revision = 1
	}
	orWord(&a.Parties.Customer.Name, a.Metadata.Title)
	orWord(&a.Term.TimeZone, "UTC")
	if a.Term.Anniversary.Zero() && !a.Term.Start.Zero() {
		a.Term.Anniversary = MonthDay{a.Term.Start.Month, a.Term.Start.Day}
	}
	if a.Calendar.Workdays == nil {
		a.Calendar.Workdays = []Weekday{"mon", "tue", "wed", "thu", "fri"}
	}
	if a.Calendar.Hours == (Hours{}) {
		a.Calendar.Hours = Hours{8 * 60, 18 * 60}
	}
	for i := range a.Watched.Segments {
		orWord(&a.Watched.Segments[i].Kind, record.Clients)
	}
	if v := a.Watched.Volume; v != nil && v.CompareWith != nil && v.CompareWith.Tolerance == 0 {
		v.CompareWith.Tolerance = defaultTolerance
	}
	a.fillDirections()
	a.fillData()
	a.fillSensors()
	a.fillService()
	a.zone, _ = time.LoadLocation(a.Term.TimeZone) // nil is refused by check
	a.years = &yearLoads{of: map[int]load{}}
}

func orWord[T ~string](into *T, word T) {
	if *into == "" {
		*into = word
	}
}

// promisedSegments lists the segments that are not excluded; of one kind, unless kind is empty.
func (a *Agreement) promisedSegments(kind record.SegmentKind) []record.SegmentID {
	var ids []record.SegmentID
	for i := range a.Watched.Segments {
		if s := &a.Watched.Segments[i]; !s.Excluded && (kind == "" || s.Kind == kind) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func (a *Agreement) fillDirections() {
	if a.Watched.Directions != nil {
		return
	}
	a.assumed.directions = true
	if len(a.promisedSegments(record.Clients)) > 0 {
		a.Watched.Directions = append(a.Watched.Directions, ClientInternet)
		if len(a.promisedSegments(record.Servers)) > 0 {
			a.Watched.Directions = append(a.Watched.Directions, ClientServer)
		}
	}
}

func (a *Agreement) fillData() {
	if a.Data == nil {
		a.assumed.data = true
		both, loss := Ratio(0.95), Ratio(0.01)
		a.Data = []Data{{ID: "packets", Kind: DataPackets, BothDirections: &both, LossMax: &loss, Snaplen: Snaplen{Full: true}}}
		if len(a.promisedSegments(record.Clients)) > 0 {
			a.Data = append(a.Data, Data{ID: "dns", Kind: DataDNS, Expect: &Expect{Per: PerClientHour, Rate: defaultDNSRate}})
		}
	}
	for i := range a.Data {
		d := &a.Data[i]
		if d.Segments == nil {
			if d.Kind == DataDNS || d.Kind == DataDHCP {
				d.Segments = a.promisedSegments(record.Clients)
			}
			if len(d.Segments) == 0 {
				d.Segments = a.promisedSegments("")
			}
		}
		if d.Kind == DataDNS {
			orWord(&d.View, "client_to_resolver")
		}
	}
}

func (a *Agreement) fillSensors() {
	if len(a.Sensors) == 0 {
		a.assumed.sensors = true
		a.Sensors = []Sensor{{ID: DefaultSensor}}
	}
	for i := range a.Sensors {
		s := &a.Sensors[i]
		s.Vantage.assumed = s.Vantage.Side == ""
		orWord(&s.Vantage.Side, Inside)
		orWord(&s.Vantage.Method, "span")
		orWord(&s.Vantage.Direction, "both")
		if s.Vantage.BeforeNAT == nil {
			before := s.Vantage.Side == Inside
			s.Vantage.BeforeNAT = &before
		}
		if s.Covers == nil {
			s.Covers = a.promisedSegments("")
		}
	}
}

func (a *Agreement) fillService() {
	for i := range a.Levels {
		l := &a.Levels[i]
		orWord(&l.Metric, MetricTime)
		orWord(&l.Hours, Always)
		orWord(&l.Bind, Aim)
		if l.Target == nil {
			all := Ratio(1)
			l.Target = &all
		}
		if l.Window.Zero() {
			l.Window = Period{Months: 1}
		}
	}
	for i := range a.Remedies {
		orWord(&a.Remedies[i].Per, "month")
	}
	e := &a.Entitlements
	orWord(&e.Monitoring.Hours, Always)
	orWord(&e.IncidentResponse.Beyond.Unit, "hour")
	orWord(&e.Actions.Block, "never")
	orWord(&e.Actions.Isolate, "never")
	orWord(&e.DataAccess.Search, "none")
	orWord(&e.Drills.ProviderRuns, "never")
}

// segment finds a segment by id; nil when there is none.
func (a *Agreement) segment(id record.SegmentID) *Segment {
	for i := range a.Watched.Segments {
		if a.Watched.Segments[i].ID == id {
			return &a.Watched.Segments[i]
		}
	}
	return nil
}

// sensor finds a sensor by id; nil when there is none.
func (a *Agreement) sensor(id record.Sensor) *Sensor {
	for i := range a.Sensors {
		if a.Sensors[i].ID == id {
			return &a.Sensors[i]
		}
	}
	return nil
}

// joinWords writes a list of ids or words: "a, b and c".
func joinWords[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	if len(texts) < 2 {
		return strings.Join(texts, "")
	}
	return strings.Join(texts[:len(texts)-1], ", ") + " and " + texts[len(texts)-1]
}
