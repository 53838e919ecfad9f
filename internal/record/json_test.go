package record_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"candor/internal/record"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const when = record.Time(1750000000705623000)

func ends(proto uint8, origPort, respPort uint16) record.Ends {
	return record.Ends{
		TS: when, UID: "CHhAvVGS1DHFjwGM9", Feed: "packets", OrigH: netip.MustParseAddr("10.0.0.5"), RespH: netip.MustParseAddr("192.0.2.80"),
		OrigP: origPort, RespP: respPort, Proto: proto,
	}
}

func fullConn() record.Conn {
	e := ends(6, 50123, 443)
	return record.Conn{
		TS: e.TS, UID: e.UID, Feed: e.Feed, OrigH: e.OrigH, RespH: e.RespH, OrigP: e.OrigP, RespP: e.RespP, Proto: e.Proto,
		Service: "ssl", Duration: 31250000, State: "SF", History: "ShADadFf", LocalOrig: true, OrigBytes: 517, RespBytes: 4096, MissedBytes: 12,
		OrigPkts: 9, RespPkts: 8, OrigIPBytes: 997, RespIPBytes: 4516, VLAN: 12, InnerVLAN: 13,
		OrigL2: record.MAC{0x3c, 0x52, 0x82, 0x1a, 0x90, 0x4e}, RespL2: record.MAC{0, 0x1b, 0x21, 0, 0, 1},
		CommunityID: "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", TunnelParents: []record.UID{"CTunnel1"}, OrigHost: "laptop-7", RespHost: "web-1", Final: true,
	}
}

