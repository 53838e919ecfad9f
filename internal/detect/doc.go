// Package detect finds what an intruder's traffic looks like: beacons, tunnels, generated names, scans, long connections,
// outflows, sign-in attacks, movement between machines and known bad addresses.
//
// Detectors are folds over records with bounded state: the same code runs over a file and on the hub. Engine puts the records
// of all batches into the order in which connections began, joins what TLS and HTTP said to the connection that carried it,
// and hands each detector a Slice; a detector keeps what it needs and gives Findings whenever asked. What a bound drops is
// counted (Lost) and becomes a blind spot; a detector never says "no", answer does, and only where needs were met.
//
// Here: one file (or one folder) for each detector, engine.go and its helpers, the list of all detectors (all.go).
// Not here: the evidence of timing (detect/timing), lists and safelists (intel), what a question needs (answer), reading.
//
// Start at Detector and Event (detect.go). A new detector copies long.go and adds a line to all.go.
package detect
