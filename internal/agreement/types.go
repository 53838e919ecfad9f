package agreement

import (
	"net/netip"
	"time"

	"candor/internal/record"
)

// Item is what every part of an agreement may carry.
type Item struct {
	Clause string `yaml:"clause" doc:"Where the contract says so: a clause of the document, or of the clause library." eg:"B03"`
}

// Agreement is a contract as data. Make it with Parse; a value made otherwise has no defaults and no time zone.
type Agreement struct {
	APIVersion   APIVersion   `yaml:"apiVersion" doc:"Version of this format." def:"candor.dev/v1alpha1"`
	Kind         FileKind     `yaml:"kind" doc:"What this file is." def:"Agreement"`
	Metadata     Metadata     `yaml:"metadata" doc:"Name and revision of the agreement."`
	Documents    []Document   `yaml:"documents" doc:"What the promises were taken from."`
	Parties      Parties      `yaml:"parties" doc:"Who promised what to whom."`
	Contacts     []Contact    `yaml:"contacts" doc:"Who is told, in this order, until one person acknowledges."`
	Term         Term         `yaml:"term" doc:"From when to when, and in which time zone."`
	Calendar     Calendar     `yaml:"calendar" doc:"What workday and working hours mean."`
	Watched      Watched      `yaml:"scope" need:"yes" doc:"What is watched: networks, directions, volume."`
	Data         []Data       `yaml:"data" doc:"Kinds of data promised." def:"packets (both_directions 0.95, loss_max 0.01, snaplen full) and, when there are clients, dns (5 lookups an active client hour)"`
	Sensors      []Sensor     `yaml:"sensors" doc:"Where the sensors stand." def:"one, id sensor, inside, covers every segment that is not excluded"`
	Levels       []Level      `yaml:"levels" doc:"Service levels: what people and portal do, and how fast."`
	Pauses       []Pause      `yaml:"pauses" doc:"What may stop a clock. Each use is recorded."`
	Remedies     []Remedy     `yaml:"remedies" doc:"What follows when promises are broken."`
	Entitlements Entitlements `yaml:"entitlements" doc:"What the service includes."`
	Exclusions   []Exclusion  `yaml:"exclusions" doc:"What was agreed not to be watched."`
	Duties       []Duty       `yaml:"duties" doc:"What each side must do for the other."`
	Detections   Detections   `yaml:"detections" doc:"Which questions must be answerable."`
	Review       []ReviewLine `yaml:"review" doc:"What a reader of the contract noted, clause by clause; a person confirms each line."`

	zone    *time.Location
	years   *yearLoads // nil: every span is walked through
	assumed assumed
}

// assumed says which parts the file leaves to their defaults.
type assumed struct{ data, directions, sensors bool }

// Metadata names the agreement.
type Metadata struct {
	Item
	ID       string `yaml:"id" form:"id" doc:"Short name, used in file names and reports." def:"agreement" eg:"mvb-2027"`
	Title    string `yaml:"title" doc:"Name for people." def:"the customer's name, else the id"`
	Revision int    `yaml:"revision" min:"1" max:"1000000" doc:"Counts up with each agreed change." def:"1" eg:"3"`
	Language string `yaml:"language" form:"id" doc:"Language of the free texts (BCP 47)." def:"en"`
}

// Document is a text that promises were taken from.
type Document struct {
	Item
	ID     string `yaml:"id" form:"id" need:"yes" doc:"Short name." eg:"msa"`
	Title  string `yaml:"title" doc:"Its title." eg:"Master services agreement"`
	Date   Date   `yaml:"date" doc:"The day it was signed." eg:"2024-02-01"`
	SHA256 string `yaml:"sha256" form:"sha256" doc:"Hash of the text, which freezes it."`
	Rank   int    `yaml:"rank" max:"1000" doc:"1 goes before 2 when two documents disagree." eg:"1"`
	URL    string `yaml:"url" doc:"Where it lies." eg:"https://provider.example/legal/nsm-v5"`
}

// Parties are the two sides.
type Parties struct {
	Item
	Customer Party `yaml:"customer" doc:"Who is watched." def:"the agreement's title"`
	Provider Party `yaml:"provider" doc:"Who watches. Absent when the customer watches itself."`
}