// TestWriterGolden: each kind with every field, and with as few as there can be.
func TestWriterGolden(t *testing.T) {
	bare := ends(17, 0, 53)
	bare.UID, bare.Feed = "", ""
	cases := map[string]func(w *record.Writer) error{
		"conn": func(w *record.Writer) error {
			full, single, v6 := fullConn(), fullConn(), record.Conn{
				TS: when, OrigH: netip.MustParseAddr("2001:db8::1"), RespH: netip.MustParseAddr("2001:db8::2"), OrigP: 128, Proto: 58, State: "OTH",
				Duration: 1,
			}
			single.Duration, single.Service, single.VLAN, single.InnerVLAN = 0, "", 0, 0
			single.OrigL2, single.RespL2, single.TunnelParents, single.CommunityID, single.OrigHost, single.RespHost = record.MAC{}, record.MAC{}, nil, "", "", ""
			return errors.Join(w.Conn(&full), w.Conn(&single), w.Conn(&v6))
		},
		"dns": func(w *record.Writer) error {
			return errors.Join(
				w.DNS(&record.DNS{
					Ends: ends(17, 40000, 53), Variant: "dns", TransID: 4711, RTT: 1234567, Query: "www.example.com", QClass: 1, QType: 28, HasQuery: true,
					HasReply: true, RCode: 3, AA: true, TC: true, RD: true, RA: true, Z: 2, Answers: []string{"2001:db8::80", "TXT 2 <&>"}, TTLs: []uint32{300, 60}, Rejected: true, Cut: true,
				}),
				w.DNS(&record.DNS{Ends: bare, Query: "example.com", QClass: 1, QType: 1, HasQuery: true}),
				w.DNS(&record.DNS{Ends: bare, HasReply: true}),
			)
		},
		"tls": func(w *record.Writer) error {
			return errors.Join(
				w.TLS(&record.TLS{
					Ends: ends(6, 50123, 443), Version: "TLSv12", Cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Curve: "x25519", ServerName: "www.example.com",
					Resumed: true, Established: true, ClientALPN: []string{"h2", "http/1.1"}, NextProto: "h2", Subject: "CN=www.example.com", Issuer: "CN=Example CA",
					NotBefore: 1700000000e9, NotAfter: 1800000000e9, Serial: "0A0B", CertSHA256: "00ff", SANDNS: []string{"www.example.com"}, JA4: "t13d1516h2_8daaf6152771_b186095e22b6",
				}),
				w.TLS(&record.TLS{Ends: bare}),
			)
		},
		"http": func(w *record.Writer) error {
			return errors.Join(
				w.HTTP(&record.HTTP{
					Ends: ends(6, 50123, 80), TransDepth: 2, Method: "GET", Host: "example.com", URI: "/a?b=<c>&d", Referrer: "http://example.com/", Version: "1.1",
					UserAgent: "agent/1", RequestBodyLen: 1, ResponseBodyLen: 2, StatusCode: 200, StatusMsg: "OK", RespMIME: "text/html", Proxied: []string{"VIA -> 1.1 proxy"},
				}),
				w.HTTP(&record.HTTP{Ends: bare}),
			)
		},
		"dhcp": func(w *record.Writer) error {
			return errors.Join(
				w.DHCP(&record.DHCP{
					Ends: ends(17, 68, 67), ClientAddr: netip.MustParseAddr("10.0.0.5"), ServerAddr: netip.MustParseAddr("10.0.0.1"), MAC: record.MAC{2, 0, 0, 0, 0, 1},
					HostName: "laptop-7", ClientFQDN: "laptop-7.example.com", Domain: "example.com", RequestedAddr: netip.MustParseAddr("10.0.0.5"),
					AssignedAddr: netip.MustParseAddr("10.0.0.5"), LeaseTime: 86400e9, MsgTypes: []string{"REQUEST", "ACK"}, TransID: 99,
				}),
				w.DHCP(&record.DHCP{Ends: bare}),
			)
		},
	}
	for name, write := range cases {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			if err := write(record.NewWriter(&got)); err != nil {
				t.Fatal(err)
			}
			golden(t, name, got.Bytes())
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".jsonl")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
	for line := range bytes.Lines(got) {
		if !json.Valid(line) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

// TestSecondsExactly: ts and duration carry exactly six decimals, whatever their size.
func TestSecondsExactly(t *testing.T) {
	cases := []struct {
		name string
		ns   record.Time
		want string
	}{
		{"as Zeek", 1750000000705623000, "1750000000.705623"},
		{"whole second", 1750000000e9, "1750000000.000000"},
		{"leading zeros", 1000042000, "1.000042"},
		{"one nanosecond", 1, "0.000000"},
		{"half a microsecond", 500, "0.000001"},
		{"rounded down", 1499, "0.000001"},
		{"rounded up into the next second", 1999999999, "2.000000"},
		{"the largest time", 1<<63 - 1, "9223372036.854776"},
		{"the smallest time", -1 << 63, "-9223372036.854776"},
		{"before 1970", -1500000000, "-1.500000"},
		{"just before 1970", -499, "0.000000"},
		{"a microsecond before 1970", -1000, "-0.000001"},
		{"rounded away from zero before 1970", -999999999, "-1.000000"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			conn := record.Conn{TS: c.ns, Duration: max(c.ns, 0), Proto: 6}
			var out bytes.Buffer
			if err := record.NewWriter(&out).Conn(&conn); err != nil {
				t.Fatal(err)
			}
			if want := `"ts":` + c.want + `,`; !strings.Contains(out.String(), want) {
				t.Errorf("no %s in %s", want, out.String())
			}
			if want := `"duration":` + c.want + `,`; strings.Contains(out.String(), want) != (c.ns > 0) {
				t.Errorf("%s in %s, want it only for a time above 0", want, out.String())
			}
		})
	}
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestWriterTellsErrors(t *testing.T) {
	w, c := record.NewWriter(full{}), fullConn()
	for name, err := range map[string]error{
		"conn": w.Conn(&c), "dns": w.DNS(&record.DNS{}), "tls": w.TLS(&record.TLS{}), "http": w.HTTP(&record.HTTP{}), "dhcp": w.DHCP(&record.DHCP{}),
	} {
		if !errors.Is(err, errFull) {
			t.Errorf("%s: error %v, want the writer's", name, err)
		}
	}
}
