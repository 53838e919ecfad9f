package notice

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"candor/internal/verdict"
)

// notice makes the notice of a change.
func notice(key Key, d *verdict.Defect, since, now time.Time) Notice {
	n := Notice{
		Tenant: key.Tenant, Sensor: key.Sensor, Code: key.Code, Subject: key.Subject, Now: d.Now, Since: since.UTC(), At: now.UTC(), Words: d.Words, Do: d.Do,
	}
	if d.Now == verdict.No {
		n.Words = "This no longer holds. What lies between is still a blind spot of every answer that touches it."
		n.Do = ""
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %d", key.Tenant, key.Sensor, key.Code, key.Subject, d.Now, since.UnixNano()))
	n.ID = "n-" + hex.EncodeToString(sum[:8])
	return n
}

// Title is the notice in a line. Its parts are ids from the agreement and the closed set of codes, no text from the wire.
func (n *Notice) Title() string {
	name := verdict.Name(n.Code, n.Subject)
	if n.Now == verdict.Yes {
		return fmt.Sprintf("%s: sensor %s cannot see all that was agreed (%s)", n.Tenant, n.Sensor, name)
	}
	return fmt.Sprintf("%s: sensor %s sees again (%s)", n.Tenant, n.Sensor, name)
}

// Text is the notice for a mail.
func (n *Notice) Text() string {
	out := n.Title() + "\n\n" + n.Words + "\n"
	if n.Do != "" {
		out += "What to do: " + n.Do + "\n"
	}
	return out + fmt.Sprintf("\nSince %s, noticed %s (UTC). Notice %s.\n", n.Since.Format(time.DateTime), n.At.Format(time.DateTime), n.ID)
}