// Party is one side of the agreement.
type Party struct {
	Item
	ID   string `yaml:"id" form:"id" doc:"Short name." eg:"mvb"`
	Name string `yaml:"name" doc:"Name for people." eg:"Maple Valley Bank"`
	Key  string `yaml:"key" doc:"Key that checks this side's signatures in the ledger; empty until the ledger is set up."`
}

// Contact is a person or desk that notices go to.
type Contact struct {
	Item
	Who   Side      `yaml:"who" need:"yes" doc:"Whose person this is."`
	Role  string    `yaml:"role" form:"id" need:"yes" doc:"What the person is for." eg:"on_call"`
	Name  string    `yaml:"name" doc:"The person or desk." eg:"Network on-call"`
	Via   []Channel `yaml:"via" doc:"How the person is reached." eg:"[portal, phone]"`
	After Period    `yaml:"after" doc:"How long the notice may stand unacknowledged before it goes here." def:"0m" eg:"15m"`
}

// Term is the agreement's time.
type Term struct {
	Item
	Start        Date         `yaml:"start" doc:"First day." eg:"2024-02-01"`
	End          Date         `yaml:"end" doc:"Last day." eg:"2027-01-31"`
	Renewal      Renewal      `yaml:"renewal" doc:"What happens at the end."`
	Anniversary  MonthDay     `yaml:"anniversary" doc:"The day of each year on which unkept promises are told again." def:"the day of term.start" eg:"02-01"`
	ReviewNotice ReviewNotice `yaml:"review_notice" doc:"The notice before the anniversary."`
	TimeZone     string       `yaml:"time_zone" doc:"IANA time zone of all hours and days here." def:"UTC" eg:"America/Chicago"`
}

// Renewal says how the term goes on.
type Renewal struct {
	Item
	Kind           RenewalKind `yaml:"kind" doc:"Whether it goes on by itself."`
	Period         Period      `yaml:"period" doc:"For how long." eg:"P12M"`
	NoticeDeadline Period      `yaml:"notice_deadline" doc:"How long before the end it must be cancelled." eg:"P90D"`
}

// ReviewNotice is the yearly notice of unkept promises.
type ReviewNotice struct {
	Item
	Before             Period   `yaml:"before" doc:"How long before the anniversary." eg:"P120D"`
	MustBeAcknowledged []string `yaml:"must_be_acknowledged_by" form:"id" doc:"Roles of contacts." eg:"[ciso, executive]"`
	Repeat             Period   `yaml:"repeat" doc:"How often it comes back until then." eg:"P7D"`
}

// Calendar says what workday and working hours mean.
type Calendar struct {
	Item
	Workdays []Weekday `yaml:"workdays" doc:"Days on which people work." def:"[mon, tue, wed, thu, fri]"`
	Hours    Hours     `yaml:"hours" doc:"From and to, in term.time_zone. When 'to' is not later than 'from', the working day ends on the next day. 00:00-24:00 is the whole day." def:"08:00-18:00" eg:"08:00-18:00"`
	Holidays []Date    `yaml:"holidays" doc:"Days on which nobody works." eg:"[2026-12-25]"`
}

// Watched is the part `scope` of the file.
type Watched struct {
	Item
	Segments    []Segment      `yaml:"segments" need:"yes" doc:"The parts of the network."`
	OwnPublic   []netip.Prefix `yaml:"own_public" doc:"The customer's own addresses after translation; by them Candor knows when it stands outside. Empty when inside addresses are public." eg:"[203.0.113.16/28]"`
	PublicHosts []netip.Addr   `yaml:"public_hosts" doc:"Addresses published by one-to-one translation." eg:"[203.0.113.20]"`
	Resolvers   []netip.Addr   `yaml:"resolvers" doc:"Name servers that the hosts ask." eg:"[10.20.0.53]"`
	Critical    []Critical     `yaml:"critical" doc:"Hosts that must not be out of sight for long."`
	Directions  []Pair         `yaml:"directions" doc:"Traffic that must be in sight, by kinds of segments." def:"client-internet when there are clients; client-server when there are servers too"`
	Volume      *Volume        `yaml:"volume" doc:"How much traffic must be seen."`
}

