// Package api is the JSON face of a hub: HTTP on top of service, described by OpenAPI 3.1.
//
// Here: the table of routes (routes.go), from which both the handler and the description (openapi.go) are made, so that neither can lie about the
// other; who calls (api.go); errors as problem+json (problem.go); the live stream (stream.go). Not here: what may be asked and by whom (service,
// access), pages (portal).
//
// Start at New, then routes.
package api
