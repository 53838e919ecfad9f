// Package coverage holds promises against sight: one file for each defect rule, one for the promises.
//
// Here: Evidence (the sight of a stretch of time, merged), the rules that turn it into a Ruling, and the state of each
// promise. Not here: keeping evidence over time (judge), counting it (sight), or answering questions (answer).
//
// Start at Rule and Rules. To add a rule, copy rule_tunnel.go and add a line to Rules.
package coverage
