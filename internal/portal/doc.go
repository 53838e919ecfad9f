// Package portal is the hub's face for people: pages made by the server, a live stream, and what a browser loads, all of it embedded.
//
// Here: the frame of every page and who asks for it (portal.go, page.go), what browsers load (assets.go, web/), and a file for each page with
// its template beside it in web/. Not here: what may be asked and by whom (service, access), plots (svg), a Result as a page (report).
//
// Everything from the wire is shown by html/template, made visible first (visible.Text); no page runs an inline script or style, and every
// page works without scripts. No state changes on GET. All words of a page stand in its template or in its file, in English.
//
// Start at New, then page.go; home.go is the page to copy.
package portal
