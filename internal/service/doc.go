// Package service is what a signed-in person or program may ask and do, whatever face it comes through: the command line over files, the
// API and the portal.
//
// Here: one question answered over a Result and records (ask.go; over files and over a hub alike), and Service, the hub's side, which takes a
// principal with every call and asks access for leave (service.go and a file for each matter). Not here: HTTP, pages, how anything is
// stored or judged.
//
// Start at Asking, then Service.
package service
