package labnet

import "encoding/binary"

// helloShape is how one kind of program greets.
type helloShape struct {
	name    string
	agent   string // its User-Agent in clear HTTP
	ciphers []uint16
	groups  []uint16
	shares  []uint16 // groups it sends a key for
	alpn    []string
	grease  bool
	old     bool // speaks TLS 1.2 at most
	brotli  bool
	sealed  bool // sends an encrypted-client-hello extension of noise
	padding int  // the hello is padded to this size
}

const (
	groupX25519 = 0x001d
	groupP256   = 0x0017
	groupHybrid = 0x11ec // X25519MLKEM768
)

var (
	ciphersBrowser = []uint16{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035}
	ciphersFox     = []uint16{0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035}
	ciphersWindows = []uint16{0x1302, 0x1301, 0xc02c, 0xc02b, 0xc030, 0xc02f, 0xc024, 0xc023, 0xc028, 0xc027, 0xc00a, 0xc009, 0xc014, 0xc013, 0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f}
	ciphersOpen    = []uint16{0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x009e, 0xc024, 0xc028, 0x006b, 0xc023, 0xc027, 0x0067, 0x00ff}
	ciphersOld     = []uint16{0xc02f, 0xc030, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035, 0x000a, 0x00ff}
	groupsNew      = []uint16{groupHybrid, groupX25519, groupP256, 0x0018}
	groupsOld      = []uint16{groupX25519, groupP256, 0x0018}
	webProtocols   = []string{"h2", "http/1.1"}
)

// Indexes into helloShapes.
const (
	helloChromium = iota
	helloFox
	helloSafari
	helloSystem
	helloTool
	helloGadget
	helloAgent
)

