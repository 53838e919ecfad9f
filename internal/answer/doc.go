// Package answer turns evidence into answers to the questions of the catalogue: yes, no, or cannot say, with the blind
// spots that stand in the way.
//
// Here: what each question needs, host by host; which question free wording means (catalogue), an answer narrowed to one machine,
// segment or time (Narrow), and lookups, which give rows and no verdict (Lookup). Not here: defects (coverage), findings (detect),
// wording on a page (term).
//
// Start at All (answer.go), then what each question needs (needs.go) and what stands in its way (spots.go). Of asking, at Understand
// (catalogue_match.go).
package answer
