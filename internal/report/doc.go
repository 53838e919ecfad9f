// Package report shows a Result as one self-contained HTML page: no script, nothing fetched from elsewhere, readable on a
// phone, on a wide screen, on paper, in light and dark, and by a screen reader. It opens with what could not be seen.
//
// Here: the page (Write), its template and its style; findings for other tools (OCSF, CSV). Not here: any judgement; the words of the first answers are
// judge.Headlines, so that the terminal says the same; the drawings are svg's. Every text of a Result may come from the
// wire: what would act instead of being read is made visible first (clean), then html/template escapes it.
// The same Result gives the same bytes: nothing here reads a clock.
//
// Start at Write, then page.html.
package report
