// Package notice tells people outside the hub at once when a sensor went blind, or sees again.
//
// Here: what change is worth a notice and how long it must have held (change.go), the words of one (words.go), and the ways out: signed
// webhooks and mail, tried until they worked or a day has passed (send.go, webhook.go, mail.go). Not here: what blindness is (coverage), who must
// acknowledge and who is told when nobody does: that ladder comes later.
//
// Start at Watch.
package notice
