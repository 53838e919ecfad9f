package decode

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestOutsidesAgreeWithTshark compares what we read from single frames of the large capture with what tshark reads: NTP, SNMP, Kerberos, LDAP,
// SMB 2 and the banner of SSH. Left out are segments that do not begin a message.
func TestOutsidesAgreeWithTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("tshark takes its time")
	}
	path := filepath.Join(sharedFolder(t), "bench", "usermix.pcap")
	rows := tsharkFields(t, path, "ntp || snmp || kerberos || ldap || smb2 || ssh.protocol", "ntp.flags.mode", "ntp.stratum", "ntp.refid", "snmp.version", "snmp.data",
		"kerberos.msg_type", "kerberos.realm", "ldap.protocolOp", "smb2.cmd", "ssh.protocol")
	compared, differ := map[string]int{}, map[string]int{}
	number := 0
	var smb SMB
	var ssh SSHBanner
	readCapture(t, path, func(link uint16, data []byte, wire uint32) {
		number++
		row, ok := rows[number]
		if !ok {
			return
		}
		p := decoded(link, data, int(wire))
		if !p.HasTransport || p.Tunnel != TunnelNone || len(p.Payload) == 0 || p.Proto == ProtoICMP || p.Proto == ProtoICMPv6 {
			return
		}
		compare := func(kind, got, want string) {
			if compared[kind]++; got != want {
				if differ[kind]++; differ[kind] <= 5 {
					t.Logf("%s in frame %d: ours %q, tshark %q", kind, number, got, want)
				}
			}
		}
		b := p.Payload
		text := func(v ...any) string { return strings.TrimSpace(fmt.Sprintln(v...)) }
		switch {
		case row[0] != "" && row[1] != "":
			m, _ := ParseNTP(b)
			id, err := strconv.ParseUint(row[2], 16, 32)
			want := ""
			if err == nil && m.Stratum > 1 && id != 0 {
				want = AddrFrom4([4]byte{byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}).String()
			} else {
				m.RefID = ""
			}
			compare("ntp", text(m.Mode, m.Stratum, m.RefID), text(row[0], row[1], want))
		case row[3] != "" || row[4] != "":
			m, _ := ParseSNMP(b)
			if row[3] == "" {
				row[3] = "3"
			}
			compare("snmp", text(m.Version, m.PDU), text(row[3], row[4]))
		case row[5] != "" && row[5] != "14" && p.Proto == ProtoUDP:
			m, _ := ParseKerberos(b)
			compare("kerberos", text(m.MsgType, m.Realm), text(row[5], row[6]))
		case row[7] != "" && p.Proto == ProtoUDP:
			m, ok := ParseLDAP(b)
			compare("ldap", text(m.Op, ok), text(row[7], true))
		case row[8] != "":
			if ParseSMB(b, &smb) {
				compare("smb2", text(smb.Command), row[8])
			}
		case row[9] != "":
			if ParseSSHBanner(b, &ssh) == Done {
				compare("ssh", strings.TrimSuffix(text("SSH-"+ssh.Version+"-"+ssh.Software, ssh.Comments), " "), strings.TrimRight(row[9], "\\rn"))
			} else {
				compare("ssh", "", row[9])
			}
		}
	})
	t.Logf("compared %v, different %v", compared, differ)
	for _, kind := range []string{"ntp", "snmp", "kerberos", "smb2", "ssh"} {
		if compared[kind] == 0 || differ[kind]*100 > compared[kind] {
			t.Errorf("%s: %d of %d differ", kind, differ[kind], compared[kind])
		}
	}
}
