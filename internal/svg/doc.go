// Package svg draws the plots of Candor as SVG text: host squares, time strips, the drawing of where a sensor stands,
// and bars of evidence. The same bytes serve on the screen, on a page and in print.
//
// Here: plain structs in, SVG out. The same input gives the same bytes. Nothing here runs a script, refers to anything
// outside the page or trusts a text: Visible shows what would act instead of being read, and markup is escaped.
// Colours come from the classes and variables of Style; the hatching comes from Defs, which a page holds once.
// Not here: any judgement, and where on a page a plot stands (report, portal).
//
// Blindness is hatched, never left blank. Shape and texture say the same as colour: a diamond needs attention, a ring is
// as it should be, a hatch was not seen.
//
// Start at Squares, then Placement.
package svg
