// Package termtest holds Results for the tests of term, report and judge's headlines: a bank seen from outside its firewall and
// from inside, an empty capture without an agreement, and one whose every text is hostile. Names and numbers are invented.
//
// Here: data only, for tests only. Start at Outside.
package termtest