var helloShapes = []helloShape{
	helloChromium: {"chromium", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36", ciphersBrowser, groupsNew, []uint16{groupHybrid, groupX25519}, webProtocols, true, false, true, true, 0},
	helloFox:      {"fox", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", ciphersFox, groupsNew, []uint16{groupHybrid, groupX25519, groupP256}, webProtocols, false, false, false, true, 0},
	helloSafari:   {"safari", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15", ciphersBrowser, groupsOld, []uint16{groupX25519}, webProtocols, true, false, true, false, 517},
	helloSystem:   {"system", "Microsoft-Delivery-Optimization/10.1", ciphersWindows, groupsOld, []uint16{groupX25519}, nil, false, false, false, false, 0},
	helloTool:     {"tool", "curl/8.14.1", ciphersOpen, groupsOld, []uint16{groupX25519}, []string{"h2", "http/1.1"}, false, false, false, false, 0},
	helloGadget:   {"gadget", "FirmwareAgent/2.3", ciphersOld, groupsOld, nil, nil, false, true, false, false, 0},
	helloAgent:    {"agent", "Go-http-client/1.1", ciphersFox[:9], groupsOld, []uint16{groupX25519}, nil, false, false, false, false, 0},
}

// extension starts an extension of the type given; finish with closeLength at the place returned.
func extension(b []byte, kind uint16) ([]byte, int) {
	b = binary.BigEndian.AppendUint16(b, kind)
	return append(b, 0, 0), len(b)
}

// closeLength writes the 16-bit length of what follows position at.
func closeLength(b []byte, at int) { binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2)) }

func appendRandom(b []byte, d *dice, n int) []byte {
	at := len(b)
	b = append(b, make([]byte, n)...)
	d.bytes(b[at:])
	return b
}

func appendList(b []byte, list []uint16) []byte {
	for _, v := range list {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// greaseValue is one of the sixteen reserved values of RFC 8701.
func greaseValue(d *dice) uint16 {
	v := uint16(d.n(16)<<4 | 0xa)
	return v<<8 | v
}

// clientHello makes a whole TLS record with a client hello; sni empty sends none.
func clientHello(d *dice, shape *helloShape, sni string) []byte {
	b := make([]byte, 0, 2048)
	b = append(b, 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3)
	b = appendRandom(b, d, 32)
	if shape.old {
		b = append(b, 0)
	} else {
		b = appendRandom(append(b, 32), d, 32)
	}
	grease := greaseValue(d)
	at := len(b)
	b = append(b, 0, 0)
	if shape.grease {
		b = binary.BigEndian.AppendUint16(b, grease)
	}
	b = appendList(b, shape.ciphers)
	closeLength(b, at)
	b = append(b, 1, 0)
	at = len(b)
	b = append(b, 0, 0)
	b = clientExtensions(b, d, shape, sni, grease)
	closeLength(b, at)
	binary.BigEndian.PutUint16(b[3:], uint16(len(b)-5))
	binary.BigEndian.PutUint16(b[7:], uint16(len(b)-9))
	return b
}

func clientExtensions(b []byte, d *dice, shape *helloShape, sni string, grease uint16) []byte {
	if shape.grease {
		b, _ = extension(b, grease)
	}
	if sni != "" {
		b = serverNameExtension(b, sni)
	}
	b = append(b, 0, 23, 0, 0, 0xff, 1, 0, 1, 0)
	var at int
	b, at = extension(b, 10)
	b = append(b, 0, 0)
	if shape.grease {
		b = binary.BigEndian.AppendUint16(b, grease)
	}
	b = appendList(b, shape.groups)
	closeLength(b, at+2)
	closeLength(b, at)
	b = append(b, 0, 11, 0, 2, 1, 0, 0, 35, 0, 0)
	if len(shape.alpn) > 0 {
		b, at = extension(b, 16)
		b = append(b, 0, 0)
		for _, p := range shape.alpn {
			b = append(append(b, byte(len(p))), p...)
		}
		closeLength(b, at+2)
		closeLength(b, at)
	}
	b = append(b, 0, 5, 0, 5, 1, 0, 0, 0, 0)
	b = append(b, 0, 13, 0, 18, 0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1)
	if !shape.old {
		b = newerExtensions(b, d, shape, grease)
	}
	if shape.sealed {
		b, at = extension(b, 0xfe0d)
		b = append(b, 0, 0, 1, 0, 1, byte(d.n(256)), 0, 32)
		b = appendRandom(b, d, 32)
		b = append(b, 0, 144)
		b = appendRandom(b, d, 144)
		closeLength(b, at)
	}
	if shape.grease {
		b = binary.BigEndian.AppendUint16(b, grease^0x1010)
		b = append(b, 0, 1, 0)
	}
	if pad := shape.padding - len(b) - 4; pad > 0 {
		b, at = extension(b, 21)
		b = append(b, make([]byte, pad)...)
		closeLength(b, at)
	}
	return b
}

func serverNameExtension(b []byte, sni string) []byte {
	b, at := extension(b, 0)
	b = append(b, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(len(sni)))
	b = append(b, sni...)
	closeLength(b, at+2)
	closeLength(b, at)
	return b
}

// newerExtensions are those of TLS 1.3: certificate timestamps, key shares, modes, versions.
func newerExtensions(b []byte, d *dice, shape *helloShape, grease uint16) []byte {
	b = append(b, 0, 18, 0, 0)
	b, at := extension(b, 51)
	b = append(b, 0, 0)
	if shape.grease {
		b = binary.BigEndian.AppendUint16(b, grease)
		b = append(b, 0, 1, 0)
	}
	for _, g := range shape.shares {
		b = binary.BigEndian.AppendUint16(b, g)
		n := shareSize(g, false)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
		b = appendRandom(b, d, n)
		if g == groupP256 {
			b[len(b)-n] = 4
		}
	}
	closeLength(b, at+2)
	closeLength(b, at)
	b = append(b, 0, 45, 0, 2, 1, 1)
	if shape.grease {
		b = append(b, 0, 43, 0, 7, 6)
		b = binary.BigEndian.AppendUint16(b, grease)
	} else {
		b = append(b, 0, 43, 0, 5, 4)
	}
	b = append(b, 3, 4, 3, 3)
	if shape.brotli {
		b = append(b, 0, 27, 0, 3, 2, 0, 2)
	}
	return b
}

// shareSize gives the size of a key share.
func shareSize(group uint16, server bool) int {
	switch {
	case group == groupHybrid && server:
		return 1088 + 32
	case group == groupHybrid:
		return 1184 + 32
	case group == groupP256:
		return 65
	default:
		return 32
	}
}

// serverHello makes the record of a server hello; group 0 answers in TLS 1.2.
func serverHello(b []byte, d *dice, cipher, group uint16, alpn string) []byte {
	start := len(b)
	b = append(b, 22, 3, 3, 0, 0, 2, 0, 0, 0, 3, 3)
	b = appendRandom(b, d, 32)
	b = appendRandom(append(b, 32), d, 32)
	b = binary.BigEndian.AppendUint16(b, cipher)
	b = append(b, 0)
	exts := len(b)
	b = append(b, 0, 0)
	if group == 0 {
		b = append(b, 0xff, 1, 0, 1, 0, 0, 23, 0, 0, 0, 11, 0, 2, 1, 0)
		if alpn != "" {
			var at int
			b, at = extension(b, 16)
			b = append(b, 0, byte(1+len(alpn)), byte(len(alpn)))
			b = append(b, alpn...)
			closeLength(b, at)
		}
	} else {
		n := shareSize(group, true)
		b = append(b, 0, 51)
		b = binary.BigEndian.AppendUint16(b, uint16(4+n))
		b = binary.BigEndian.AppendUint16(b, group)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
		b = appendRandom(b, d, n)
		if group == groupP256 {
			b[len(b)-n] = 4
		}
		b = append(b, 0, 43, 0, 2, 3, 4)
	}
	closeLength(b, exts)
	binary.BigEndian.PutUint16(b[start+3:], uint16(len(b)-start-5))
	binary.BigEndian.PutUint16(b[start+7:], uint16(len(b)-start-9))
	return b
}

// handshake wraps a handshake message in a record of its own.
func handshake(b []byte, kind byte, body []byte) []byte {
	b = append(b, 22, 3, 3)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)+4))
	b = append(b, kind, byte(len(body)>>16), byte(len(body)>>8), byte(len(body)))
	return append(b, body...)
}

// record wraps n random bytes in a record of the type given.
func record(b []byte, d *dice, kind byte, n int) []byte {
	b = append(b, kind, 3, 3)
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	return appendRandom(b, d, n)
}
