package decode

import (
	"errors"
	"net/netip"
	"strconv"
)

// Record types whose data is rendered.
const (
	dnsA          = 1
	dnsNS         = 2
	dnsCNAME      = 5
	dnsSOA        = 6
	dnsPTR        = 12
	dnsHINFO      = 13
	dnsMX         = 15
	dnsTXT        = 16
	dnsAAAA       = 28
	dnsNB         = 32 // NIMLOC elsewhere
	dnsSRV        = 33 // NBSTAT in NetBIOS
	dnsNAPTR      = 35
	dnsDNAME      = 39
	dnsOPT        = 41
	dnsDS         = 43
	dnsRRSIG      = 46
	dnsNSEC       = 47
	dnsDNSKEY     = 48
	dnsSPF        = 99
	dnsNAPTRParts = 3 // strings in a NAPTR record
)

// data renders the data of rec, which lies between r.off and end. Data that does not fit its type is an error, data of other types is
// rendered as the name of the type.
func (r *dnsReader) data(rec DNSRecord, end int) (string, error) {
	b := r.msg[r.off:end]
	switch rec.Type {
	case dnsA:
		if len(b) == 4 {
			return netip.AddrFrom4([4]byte(b)).String(), nil
		}
	case dnsAAAA:
		if len(b) == 16 {
			return netip.AddrFrom16([16]byte(b)).String(), nil
		}
	case dnsNS, dnsCNAME, dnsPTR, dnsDNAME, dnsSOA:
		return r.dataName(0, end)
	case dnsMX:
		return r.dataName(2, end)
	case dnsSRV:
		if len(b) >= 7 && plausibleSRV(b) {
			return r.dataName(6, end)
		}
		return "NBSTAT", nil
	case dnsNB:
		if len(b) >= 6 && len(b)%6 == 0 { // NetBIOS: flags and address, several times
			return netip.AddrFrom4([4]byte(b[2:6])).String(), nil
		}
		return QTypeName(rec.Type), nil
	case dnsTXT:
		return dnsStrings("TXT", b)
	case dnsSPF:
		return dnsStrings("SPF", b)
	case dnsHINFO:
		return dnsWords("HINFO", b, 2)
	default:
		return r.rareData(rec, end)
	}
	if len(b) == 0 && rec.Class >= 254 { // dynamic updates delete with empty data
		return "", nil
	}
	return "", ErrDNSRecord
}

// rareData renders DNSSEC records and NAPTR.
func (r *dnsReader) rareData(rec DNSRecord, end int) (string, error) {
	b := r.msg[r.off:end]
	switch {
	case rec.Type == dnsRRSIG && len(b) > 18:
		signer, err := r.dataName(18, end)
		if signer == "." {
			signer = "<Root>"
		}
		return "RRSIG " + strconv.Itoa(int(be16(b))) + " " + signer, err
	case rec.Type == dnsDNSKEY && len(b) >= 4:
		return "DNSKEY " + strconv.Itoa(int(b[3])), nil
	case rec.Type == dnsDS && len(b) >= 4:
		return "DS " + strconv.Itoa(int(b[2])) + " " + strconv.Itoa(int(b[3])), nil
	case rec.Type == dnsNSEC && len(b) > 0:
		next, err := r.dataName(0, end)
		return "NSEC " + rec.Name + " " + next, err
	case rec.Type == dnsNAPTR && len(b) > 4:
		return dnsWords("NAPTR "+strconv.Itoa(int(be16(b)))+" "+strconv.Itoa(int(be16(b[2:]))), b[4:], dnsNAPTRParts)
	}
	return QTypeName(rec.Type), nil
}

// dataName reads a name skip bytes into the data of a record that ends at end. r.off stays: the caller moves it to the end of the record.
func (r *dnsReader) dataName(skip, end int) (string, error) {
	at := r.off + skip
	if at >= end {
		if at == end && skip == 0 {
			return "", nil // dynamic updates
		}
		return "", ErrDNSRecord
	}
	out, _, err := appendName(r.buf[:0], r.msg, at, end)
	if errors.Is(err, errCut) {
		err = ErrDNSRecord
	}
	return string(out), err
}

// plausibleSRV tells a service record from a NetBIOS status answer, which shares its number: that starts with a count of names
// and holds 18 bytes for each.
func plausibleSRV(b []byte) bool {
	return len(b) < 65 || len(b) < 1+18*int(b[0]) || b[0] == 0
}

// dnsStrings renders the strings of a TXT record: "TXT 3 abc", several with a space between.
func dnsStrings(kind string, b []byte) (string, error) {
	out := make([]byte, 0, len(b)+16)
	for len(b) > 0 {
		size := int(b[0])
		if size > len(b)-1 {
			return string(out), ErrDNSRecord
		}
		if len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, kind...)
		out = append(out, ' ')
		out = strconv.AppendInt(out, int64(size), 10)
		out = append(out, ' ')
		out = appendText(out, b[1:1+size])
		b = b[1+size:]
	}
	return string(out), nil
}

// dnsWords renders the first n strings of a record behind kind, with spaces.
func dnsWords(kind string, b []byte, n int) (string, error) {
	out := []byte(kind)
	for range n {
		if len(b) == 0 || int(b[0]) > len(b)-1 {
			return string(out), ErrDNSRecord
		}
		out = append(out, ' ')
		out = appendText(out, b[1:1+int(b[0])])
		b = b[1+int(b[0]):]
	}
	return string(out), nil
}