// Segment is a network part named in the agreement.
type Segment struct {
	Item
	ID       record.SegmentID   `yaml:"id" form:"id" need:"yes" doc:"Short name, part of the ids of its promises." eg:"branch-users"`
	Kind     record.SegmentKind `yaml:"kind" doc:"Which passive signs are expected: clients look up names and come and go, servers answer; special is neither." def:"clients"`
	Networks []netip.Prefix     `yaml:"networks" need:"yes" doc:"Its addresses, IPv4 and IPv6. Where networks of two segments overlap, the longer prefix wins; equal ones are refused." eg:"[10.10.0.0/22]"`
	VLANs    []uint16           `yaml:"vlans" min:"1" max:"4094" doc:"VLAN ids on the mirror port." eg:"[110, 111]"`
	Expected Expected           `yaml:"expected" doc:"How many hosts, and how many of them must be seen."`
	Excluded bool               `yaml:"excluded" doc:"Named so that its traffic is known, but nobody promised to watch it." def:"false"`
	Reason   string             `yaml:"reason" doc:"Why it is excluded; needed with excluded." eg:"ATM processor watches these"`
}

// Expected says how many hosts of a segment are due.
type Expected struct {
	Item
	Hosts         int    `yaml:"hosts" max:"10000000" doc:"Hosts, a machine counted once whatever its addresses. Needed by the three below." eg:"250"`
	MinSeen24h    *Ratio `yaml:"min_seen_24h" doc:"Share of hosts seen directly within any 24 hours." eg:"0.95"`
	MinSeen7d     *Ratio `yaml:"min_seen_7d" doc:"Share of hosts seen directly within any 7 days." eg:"0.90"`
	ActiveWorkday *Ratio `yaml:"active_workday" doc:"Share of hosts active at once on a workday: a promise when written, and always what expected events are counted with." def:"0.5, and then no promise" eg:"0.70"`
}

// Critical is a host that must not be out of sight for long.
type Critical struct {
	Item
	ID        string     `yaml:"id" form:"id" need:"yes" doc:"Short name." eg:"core-db"`
	Address   netip.Addr `yaml:"address" need:"yes" doc:"Its address, inside a segment that is not excluded." eg:"10.20.0.31"`
	MaxUnseen Period     `yaml:"max_unseen" need:"yes" doc:"Longest time without a packet of its own." eg:"1h"`
}

// Volume says how much traffic must be seen.
type Volume struct {
	Item
	FloorGB     float64  `yaml:"floor_gb_per_workday" min:"0" max:"1e9" doc:"Least traffic of a workday, in GB (10^9 bytes by IP headers)." eg:"180"`
	CompareWith *Compare `yaml:"compare_with" doc:"Counters of another device to compare with."`
}

// Compare names counters to compare the volume with.
type Compare struct {
	Item
	Kind      CompareKind `yaml:"kind" need:"yes" doc:"How they are read."`
	Device    string      `yaml:"device" doc:"The device." eg:"core-sw1"`
	Ports     []string    `yaml:"ports" doc:"Its ports." eg:"[1/1/49, 1/1/50]"`
	Tolerance Ratio       `yaml:"tolerance" doc:"Largest share by which they may differ." def:"0.15" eg:"0.15"`
}

