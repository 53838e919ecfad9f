package zeek

import (
	"bytes"
	"path/filepath"
	"strings"
)

// kind is a log that Zeek writes.
type kind uint8

const (
	unknown kind = iota // a log that is counted by name only
	conn
	dns
	ssl
	http
	dhcp
	notice
	x509
	captureLoss
	stats
	known // a log that is known and makes no record of its own
	openConn
	openSSL
	openHTTP
)

// kinds names the logs; the open ones hold what is still open (https://github.com/activecm/zeek-open-connections).
func kinds() map[string]kind {
	return map[string]kind{
		"conn": conn, "dns": dns, "ssl": ssl, "tls": ssl, "http": http, "dhcp": dhcp, "notice": notice, "x509": x509,
		"capture_loss": captureLoss, "stats": stats, "files": known, "weird": known, "known_hosts": known,
		"open_conn": openConn, "open_ssl": openSSL, "open_http": openHTTP,
	}
}

// opened is the log of what is still open that goes with a log.
func (k kind) opened() kind {
	switch k {
	case conn:
		return openConn
	case ssl:
		return openSSL
	case http:
		return openHTTP
	}
	return k
}

// stem is the log's name as the file's name gives it: conn of conn.00:00:00-01:00:00.log.gz, conn_json.log or conn.log.labeled.
func stem(path string, names map[string]kind) string {
	base := strings.TrimPrefix(strings.ToLower(filepath.Base(path)), "json_streaming_")
	best := ""
	for name := range names {
		rest, ok := strings.CutPrefix(base, name)
		if !ok || len(name) <= len(best) || rest != "" && rest[0] >= 'a' && rest[0] <= 'z' {
			continue
		}
		best = name
	}
	if best != "" {
		return best
	}
	first, _, _ := strings.Cut(base, ".")
	return first
}

// named finds the kind of a log: by what the log says of itself (#path, _path), else by its file's name. An open_ log says the
// name of the closed one in some versions; then the file's name tells.
func named(names map[string]kind, said, fromFile string) (kind, string) {
	name := said
	if name == "" {
		name = fromFile
	}
	k, ok := names[name]
	if !ok && said != "" { // conn_eth1 and the like
		k, ok = names[stem(said, names)]
	}
	if !ok {
		return unknown, name
	}
	if strings.HasPrefix(fromFile, "open_") {
		k = k.opened()
	}
	return k, name
}

// guessed tells a JSON log that does not say its name, in a file that does not either, by fields that only one log has.
func guessed(line []byte) string {
	has := func(s string) bool { return bytes.Contains(line, []byte(s)) }
	switch {
	case has(`"conn_state"`):
		return "conn"
	case has(`"qclass"`) || has(`"qtype_name"`):
		return "dns"
	case has(`"cipher"`) && has(`"established"`):
		return "ssl"
	case has(`"uri"`) && has(`"trans_depth"`):
		return "http"
	case has(`"client_addr"`) && has(`"mac"`):
		return "dhcp"
	}
	return ""
}
