// Package transport brings blocks from a sensor to the hub, and nothing else: nothing is lost between them, and nobody but an approved sensor writes.
//
// Here, for the hub: its own certificate authority (ca.go), enrolment by one-use token and a person's approval (token.go, desk.go), the server
// with its limits (server*.go). For the sensor: its folder with key and certificate (home.go), enrolment and renewal (enrol.go), the spool, which
// keeps blocks until the hub has them and counts what it must drop (spool*.go), and the sender (sender*.go). For both: what travels besides blocks
// (wire.go) and why something is refused (refusal.go).
//
// Not here: what a block is (block), where the hub keeps blocks and sensors (store implements Registry, the hub Receiver and Watcher), what sight means
// (judge). No clock is read: Now is handed in; waiting goes through Clock.
//
// Start at Peer, then Server for the hub and Sender for the sensor. transporttest holds the contract of a Registry.
package transport
