package decode

import (
	"strconv"
	"strings"
)

// QTypeName gives Zeek's name of a query or record type: "A", "HTTPS", "*", "query-4711".
func QTypeName(t uint16) string {
	if int(t) < len(qTypes) && qTypes[t] != "" {
		return qTypes[t]
	}
	switch t {
	case 249:
		return "TKEY"
	case 250:
		return "TSIG"
	case 251:
		return "IXFR"
	case 252:
		return "AXFR"
	case 253:
		return "MAILB"
	case 254:
		return "MAILA"
	case 255:
		return "*"
	case 256:
		return "URI"
	case 257:
		return "CAA"
	case 32768:
		return "TA"
	case 32769:
		return "DLV"
	case 65281:
		return "WINS"
	case 65282:
		return "WINS-R"
	case 65422:
		return "XPF"
	case 65521:
		return "INTEGRITY"
	}
	return "query-" + strconv.Itoa(int(t))
}

// NBTypeName gives the name of a query type of the NetBIOS name service, which uses two numbers for its own.
func NBTypeName(t uint16) string {
	switch t {
	case dnsNB:
		return "NB"
	case dnsSRV:
		return "NBSTAT"
	}
	return QTypeName(t)
}

var qTypes = [110]string{
	1: "A", 2: "NS", 3: "MD", 4: "MF", 5: "CNAME", 6: "SOA", 7: "MB", 8: "MG", 9: "MR", 10: "NULL", 11: "WKS", 12: "PTR", 13: "HINFO",
	14: "MINFO", 15: "MX", 16: "TXT", 17: "RP", 18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP-PTR", 24: "SIG",
	25: "KEY", 26: "PX", 27: "GPOS", 28: "AAAA", 29: "LOC", 30: "NXT", 31: "EID", 32: "NIMLOC", 33: "SRV", 34: "ATMA", 35: "NAPTR",
	36: "KX", 37: "CERT", 38: "A6", 39: "DNAME", 40: "SINK", 41: "OPT", 42: "APL", 43: "DS", 44: "SSHFP", 45: "IPSECKEY", 46: "RRSIG",
	47: "NSEC", 48: "DNSKEY", 49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO",
	57: "RKEY", 58: "TALINK", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", 64: "SVCB", 65: "HTTPS", 99: "SPF",
	100: "UINFO", 101: "UID", 102: "GID", 103: "UNSPEC", 104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64",
}

// QClassName gives Zeek's name of a class: "C_INTERNET", "qclass-32769". In mDNS the top bit is a flag: mask it first.
func QClassName(c uint16) string {
	switch c {
	case 1:
		return "C_INTERNET"
	case 2:
		return "C_CSNET"
	case 3:
		return "C_CHAOS"
	case 4:
		return "C_HESIOD"
	case 254:
		return "C_NONE"
	case 255:
		return "C_ANY"
	}
	return "qclass-" + strconv.Itoa(int(c))
}

var rCodes = [24]string{
	"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSet", "NOTAUTH", "NOTZONE",
	"unassigned-11", "unassigned-12", "unassigned-13", "unassigned-14", "unassigned-15", "BADVERS", "BADKEY", "BADTIME", "BADMODE",
	"BADNAME", "BADALG", "BADTRUNC", "BADCOOKIE",
}

// RCodeName gives Zeek's name of a response code: "NOERROR", "NXDOMAIN", "rcode-99".
func RCodeName(c uint16) string {
	if int(c) < len(rCodes) {
		return rCodes[c]
	}
	if c == 3842 {
		return "BADSIG"
	}
	return "rcode-" + strconv.Itoa(int(c))
}

// NetBIOSName decodes the first label of a NetBIOS name (RFC 1001), 32 letters that stand for 16 bytes. It gives the name without its
// padding, and the suffix that says which service is meant. ok is false, and the name unchanged, when the label has another form.
func NetBIOSName(name string) (plain string, suffix byte, ok bool) {
	label := name
	if dot := strings.IndexByte(name, '.'); dot >= 0 {
		label = name[:dot]
	}
	if len(label) != 32 {
		return name, 0, false
	}
	var b [16]byte
	for i := range b {
		high, low := upper(label[2*i])-'A', upper(label[2*i+1])-'A'
		if high > 15 || low > 15 {
			return name, 0, false
		}
		b[i] = high<<4 | low
	}
	end := 15
	for end > 0 && (b[end-1] == ' ' || b[end-1] == 0) {
		end--
	}
	return text(b[:end]), b[15], true
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
