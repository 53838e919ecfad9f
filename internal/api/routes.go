package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"candor/internal/access"
	"candor/internal/judge"
	"candor/internal/record"
	"candor/internal/service"
	"candor/internal/store"
)

// route is one thing that can be asked or done: what the handler runs, and what the description says.
type route struct {
	method, path string
	summary      string
	params       []param
	body         any    // a value of the body's type; nil: none
	media        string // of the body; empty: JSON
	answer       any    // a value of the answer's type; nil: none
	gives        string // media type of the answer; empty: JSON
	handle       func(*call) (any, error)
}

// param is a parameter in the path or the query.
type param struct {
	name, in, about string
	kind            string // string, integer, boolean
}

func inPath(name, about string) param  { return param{name, "path", about, "string"} }
func inQuery(name, about string) param { return param{name, "query", about, "string"} }
func number(name, about string) param  { return param{name, "query", about, "integer"} }

// routes is the table. Everything of a tenant lies below his path.
func routes() []route {
	var out []route
	for _, group := range [][]route{hubRoutes(), tokenRoutes(), resultRoutes(), sensorRoutes(), agreementRoutes()} {
		out = append(out, group...)
	}
	return out
}

const tenantPath = "/api/v1/tenants/{tenant}"

func (c *call) tenant() record.Tenant { return record.Tenant(c.r.PathValue("tenant")) }

func tenantParam() param { return inPath("tenant", "id of the tenant") }

// Tenants is a list of tenants.
type Tenants struct {
	Tenants []store.Tenant `json:"tenants"`
}

// TenantBody is what can be said of a tenant.
type TenantBody struct {
	Name      string `json:"name"`
	KeepDays  int    `json:"keep_days"`
	KeepBytes int64  `json:"keep_bytes"`
}

func hubRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/v1/tenants", summary: "The tenants that you have anything to do with.", answer: Tenants{},
			handle: func(c *call) (any, error) {
				list, err := c.api.service.Tenants(c.ctx(), c.who)
				return Tenants{notNil(list)}, err
			},
		},
		{
			method: http.MethodPut, path: tenantPath, summary: "Makes a tenant, or changes the name and how long records are kept.",
			params: []param{tenantParam()}, body: TenantBody{},
			handle: func(c *call) (any, error) {
				var b TenantBody
				if err := c.read(&b); err != nil {
					return nil, err
				}
				return nil, c.api.service.PutTenant(c.ctx(), c.who, store.Tenant{ID: c.tenant(), Name: b.Name, KeepDays: b.KeepDays, KeepBytes: b.KeepBytes})
			},
		},
		{
			method: http.MethodGet, path: tenantPath + "/audit", summary: "Who looked at the tenant's things and did something, newest first.",
			params: []param{tenantParam(), inQuery("cursor", "where the page before ended"), number("limit", "entries on a page")}, answer: Audit{},
			handle: func(c *call) (any, error) {
				before, err := c.number("cursor")
				if err != nil {
					return nil, err
				}
				limit, err := c.number("limit")
				if err != nil {
					return nil, err
				}
				entries, next, err := c.api.service.Audit(c.ctx(), c.who, c.tenant(), before, int(limit))
				return Audit{notNil(entries), cursor(next)}, err
			},
		},
	}
}

// Audit is a page of the audit.
type Audit struct {
	Entries []access.Entry `json:"entries"`
	Next    string         `json:"next"` // cursor of the next page; empty at the end
}

func cursor(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// number reads an integer of the query; 0 where it is not given.
func (c *call) number(name string) (int64, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: %s is to be a number from 0 on", service.ErrInvalid, name)
	}
	return n, nil
}

// TokenBody says what a token is to open.
type TokenBody struct {
	Name   string         `json:"name"`
	Grants []access.Grant `json:"grants"`
	Scopes []access.Scope `json:"scopes"`
	Days   int            `json:"days"` // how long it lives
}

// Tokens is a list of tokens, without their secrets.
type Tokens struct {
	Tokens []access.Token `json:"tokens"`
}

func tokenRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/v1/tokens", summary: "The tokens that open what you manage.", answer: Tokens{},
			handle: func(c *call) (any, error) {
				list, err := c.api.service.Tokens(c.ctx(), c.who)
				return Tokens{notNil(list)}, err
			},
		},
		{
			method: http.MethodPost, path: "/api/v1/tokens", summary: "Makes a token. Its secret is shown once.", body: TokenBody{}, answer: service.MadeToken{},
			handle: func(c *call) (any, error) {
				var b TokenBody
				if err := c.read(&b); err != nil {
					return nil, err
				}
				life := time.Duration(min(max(b.Days, 0), 1<<16)) * 24 * time.Hour
				return orNil(c.api.service.NewToken(c.ctx(), c.who, access.Token{Name: b.Name, Grants: b.Grants, Scopes: b.Scopes}, life))
			},
		},
		{
			method: http.MethodDelete, path: "/api/v1/tokens/{id}", summary: "Ends a token at once.", params: []param{inPath("id", "id of the token")},
			handle: func(c *call) (any, error) {
				return nil, c.api.service.RevokeToken(c.ctx(), c.who, c.r.PathValue("id"))
			},
		},
	}
}

