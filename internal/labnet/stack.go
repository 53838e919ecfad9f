package labnet

// Identification of IPv4 packets differs by stack.
type idMode uint8

const (
	idPerConn idMode = iota // counts within a connection from a random start
	idGlobal                // one counter for the machine
	idZero                  // zero with "do not fragment"
	idRandom
)

// stack is how an operating system's network code looks from outside.
type stack struct {
	name   string
	ttl    uint8
	window uint16 // in the SYN
	scale  int    // window scale, -1 none
	mss    int
	stamps bool // TCP time stamps
	hertz  int64
	order  string // order of SYN options: m mss, s sack-ok, t time stamps, n nop, w window scale, e end
	id     idMode
	ports  [2]int // range of ephemeral ports
}

var (
	stackWindows = stack{"windows", 128, 64240, 8, 1460, false, 0, "mnwnns", idGlobal, [2]int{49152, 65535}}
	stackServer  = stack{"windows-server", 128, 65535, 8, 1460, false, 0, "mnwnns", idGlobal, [2]int{49152, 65535}}
	stackLinux   = stack{"linux", 64, 64240, 7, 1460, true, 1000, "mstnw", idPerConn, [2]int{32768, 60999}}
	stackOld     = stack{"linux-old", 64, 29200, 7, 1460, true, 250, "mstnw", idPerConn, [2]int{32768, 60999}}
	stackMac     = stack{"mac", 64, 65535, 6, 1460, true, 1000, "mnwnntse", idZero, [2]int{49152, 65535}}
	stackPhone   = stack{"phone", 64, 65535, 9, 1400, true, 1000, "mstnw", idPerConn, [2]int{32768, 60999}}
	stackPrinter = stack{"printer", 64, 8760, -1, 1460, false, 0, "m", idGlobal, [2]int{1024, 5000}}
	stackBSD     = stack{"bsd", 64, 65535, 6, 1460, true, 1000, "mnwst", idRandom, [2]int{10000, 65535}}
	stackRouter  = stack{"router", 255, 4128, -1, 536, false, 0, "m", idGlobal, [2]int{20000, 65000}}
	stackLoad    = stack{"load-balancer", 255, 16384, 0, 1380, false, 0, "mnws", idGlobal, [2]int{1024, 65000}}
)

// makers are the first three bytes of cards by kind of machine (locally administered look-alikes would hide that vendors differ).
var makers = map[string][][3]byte{
	"pc":      {{0x00, 0x14, 0x22}, {0x3c, 0xd9, 0x2b}, {0x54, 0xe1, 0xad}, {0xf4, 0x8e, 0x38}},
	"mac":     {{0x00, 0x1e, 0xc2}, {0xac, 0xbc, 0x32}, {0xf0, 0x18, 0x98}},
	"phone":   {{0x00, 0x1e, 0xc2}, {0x8c, 0xf5, 0xa3}, {0xac, 0x37, 0x43}},
	"server":  {{0x00, 0x50, 0x56}, {0xb0, 0x83, 0xfe}, {0x00, 0x25, 0x90}},
	"printer": {{0x00, 0x1b, 0xa9}, {0x00, 0x80, 0x77}, {0x9c, 0x93, 0x4e}},
	"switch":  {{0x00, 0x1b, 0x54}, {0x00, 0x04, 0x96}},
	"router":  {{0x00, 0x1c, 0x7f}, {0x00, 0x09, 0x0f}, {0x00, 0x1b, 0x54}},
}
