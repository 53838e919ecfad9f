package agreement

import (
	"reflect"

	"candor/internal/record"
	"candor/internal/verdict"
)

// closed is a type with a closed set of words.
type closed interface{ Allowed() []string }

// The closed sets. Allowed lists the words of each, in the order in which they are documented.
type (
	APIVersion  string // version of the format
	FileKind    string // what the file is
	Side        string // a party
	Channel     string // how a person is reached
	RenewalKind string // how the term goes on
	Weekday     string // a day of the week
	Pair        string // a direction of traffic by kinds of segments
	CompareKind string // how counters of a device are read
	DataKind    string // a kind of data
	View        string // between whom lookups are seen
	Per         string // what a rate counts for
	VantageSide string // before or behind the translation
	Method      string // how packets reach a sensor
	Flow        string // which directions are copied
	Accept      string // a kind of blindness that is so on purpose
	DrillAim    string // which drills had to arrive
	Metric      string // what a level counts
	When        string // when something is on
	Binding     string // whether a level has a remedy
	Unit        string // a unit of time that a price is for
	Right       string // a right of the customer
	Pause       string // what may stop a clock
	Leave       string // whether the provider may act
	Search      string // how data can be searched
	Export      string // a format of export
	Rhythm      string // how often
	ReviewState string // how the contract settles a clause
)

// Sides.
const (
	Customer Side = "customer"
	Provider Side = "provider"
)

// Pairs of kinds of segments. Clients and servers are segments of that kind; internet is any address of nobody here.
const (
	ClientInternet  Pair = "client-internet"
	ServerInternet  Pair = "server-internet"
	SpecialInternet Pair = "special-internet"
	ClientServer    Pair = "client-server"
	ClientClient    Pair = "client-client"
	ServerServer    Pair = "server-server"
)

// Kinds of data.
const (
	DataPackets DataKind = "packets"
	DataConn    DataKind = "conn"
	DataDNS     DataKind = "dns"
	DataDHCP    DataKind = "dhcp"
	DataTLS     DataKind = "tls"
	DataHTTP    DataKind = "http"
	DataLog     DataKind = "log"
	DataAlert   DataKind = "alert"
	DataQuality DataKind = "quality"
)

// Rates.
const (
	PerClientHour Per = "active_client_hour"
	PerHostDay    Per = "host_day"
	PerHour       Per = "hour"
	PerMinute     Per = "minute"
	PerWorkday    Per = "workday"
)

// Sides of the translation.
const (
	Inside  VantageSide = "inside"
	Outside VantageSide = "outside"
)

// What an agreement can accept on purpose (DESIGN.md 4).
const (
	AcceptAsymmetric Accept = "asymmetric"
	AcceptRoutedCore Accept = "routed_core"
	AcceptProxy      Accept = "proxy"
	AcceptTunnelOnly Accept = "tunnel_only"
	AcceptTruncated  Accept = "truncated"
	AcceptOutside    Accept = "outside"
)

// When clocks run, what levels count, and how they bind.
const (
	Always             When    = "always"
	WorkingHours       When    = "working_hours"
	MetricTime         Metric  = "time"
	MetricAvailability Metric  = "availability"
	Hard               Binding = "hard"
	Aim                Binding = "aim"
)

// The words of each set.
func (APIVersion) Allowed() []string { return []string{"candor.dev/v1alpha1"} }

// Allowed lists the words.
func (FileKind) Allowed() []string { return []string{"Agreement"} }

// Allowed lists the words.
func (Side) Allowed() []string { return []string{"customer", "provider"} }

// Allowed lists the words.
func (Channel) Allowed() []string {
	return []string{"portal", "phone", "email", "sms", "chat", "webhook"}
}

// Allowed lists the words.
func (RenewalKind) Allowed() []string { return []string{"none", "auto", "by_agreement"} }

// Allowed lists the words.
func (Weekday) Allowed() []string {
	return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
}

// Allowed lists the words.
func (Pair) Allowed() []string {
	return []string{"client-internet", "server-internet", "special-internet", "client-server", "client-client", "server-server"}
}

// Allowed lists the words.
func (CompareKind) Allowed() []string { return []string{"snmp", "netflow", "sflow", "meter"} }

// Allowed lists the words.
func (DataKind) Allowed() []string {
	return []string{"packets", "conn", "dns", "dhcp", "tls", "http", "log", "alert", "quality"}
}

// Allowed lists the words.
func (View) Allowed() []string { return []string{"client_to_resolver", "resolver_to_internet"} }

// Allowed lists the words.
func (Per) Allowed() []string {
	return []string{"active_client_hour", "host_day", "hour", "minute", "workday"}
}

// Allowed lists the words.
func (VantageSide) Allowed() []string { return []string{"inside", "outside"} }

// Allowed lists the words.
func (Method) Allowed() []string { return []string{"span", "tap", "inline", "virtual", "host"} }

// Allowed lists the words.
func (Flow) Allowed() []string { return []string{"both", "in", "out"} }

// Allowed lists the words.
func (Accept) Allowed() []string {
	return []string{"asymmetric", "routed_core", "proxy", "tunnel_only", "truncated", "outside"}
}

// Allowed lists the words.
func (DrillAim) Allowed() []string { return []string{"all_segments", "one_segment"} }

// Allowed lists the words.
func (Metric) Allowed() []string { return []string{"time", "availability"} }

// Allowed lists the words.
func (When) Allowed() []string { return []string{"always", "working_hours"} }

// Allowed lists the words.
func (Binding) Allowed() []string { return []string{"hard", "aim"} }

// Allowed lists the words.
func (Unit) Allowed() []string { return []string{"hour", "day", "month", "year"} }

// Allowed lists the words.
func (Right) Allowed() []string {
	return []string{"terminate_for_cause", "terminate_part", "step_in"}
}

// Allowed lists the words.
func (Pause) Allowed() []string {
	return []string{"customer_not_reachable", "customer_duty_missed", "agreed_maintenance", "force_majeure"}
}

// Allowed lists the words.
func (Leave) Allowed() []string { return []string{"never", "ask_customer", "at_once"} }

// Allowed lists the words.
func (Search) Allowed() []string { return []string{"none", "on_request", "live"} }

// Allowed lists the words.
func (Export) Allowed() []string { return []string{"parquet", "pcap", "jsonl", "csv"} }

// Allowed lists the words.
func (Rhythm) Allowed() []string { return []string{"never", "daily", "weekly", "monthly", "yearly"} }

// Allowed lists the words.
func (ReviewState) Allowed() []string {
	return []string{"measurable", "stated", "vague", "excluded", "missing", "cannot_say"}
}

// allowedOf lists the words of a type with a closed set; nil for any other type.
func allowedOf(t reflect.Type) []string {
	switch t {
	case reflect.TypeFor[record.SegmentKind]():
		return []string{string(record.Clients), string(record.Servers), string(record.Special)}
	case reflect.TypeFor[verdict.Question]():
		var words []string
		for _, q := range verdict.Questions() {
			words = append(words, string(q))
		}
		return words
	}
	if c, ok := reflect.Zero(t).Interface().(closed); ok && t.Kind() == reflect.String {
		return c.Allowed()
	}
	return nil
}