// Data is a kind of data that is promised.
type Data struct {
	Item
	ID             record.Feed        `yaml:"id" form:"id" need:"yes" doc:"Short name; a log is handed over under it: --feed auth=PATH." eg:"dns"`
	Kind           DataKind           `yaml:"kind" need:"yes" doc:"What it is."`
	Segments       []record.SegmentID `yaml:"segments" doc:"Of which segments." def:"every segment that is not excluded; for dns and dhcp those of kind clients" eg:"[branch-users]"`
	View           View               `yaml:"view" doc:"dns: between whom the lookups are seen." def:"client_to_resolver"`
	Source         string             `yaml:"source" doc:"log, alert: where it comes from, for people." eg:"Windows security, dc1 dc2"`
	Match          Match              `yaml:"match" doc:"log, alert: how its lines are recognised."`
	Fields         []string           `yaml:"fields" doc:"log, alert: what each line must carry." eg:"[time, user, src]"`
	Expect         *Expect            `yaml:"expect" doc:"How many events are due. Nothing seen although many are due is blindness."`
	MaxSilence     Period             `yaml:"max_silence" doc:"Longest time without an event; working hours alone count when the rate is per workday, host_day or active_client_hour." eg:"15m"`
	BothDirections *Ratio             `yaml:"both_directions" doc:"packets: share of TCP connections seen in both directions." eg:"0.95"`
	LossMax        *Ratio             `yaml:"loss_max" doc:"packets: largest share lost." eg:"0.01"`
	Snaplen        Snaplen            `yaml:"snaplen" doc:"packets: 'full' for whole packets, else at least so many bytes of each." eg:"full"`
	Retain         Period             `yaml:"retain" doc:"How long it is kept." eg:"P180D"`
	SearchDelay    Period             `yaml:"p95_event_to_searchable" doc:"quality: within this time 95 % of events can be searched." eg:"60s"`
	ClockSkewMax   Period             `yaml:"clock_skew_max" doc:"quality: largest error of a clock." eg:"2s"`
}

// Match says how lines of a log are recognised.
type Match struct {
	Item
	From   []netip.Addr `yaml:"from" doc:"Who sends it." eg:"[10.20.0.53]"`
	Format string       `yaml:"format" form:"id" doc:"Its format." eg:"cef"`
	App    []string     `yaml:"app" doc:"Names of the programs that write it." eg:"[charon, openvpn]"`
}

// Expect is a rate at which events are due.
type Expect struct {
	Item
	Per  Per     `yaml:"per" need:"yes" doc:"What the rate counts for. A minute in which a client sends unicast is 1/60 active client hour; a host day is a working day of an active host."`
	Rate float64 `yaml:"rate" need:"yes" min:"0.0001" max:"1e9" doc:"Events due." eg:"20"`
}

// Sensor is a place from which something is watched.
type Sensor struct {
	Item
	ID       record.Sensor      `yaml:"id" form:"id" need:"yes" doc:"Short name." eg:"hq-core"`
	Owner    Owner              `yaml:"owner" doc:"Who answers for what; verifying has one name."`
	Vantage  Vantage            `yaml:"vantage" doc:"Where it stands and what it is fed."`
	Covers   []record.SegmentID `yaml:"covers" doc:"Segments it must see." def:"every segment that is not excluded" eg:"[branch-users, dc-servers]"`
	Accepted *Acceptance        `yaml:"accepted" doc:"What had to be shown before the service began."`
	Buffer   Period             `yaml:"buffer" doc:"How long it keeps what it cannot deliver." eg:"24h"`
}

// Owner says who answers for a sensor.
type Owner struct {
	Item
	Place   Side `yaml:"place" doc:"Who chooses the place."`
	Install Side `yaml:"install" doc:"Who installs it."`
	Verify  Side `yaml:"verify" doc:"Who makes sure that it sees."`
}

// Vantage is where a sensor stands.
type Vantage struct {
	Item
	Side      VantageSide `yaml:"side" doc:"Before or behind the translation." def:"inside"`
	Method    Method      `yaml:"method" doc:"How the packets reach it." def:"span"`
	Device    string      `yaml:"device" doc:"At which device." eg:"core-sw1"`
	Sources   []string    `yaml:"sources" doc:"What the device copies." eg:"[vlan110, vlan111]"`
	Direction Flow        `yaml:"direction" doc:"Which directions it copies." def:"both"`
	BeforeNAT *bool       `yaml:"before_nat" doc:"Whether it sees addresses before translation." def:"true when side is inside"`
	Accepts   []Accept    `yaml:"accepts" doc:"What is so on purpose: shown as a blind spot, but it breaks no promise." eg:"[routed_core]"`

	assumed bool // side was not written
}

// Acceptance is what had to be shown before the service began.
type Acceptance struct {
	Item
	Coverage *Ratio   `yaml:"coverage" doc:"Share of promised hosts seen directly." eg:"0.90"`
	Drill    DrillAim `yaml:"drill" doc:"Which drills had to arrive."`
	SignedBy []Side   `yaml:"signed_by" doc:"Who signed it." eg:"[customer, provider]"`
}
