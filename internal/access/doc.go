// Package access decides who may see and do what. All isolation between tenants lives here: every other part is handed a Pass, which only
// a Gate makes, and takes the tenant from it, never from a request.
//
// Here: roles and what they may do (roles.go), people and programs (principal.go), tokens of programs (token.go), the gate with its record of
// every decision (gate.go), and the interface of whoever keeps them (Keeper). Not here: what a request asks for (service), and how it
// came (api, portal).
//
// Start at Gate.
package access
