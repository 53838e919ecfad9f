package agreement

import (
	"net/netip"

	"candor/internal/verdict"
)

// Level is a service level: a clock with a start, a stop and a limit.
type Level struct {
	Item
	ID      string  `yaml:"id" form:"id" need:"yes" doc:"Short name." eg:"triage"`
	Promise string  `yaml:"promise" need:"yes" doc:"What is promised, in one sentence." eg:"A named person looks"`
	Start   string  `yaml:"start" form:"event" need:"yes" doc:"The event that starts the clock." eg:"alert.raised"`
	Stop    string  `yaml:"stop" form:"event" need:"yes" doc:"The event that stops it." eg:"case.first_human_action"`
	Limit   Limit   `yaml:"limit" doc:"At most so long: one time, or one for each severity. Needed unless metric is availability." eg:"{critical: 15m, high: 30m}"`
	Metric  Metric  `yaml:"metric" doc:"What is counted: how often the limit was held, or how much of the time it worked." def:"time"`
	Target  *Ratio  `yaml:"target" doc:"Share of cases (or of the time) that must be so." def:"1" eg:"0.95"`
	Window  Period  `yaml:"window" doc:"Over which time it is counted." def:"P1M" eg:"P1M"`
	Hours   When    `yaml:"hours" doc:"When the clock runs." def:"always"`
	Bind    Binding `yaml:"bind" doc:"hard has a remedy, aim has none." def:"aim"`
}

// Remedy is what follows when promises are broken.
type Remedy struct {
	Item
	When   Trigger `yaml:"when" need:"yes" doc:"What must have happened."`
	Credit *Ratio  `yaml:"credit" doc:"Share of the fee given back." eg:"0.05"`
	Per    Unit    `yaml:"per" doc:"Of the fee for which time." def:"month"`
	Claim  Period  `yaml:"claim_within" doc:"How soon it must be claimed." eg:"P30D"`
	Right  Right   `yaml:"right" doc:"Which right the customer gets."`
}

// Trigger is what a remedy follows from.
type Trigger struct {
	Item
	LevelMissed   []string `yaml:"level_missed" form:"id" doc:"One of these levels was missed." eg:"[sight, triage]"`
	CoverageBelow *Ratio   `yaml:"coverage_below" doc:"Share of promised hosts seen was lower." eg:"0.80"`
	Days          int      `yaml:"days" max:"3660" doc:"For so many days in a row." eg:"10"`
}

// Entitlements are what the service includes.
type Entitlements struct {
	Item
	Monitoring       Monitoring       `yaml:"monitoring" doc:"People who look."`
	Hunting          Hunting          `yaml:"hunting" doc:"People who search without an alert."`
	IncidentResponse IncidentResponse `yaml:"incident_response" doc:"People who act when something happened."`
	Actions          Actions          `yaml:"actions" doc:"What the provider may do in the customer's network."`
	DataAccess       DataAccess       `yaml:"data_access" doc:"How the customer reaches its own data."`
	Drills           Drills           `yaml:"drills" doc:"Harmless traffic that proves the path."`
}

// Monitoring is people who look.
type Monitoring struct {
	Item
	Included bool    `yaml:"included" doc:"Whether the service includes it." def:"false"`
	Hours    When    `yaml:"hours" doc:"When." def:"always"`
	Staffed  Staffed `yaml:"staffed" doc:"How many people."`
}

// Staffed is how many people are there.
type Staffed struct {
	Item
	MinPeople int `yaml:"min_people" max:"100000" doc:"At least so many." eg:"2"`
	AtNight   int `yaml:"at_night" max:"100000" doc:"At least so many at night." eg:"1"`
}

// Hunting is people who search without an alert.
type Hunting struct {
	Item
	Included      bool `yaml:"included" doc:"Whether the service includes it." def:"false"`
	HoursPerMonth int  `yaml:"hours_per_month" max:"100000" doc:"Hours included." eg:"4"`
}

// IncidentResponse is people who act.
type IncidentResponse struct {
	Item
	Included     bool   `yaml:"included" doc:"Whether the service includes it. Without it the service is monitoring, not response." def:"false"`
	HoursPerYear int    `yaml:"hours_per_year" max:"100000" doc:"Hours included." eg:"20"`
	StartWithin  Period `yaml:"start_within" doc:"How soon it begins." eg:"60m"`
	Beyond       Price  `yaml:"beyond" doc:"Price of further hours."`
	NewContract  bool   `yaml:"new_contract_needed" doc:"Whether it needs a contract of its own first." def:"false"`
}

// Price is an amount for a unit.
type Price struct {
	Item
	Rate     float64 `yaml:"rate" min:"0" max:"1e9" doc:"Amount." eg:"350"`
	Currency string  `yaml:"currency" form:"currency" doc:"ISO 4217 code." eg:"USD"`
	Unit     Unit    `yaml:"unit" doc:"For what." def:"hour"`
}

// Actions are what the provider may do.
type Actions struct {
	Item
	Block   Leave `yaml:"block" doc:"Block an address or name." def:"never"`
	Isolate Leave `yaml:"isolate" doc:"Cut a host off." def:"never"`
}

// DataAccess is how the customer reaches its own data.
type DataAccess struct {
	Item
	Search                 Search   `yaml:"search" doc:"How it can be searched." def:"none"`
	Export                 []Export `yaml:"export" doc:"In which formats it can be taken out." eg:"[parquet, jsonl]"`
	ProviderActionsVisible bool     `yaml:"provider_actions_visible" doc:"Whether the customer sees what the provider's people do." def:"false"`
}

// Drills are marked harmless traffic.
type Drills struct {
	Item
	CustomerMayRun bool   `yaml:"customer_may_run" doc:"Whether the customer may run them." def:"false"`
	Unannounced    bool   `yaml:"unannounced" doc:"Whether they may come unannounced." def:"false"`
	ProviderRuns   Rhythm `yaml:"provider_runs" doc:"How often the provider runs them." def:"never"`
}

// Exclusion is something agreed not to be watched.
type Exclusion struct {
	Item
	ID       string         `yaml:"id" form:"id" need:"yes" doc:"Short name." eg:"x-decrypt"`
	What     string         `yaml:"what" need:"yes" doc:"What is not watched." eg:"content of encrypted connections"`
	Blind    []string       `yaml:"blind" form:"id" doc:"Kinds of data that are missing by it." eg:"[tls_content]"`
	Networks []netip.Prefix `yaml:"networks" doc:"Networks that are not watched." eg:"[172.20.0.0/16]"`
}

// Duty is what one side must do for the other.
type Duty struct {
	Item
	ID   string `yaml:"id" form:"id" need:"yes" doc:"Short name." eg:"d1"`
	Who  Side   `yaml:"who" need:"yes" doc:"Whose duty it is."`
	What string `yaml:"what" need:"yes" doc:"What must be done." eg:"forward the firewall's log"`
}

// Detections are the questions that must be answerable.
type Detections struct {
	Item
	Required []verdict.Question `yaml:"required" doc:"Questions of the catalogue; a check that cannot answer one of them exits 2." eg:"[beaconing, scanning]"`
}

// ReviewLine is what a reader of the contract noted.
type ReviewLine struct {
	Item
	State  ReviewState `yaml:"state" need:"yes" doc:"How the contract settles the clause."`
	Text   string      `yaml:"text" doc:"What the contract says." eg:"24x7 expert monitoring (sd 2.1)"`
	Advice string      `yaml:"advice" doc:"What to ask for." eg:"How many people at 03:00?"`
}
