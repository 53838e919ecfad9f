package labnet

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestWireshark lets tshark decode every place of every site with all checksums checked: no error and nothing malformed.
func TestWireshark(t *testing.T) {
	tool, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed: nobody looks at the traffic with other eyes")
	}
	for _, site := range sites {
		t.Run(site.name, func(t *testing.T) {
			s := site.make(61)
			from := time.Date(2026, 11, 24, 7, 55, 0, 0, s.Zone())
			var taps []Tap
			for _, p := range s.Taps() {
				if p != CoreReceived && p != CoreSent { // half a conversation confuses dissectors, rightly
					taps = append(taps, Tap{At: p})
				}
			}
			files, _ := listen(t, s, Span{from, from.Add(6 * time.Minute)}, taps...)
			for i, f := range files {
				name := filepath.Join(t.TempDir(), "x.pcap")
				if err := os.WriteFile(name, f, 0o600); err != nil {
					t.Fatal(err)
				}
				out, err := exec.Command(tool, "-r", name, "-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
					"-o", "udp.check_checksum:TRUE", "-Y", "_ws.malformed || _ws.expert.severity == error || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0").Output()
				if err != nil {
					t.Fatalf("tshark: %v", err)
				}
				if text := strings.TrimSpace(string(out)); text != "" {
					lines := strings.Split(text, "\n")
					t.Errorf("%s: tshark finds fault with %d frames, the first: %s", taps[i].At, len(lines), lines[0])
				}
			}
		})
	}
}
