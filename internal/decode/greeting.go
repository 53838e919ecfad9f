package decode

import "bytes"

// Limits of what comes before a banner or a request.
const (
	maxBannerLine  = 255     // bytes of the SSH line, its end included (RFC 4253, 4.2)
	maxBannerLines = 16      // lines before it
	maxBannerBytes = 4 << 10 // of those
	maxUpgrade     = 8 << 10 // bytes of a client's talk in which a request for TLS is looked for
)

// SSHBanner is the line with which each side of SSH begins (RFC 4253, 4.2): "SSH-2.0-OpenSSH_9.6 Debian-4". Strings are printable.
type SSHBanner struct {
	Version  string // "2.0", "1.99"
	Software string // "OpenSSH_9.6"
	Comments string // "Debian-4"
	Len      int    // bytes up to the end of the line
}

// ParseSSHBanner reads the banner at the start of one direction; a server may send other lines before it. NotSSH: something else.
func ParseSSHBanner(b []byte, h *SSHBanner) Status {
	*h = SSHBanner{}
	at := 0
	for range maxBannerLines {
		rest := b[at:]
		if n := min(len(rest), 4); string(rest[:n]) == "SSH-"[:n] {
			if at > maxBannerBytes {
				return NotSSH
			}
			return h.read(rest, at)
		}
		end := bytes.IndexByte(rest[:min(len(rest), maxBannerBytes)], '\n')
		switch {
		case rest[0] < ' ' && rest[0] != '\r' && rest[0] != '\n' && rest[0] != '\t' || rest[0] >= 0x7f:
			return NotSSH // no text
		case end >= 0:
			at += end + 1
		case len(rest) >= maxBannerBytes:
			return NotSSH
		default:
			return NeedMore
		}
	}
	return NotSSH
}

func (h *SSHBanner) read(b []byte, at int) Status {
	line := b[:min(len(b), maxBannerLine)]
	end := bytes.IndexByte(line, '\n')
	if end < 0 {
		if len(line) == maxBannerLine {
			return NotSSH
		}
		return NeedMore
	}
	h.Len = at + end + 1
	line = bytes.TrimSuffix(line[:end], []byte("\r"))
	version, rest, ok := bytes.Cut(line[min(len(line), 4):], []byte("-"))
	if !ok || len(version) == 0 {
		return NotSSH
	}
	software, comments, _ := bytes.Cut(rest, []byte(" "))
	h.Version, h.Software, h.Comments = text(version), text(software), text(comments)
	return Done
}

// StartTLS looks in what a client has said for its request to go over to TLS: STARTTLS of mail (SMTP, IMAP, ManageSieve), STLS (POP3), AUTH TLS
// (FTP), the request of LDAP, XMPP or PostgreSQL. ok: it is there, and what the client says behind end is TLS if the server agrees.
// Only the first 8 KiB are looked at, and no longer than lines are text.
func StartTLS(b []byte) (end int, ok bool) {
	b = b[:min(len(b), maxUpgrade)]
	if len(b) >= 8 && string(b[:8]) == "\x00\x00\x00\x08\x04\xd2\x16\x2f" {
		return 8, true
	}
	if len(b) >= 8 && b[0] == 0x30 {
		return ldapUpgrade(b)
	}
	for len(b) > end {
		rest := b[end:]
		n := bytes.IndexByte(rest, '\n')
		if n < 0 {
			break
		}
		if upgradeLine(rest[:n]) {
			return end + n + 1, true
		}
		if rest[0] < ' ' && rest[0] != '\r' && rest[0] != '\n' || rest[0] >= 0x7f {
			return 0, false
		}
		end += n + 1
	}
	if len(b) > 0 && b[0] == '<' {
		if at := bytes.Index(b, []byte("<starttls")); at >= 0 {
			if n := bytes.IndexByte(b[at:], '>'); n >= 0 {
				return at + n + 1, true
			}
		}
	}
	return 0, false
}

// ldapUpgrade passes LDAP messages up to the request for TLS.
func ldapUpgrade(b []byte) (end int, ok bool) {
	s := span{b: b}
	for range maxBannerLines {
		rest := s.b
		if tag, _ := s.tlv(); s.bad || tag != 0x30 {
			return 0, false
		}
		m, ok := ParseLDAP(rest)
		if !ok {
			return 0, false
		}
		if m.StartTLS {
			return len(b) - len(s.b), true
		}
	}
	return 0, false
}

// upgradeLine says whether a line asks for TLS; in IMAP a tag of the client's comes first.
func upgradeLine(line []byte) bool {
	var words [3][]byte
	n := 0
	for len(line) > 0 {
		word := line
		if at := bytes.IndexAny(line, " \t\r"); at >= 0 {
			word, line = line[:at], line[at+1:]
		} else {
			line = nil
		}
		if len(word) == 0 {
			continue
		}
		if n == len(words) {
			return false
		}
		words[n] = word
		n++
	}
	is := func(i int, what string) bool {
		return len(words[i]) == len(what) && bytes.EqualFold(words[i], []byte(what))
	}
	switch n {
	case 1:
		return is(0, "STARTTLS") || is(0, "STLS")
	case 2:
		return is(0, "AUTH") && (is(1, "TLS") || is(1, "TLS-C") || is(1, "SSL")) || is(1, "STARTTLS")
	}
	return false
}

// SyslogPRI reads the priority at the start of a syslog message (RFC 5424, RFC 3164) and gives what is behind it; ok is false without one.
func SyslogPRI(b []byte) (facility, severity uint8, rest []byte, ok bool) {
	if len(b) < 3 || b[0] != '<' {
		return 0, 0, b, false
	}
	value, n := 0, 1
	for ; n < len(b) && n <= 3 && '0' <= b[n] && b[n] <= '9'; n++ {
		value = value*10 + int(b[n]-'0')
	}
	if n == 1 || n >= len(b) || b[n] != '>' || value > 191 || n > 2 && b[1] == '0' {
		return 0, 0, b, false
	}
	return uint8(value / 8), uint8(value % 8), b[n+1:], true
}
