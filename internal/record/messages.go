package record

import "net/netip"

// Ends are the fields that every message record shares with its connection.
type Ends struct {
	TS           Time
	UID          UID
	Feed         Feed
	OrigH, RespH netip.Addr
	OrigP, RespP uint16
	Proto        uint8
}

// DNS is one lookup and its answer (Zeek's dns.log). A query without an answer has no rcode; an answer without a query is
// recorded all the same.
type DNS struct {
	Ends
	Variant    string // "dns", "mdns", "llmnr", "nbns": told apart by port
	TransID    uint16
	RTT        Time // 0 when one half was not seen
	Query      string
	QClass     uint16
	QType      uint16
	HasQuery   bool // the query itself was seen
	HasReply   bool // the answer was seen
	RCode      uint16
	AA, TC     bool
	RD, RA     bool
	Z          uint8
	Answers    []string
	TTLs       []uint32
	Authority  int // number of records in the authority section
	Additional int
	Rejected   bool
	Cut        bool // the capture ended before the message did
}

// TLS is one handshake (Zeek's ssl.log and the leaf of x509.log).
type TLS struct {
	Ends
	Version     string
	Cipher      string
	Curve       string
	ServerName  string
	Resumed     bool
	Established bool
	ClientALPN  []string
	NextProto   string // the protocol the server chose
	Subject     string
	Issuer      string
	NotBefore   Time
	NotAfter    Time
	Serial      string
	CertSHA256  string
	SANDNS      []string
	ChainLength int
	JA4         string
	HasClient   bool // the client hello was seen
	HasServer   bool
}

// HTTP is one request and its response (Zeek's http.log).
type HTTP struct {
	Ends
	TransDepth      int
	Method          string
	Host            string
	URI             string
	Referrer        string
	Version         string
	UserAgent       string
	RequestBodyLen  uint64
	ResponseBodyLen uint64
	StatusCode      int
	StatusMsg       string
	RespMIME        string // Content-Type of the response, as the server says
	Proxied         []string
	HasRequest      bool
	HasResponse     bool
}

// DHCP is one DHCPv4 exchange or message (Zeek's dhcp.log).
type DHCP struct {
	Ends
	ClientAddr    netip.Addr
	ServerAddr    netip.Addr
	MAC           MAC
	HostName      string
	ClientFQDN    string
	Domain        string
	RequestedAddr netip.Addr
	AssignedAddr  netip.Addr
	LeaseTime     Time
	MsgTypes      []string
	TransID       uint32
}

// Log is one line of a promised log with typed fields.
type Log struct {
	TS      Time
	Feed    Feed
	Format  string // windows_json, syslog, cef, leef
	Host    string
	User    string
	Src     netip.Addr
	Dst     netip.Addr
	Action  string
	Result  string
	Message string
}

// Alert is what another tool said (Suricata alert, Zeek notice).
type Alert struct {
	Ends
	By        string
	Signature string
	Category  string
	Severity  string
}
