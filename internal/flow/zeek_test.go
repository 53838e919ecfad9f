package flow

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"testing"

	"candor/internal/record"
)

// TestZeekLog compares with the conn.log that Zeek (version 2.5) made of the same capture: endpoints, states, histories, packets and bytes.
func TestZeekLog(t *testing.T) {
	dir := "data/given/aktaion/data/phishingData/"
	log, err := os.ReadFile(shared(t, dir+"Win5BotNETEXECCGEODo/conn.log"))
	if err != nil {
		t.Fatal(err)
	}
	frames := readCapture(t, shared(t, dir+"2015-04-30_capture-win5-BotNETEXECGEODo.pcap"))
	var want []string
	for _, line := range strings.Split(string(log), "\n") {
		f := strings.Split(line, "\t")
		if strings.HasPrefix(line, "#") || len(f) < 20 {
			continue
		}
		for i := range f {
			if f[i] == "-" {
				f[i] = "0"
			}
		}
		// endpoints, state, history, packets, IP bytes, payload bytes
		want = append(want, fmt.Sprintf("%s %s:%s %s:%s %s %s %s/%s %s/%s %s/%s", f[6], f[2], f[3], f[4], f[5], f[11], f[15], f[16], f[18], f[17], f[19], f[9], f[10])+" "+milliseconds(f[8]))
	}
	var got []string
	open := map[record.UID]record.Conn{}
	for _, c := range run(DefaultConfig(), frames).Conns {
		sum := open[c.UID]
		c.OrigPkts += sum.OrigPkts
		c.RespPkts += sum.RespPkts
		c.OrigIPBytes += sum.OrigIPBytes
		c.RespIPBytes += sum.RespIPBytes
		c.OrigBytes += sum.OrigBytes
		c.RespBytes += sum.RespBytes
		open[c.UID] = c
		if !c.Final {
			continue
		}
		if c.Duration == 0 {
			c.OrigBytes, c.RespBytes = 0, 0
		}
		if c.History == "" {
			c.History = "0"
		}
		got = append(got, fmt.Sprintf("%s %v:%d %v:%d %s %s %d/%d %d/%d %d/%d", record.ProtoName(c.Proto), c.OrigH, c.OrigP, c.RespH, c.RespP, c.State, c.History,
			c.OrigPkts, c.RespPkts, c.OrigIPBytes, c.RespIPBytes, c.OrigBytes, c.RespBytes)+" "+milliseconds(fmt.Sprintf("%.6f", c.Duration.Seconds())))
	}
	onlyGot, onlyWant := difference(got, want), difference(want, got)
	for _, l := range onlyWant {
		t.Logf("zeek: %s", l)
	}
	for _, l := range onlyGot {
		t.Logf("here: %s", l)
	}
	t.Logf("%d connections by zeek, %d here, %d and %d differ", len(want), len(got), len(onlyWant), len(onlyGot))
	if len(onlyWant) > len(want)/20 {
		t.Errorf("%d of %d connections differ", len(onlyWant), len(want))
	}
}

// milliseconds rounds seconds.
func milliseconds(s string) string {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return s
	}
	return strconv.Itoa(int(1000*v + 0.5))
}

// difference gives the lines of a that b lacks, sorted.
func difference(a, b []string) []string {
	n := map[string]int{}
	for _, l := range b {
		n[l]++
	}
	var out []string
	for _, l := range a {
		if n[l] > 0 {
			n[l]--
			continue
		}
		out = append(out, l)
	}
	sort.Strings(out)
	return out
}
