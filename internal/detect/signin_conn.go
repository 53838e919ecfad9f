package detect

import (
	"slices"
	"strings"

	"candor/internal/record"
)

// signPort names the service of a connection by its port, 0 where it has no sign-in that can be told from outside.
func signPort(port uint16, service string) uint16 {
	switch port {
	case 21, 22, 23, 110, 143, 993, 995, 1433, 3306, 3389, 5432, 5900:
		return port
	}
	switch service {
	case "ssh":
		return 22
	case "ftp":
		return 21
	case "rdp":
		return 3389
	}
	return 0
}

// crowded reports whether honest programs call a service often and briefly, too: mail clients, and whatever opens a database.
func crowded(port uint16) bool {
	switch port {
	case 110, 143, 993, 995, 1433, 3306, 5432, 21:
		return true
	}
	return false
}

// refusedSize bounds what a refused sign-in sends each way: the greeting and the keys, and a few words that did not help. A
// session that was let in says more, even to ask for the time.
func refusedSize(port uint16) (least, most uint64) {
	switch port {
	case 22:
		return 600, 2800
	case 3389:
		return 200, 6000
	case 21, 23, 110, 143, 5900:
		return 8, 700
	}
	return 40, 8000
}

// conn takes a connection to a sign-in service over.
func (d *SignIns) conn(e *Event) {
	port := signPort(e.RespPort, e.Service)
	if port >= 1024 && port != 3389 && port != 5900 && e.OrigPlace != Outside { // databases serve our own programs
		return
	}
	least, most := refusedSize(port)
	short := e.Final && e.Duration < 90*record.Time(1e9)
	key := signKey{by: signByConn, who: e.Orig, port: port}
	switch {
	case short && e.OrigBytes >= least && e.OrigBytes <= most && e.RespBytes >= least && e.RespBytes <= most:
		d.now = max(d.now, e.TS)
		g := d.at(key, e.Orig.String(), e.OrigPlace, true)
		g.failed(e.TS, "", e.Resp.String(), 1+e.OrigBytes/64)
		g.show(e.UID, e.RespPort)
	case e.RespBytes > 3*most || e.Duration > 5*record.Minute && e.OrigBytes > most:
		if g := d.guessers.get(key); g != nil {
			g.grantedTo(e.TS, "", e.Resp.String(), false)
		}
	}
}

// show keeps what an analyst looks up.
func (g *guesser) show(uid string, port uint16) {
	if len(g.uids) < 5 && uid != "" && !slices.Contains(g.uids, uid) {
		g.uids = append(g.uids, strings.Clone(uid))
	}
	if len(g.ports) < 5 && !slices.Contains(g.ports, int(port)) {
		g.ports = append(g.ports, int(port))
	}
}
