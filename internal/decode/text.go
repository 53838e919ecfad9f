package decode

// Status is how far a parser of a stream came.
type Status uint8

// The statuses. The zero value asks for more bytes.
const (
	NeedMore Status = iota // so far it fits, but the bytes end before the message does; what could be read is in the result
	Done                   // read whole
	NotTLS                 // these bytes are no TLS handshake of the kind asked for
	NotHTTP                // these bytes are no HTTP/1 message of the kind asked for
	NotQUIC                // these bytes are no QUIC packet with a long header
	NotSSH                 // these bytes are no SSH banner
	NotProxy               // these bytes are no PROXY header
)

// String gives the name in snake_case.
func (s Status) String() string {
	switch s {
	case NeedMore:
		return "need_more"
	case Done:
		return "done"
	case NotTLS:
		return "not_tls"
	case NotHTTP:
		return "not_http"
	case NotQUIC:
		return "not_quic"
	case NotSSH:
		return "not_ssh"
	case NotProxy:
		return "not_proxy"
	}
	return "invalid"
}

const hexDigits = "0123456789abcdef"

// appendText appends bytes from the wire as printable ASCII: what is not becomes \xNN, a backslash becomes two.
func appendText(dst, b []byte) []byte {
	for _, c := range b {
		dst = appendTextByte(dst, c)
	}
	return dst
}

func appendTextByte(dst []byte, c byte) []byte {
	switch {
	case c == '\\':
		return append(dst, '\\', '\\')
	case c < 0x20 || c >= 0x7f:
		return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, c)
}

// text gives bytes from the wire as a printable string, as appendText does.
func text(b []byte) string {
	for _, c := range b {
		if c == '\\' || c < 0x20 || c >= 0x7f {
			return string(appendText(make([]byte, 0, len(b)+16), b))
		}
	}
	return string(b)
}