// orNil keeps a nil pointer from becoming a value.
func orNil[T any](v *T, err error) (any, error) {
	if err != nil || v == nil {
		return nil, err
	}
	return v, nil
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func sensorParam() param {
	return inQuery("sensor", "id of the sensor; not needed where the tenant has one")
}

func (c *call) sensor() record.Sensor { return record.Sensor(c.r.URL.Query().Get("sensor")) }

func resultRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: tenantPath + "/result", summary: "What a sensor sees and what can be said, kept current: schema candor/check/v1.",
			params: []param{tenantParam(), sensorParam()}, answer: judge.Result{},
			handle: func(c *call) (any, error) {
				v, err := c.api.service.Result(c.ctx(), c.who, c.tenant(), c.sensor())
				if err != nil {
					return nil, err
				}
				c.w.Header().Set("Content-Type", "application/json")
				_, _ = c.w.Write(v.JSON) // the reader went away, if at all
				return nil, errWritten
			},
		},
		{
			method: http.MethodGet, path: tenantPath + "/ask", summary: "One question in free wording: yes, no or cannot say, with evidence; or the records of a lookup.",
			params: []param{tenantParam(), sensorParam(), inQuery("q", "the question, as for candor ask")}, answer: AskAnswer{}, handle: ask,
		},
		{
			method: http.MethodGet, path: tenantPath + "/records", summary: "Records as JSON lines with Zeek's field names; the last line has _path page and says what was looked through.",
			params: recordParams(), gives: "application/x-ndjson", handle: records,
		},
		{
			method: http.MethodGet, path: tenantPath + "/stream", summary: "Server-sent events: sight (each second, provisional) and result (when it changed).",
			params: []param{tenantParam()}, gives: "text/event-stream", handle: stream,
		},
	}
}

// SensorList is a list of sensors.
type SensorList struct {
	Sensors []service.Sensor `json:"sensors"`
}

// DecisionBody is what a person decides about a key.
type DecisionBody struct {
	Decision service.Decision `json:"decision"` // approve, refuse, revoke
	Reason   string           `json:"reason"`
}

func sensorRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: tenantPath + "/sensors", summary: "The tenant's sensors: how they are now, and their keys.",
			params: []param{tenantParam()}, answer: SensorList{},
			handle: func(c *call) (any, error) {
				list, err := c.api.service.Sensors(c.ctx(), c.who, c.tenant())
				return SensorList{notNil(list)}, err
			},
		},
		{
			method: http.MethodPost, path: tenantPath + "/sensors/{sensor}/invitation", summary: "Makes a token by which a sensor may ask for enrolment once.",
			params: []param{tenantParam(), inPath("sensor", "id of the sensor, as in the agreement")}, answer: service.Invited{},
			handle: func(c *call) (any, error) {
				return orNil(c.api.service.Invite(c.ctx(), c.who, c.tenant(), record.Sensor(c.r.PathValue("sensor"))))
			},
		},
		{
			method: http.MethodPost, path: tenantPath + "/keys/{fingerprint}", summary: "Lets a sensor's key in or throws it out, after comparing its fingerprint on both sides.",
			params: []param{tenantParam(), inPath("fingerprint", "the key's fingerprint, groups joined or not")}, body: DecisionBody{}, answer: service.Enrolled{},
			handle: func(c *call) (any, error) {
				var b DecisionBody
				if err := c.read(&b); err != nil {
					return nil, err
				}
				return orNil(c.api.service.Decide(c.ctx(), c.who, c.tenant(), c.r.PathValue("fingerprint"), b.Decision, b.Reason))
			},
		},
	}
}

// Agreements is a list of revisions.
type Agreements struct {
	Agreements []store.AgreementText `json:"agreements"`
}

func agreementRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: tenantPath + "/agreement", summary: "What was agreed, as it was written.", gives: "application/yaml",
			params: []param{tenantParam(), number("revision", "0 or none: the newest")},
			handle: func(c *call) (any, error) {
				revision, err := c.number("revision")
				if err != nil {
					return nil, err
				}
				a, err := c.api.service.Agreement(c.ctx(), c.who, c.tenant(), int(min(revision, 1<<30)))
				if err != nil {
					return nil, err
				}
				c.w.Header().Set("Content-Type", "application/yaml")
				c.w.Header().Set("Candor-Revision", strconv.Itoa(a.Revision))
				_, _ = c.w.Write(a.Text) // the reader went away, if at all
				return nil, errWritten
			},
		},
		{
			method: http.MethodPut, path: tenantPath + "/agreement", summary: "Makes a text the newest revision, if it is an agreement.", media: "application/yaml", body: "",
			params: []param{tenantParam()}, answer: store.AgreementText{},
			handle: func(c *call) (any, error) {
				text, err := io.ReadAll(c.r.Body)
				if err != nil {
					return nil, errors.Join(service.ErrInvalid, err)
				}
				return c.api.service.PutAgreement(c.ctx(), c.who, c.tenant(), text)
			},
		},
		{
			method: http.MethodGet, path: tenantPath + "/agreements", summary: "The revisions, newest first.", params: []param{tenantParam()}, answer: Agreements{},
			handle: func(c *call) (any, error) {
				list, err := c.api.service.Agreements(c.ctx(), c.who, c.tenant())
				return Agreements{notNil(list)}, err
			},
		},
	}
}
