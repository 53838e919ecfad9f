// Package answer turns evidence into answers to the questions of the catalogue: yes, no, or cannot say, with the blind
// spots that stand in the way.
//
// Here: what each question needs, host by host. Not here: defects (coverage), findings (detect), wording on a page (term).
//
// Start at All and needs.
package answer
