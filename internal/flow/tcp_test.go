package flow

import (
	"strings"
	"testing"

	"candor/internal/record"
)

const (
	handshake = "0 > S 100 0 0; 0.1 < SA 500 101 0; 0.2 > A 101 501 0;"
	talkLines = handshake + "0.3 > PA 101 501 10; 0.4 < PA 501 111 20; 0.5 > A 111 521 0;"
)

func TestTCP(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"normal", talkLines + "0.6 > FA 111 521 0; 0.7 < FA 521 112 0; 0.8 > A 112 522 0", "40000 SF ShADdFf 6/3 10/20 m0 700ms r0F"},
		{"refused", "0 > S 100 0 0; 0.1 < RA 0 101 0", "40000 REJ Sr 1/1 0/0 m0 100ms r0F"},
		{"unanswered", "0 > S 100 0 0; 1 > S 100 0 0; 3 > S 100 0 0", "40000 S0 S 3/0 0/0 m0 3000ms r0F"},
		{"syn with another number is another connection", "0 > S 100 0 0; 1 > S 200 0 0", "40000 S0 S 1/0 0/0 m0 0ms r0F\n40000 S0 S 1/0 0/0 m0 0ms r0F"},
		{"unanswered, and again after 7 seconds", "0 > S 100 0 0; 7 > S 100 0 0", "40000 S0 S 1/0 0/0 m0 0ms r0F\n40000 S0 S 1/0 0/0 m0 0ms r0F"},
		{"open", talkLines, "40000 S1 ShADd 4/2 10/20 m0 500ms r0F"},
		{"reset by originator", talkLines + "0.6 > R 111 0 0", "40000 RSTO ShADdR 5/2 10/20 m0 600ms r0F"},
		{"reset by responder", talkLines + "0.6 < R 521 0 0", "40000 RSTR ShADdr 4/3 10/20 m0 600ms r0F"},
		{"half closed by originator", talkLines + "0.6 > FA 111 521 0; 0.7 < A 521 112 0", "40000 S2 ShADdFa 5/3 10/20 m0 700ms r0F"},
		{"half closed by responder", talkLines + "0.6 < FA 521 111 0", "40000 S3 ShADdf 4/3 10/20 m0 600ms r0F"},
		{"syn and fin, no answer", "0 > S 100 0 0; 0.1 > FA 101 1 0", "40000 SH SF 2/0 0/0 m0 100ms r0F"},
		{"syn and reset", "0 > S 100 0 0; 0.1 > R 101 0 0", "40000 RSTOS0 SR 2/0 0/0 m0 100ms r0F"},
		{"syn-ack first flips by port", "0 < SA 500 101 0; 0.1 > A 101 501 0; 0.2 > PA 101 501 10; 0.3 < FA 501 111 0; 0.4 > FA 111 502 0", "40000 SF ^hADfF 3/2 10/0 m0 400ms r0F"},
		{"midstream flips by port", "0 < PA 501 111 20; 0.1 > A 111 521 0", "40000 OTH ^dA 1/1 0/20 m0 100ms r0F"},
		{"retransmission", talkLines + "0.6 > PA 101 521 10", "40000 S1 ShADdT 5/2 10/20 m0 600ms r0F"},
		{"copy is no retransmission", handshake + "0.3 > PA 101 501 10 copy; 0.4 < A 501 111 0", "40000 S1 ShADa 4/2 10/0 m0 400ms r0F"},
		{"zero window", handshake + "0.3 < AW 501 101 0", "40000 S1 ShAaw 2/2 0/0 m0 300ms r0F"},
		{"gap", handshake + "0.3 > PA 151 501 10; 0.4 < A 501 161 0", "40000 S1 ShADaG 3/2 60/0 m50 400ms r0F"},
		{"hole filled late is no gap", handshake + "0.3 > PA 151 501 10; 0.301 < A 501 161 0; 0.302 > PA 101 501 50", "40000 S1 ShADaT 4/2 60/0 m0 302ms r0F"},
		{"fin and rst at once", "0 > S 100 0 0; 0.1 < SA 500 101 0; 0.2 > FRA 101 501 0", "40000 RSTO ShI 2/1 0/0 m0 200ms r0F"},
		{"syn and fin at once", "0 > SF 100 0 0", "40000 SH Q 1/0 0/0 m0 0ms r0F"},
		{"wrap of sequence numbers", "0 > S 4294967290 0 0; 0.1 < SA 500 4294967291 0; 0.2 > A 4294967291 501 0; 0.3 > PA 4294967291 501 10; 0.4 < A 501 5 0; 0.5 > PA 5 501 10", "40000 S1 ShADa 4/2 20/0 m0 500ms r0F"},
		{"late packets after the close", talkLines + "0.6 > FA 111 521 0; 0.7 < FA 521 112 0; 0.8 > A 112 522 0; 2 > A 112 522 0", "40000 SF ShADdFf 7/3 10/20 m0 700ms r0F"},
		{
			"reuse after the close", "0 > S 100 0 0; 0.1 < SA 500 101 0; 0.2 > FA 101 501 0; 0.3 < FA 501 102 0; 1 > S 900 0 0; 1.1 < SA 700 901 0",
			"40000 SF ShFf 2/2 0/0 m0 300ms r0F\n40000 S1 Sh 1/1 0/0 m0 100ms r0F",
		},
		{"one way: the server's acknowledgements only", "0 > S 100 0 0; 0.1 > A 101 501 0; 0.2 > PA 101 501 10; 6 > PA 111 700 10; 7 > A 121 900 0", "40000 S0 SAD 5/0 20/0 m0 7000ms r0F"},
		{"inactive for over five minutes", talkLines + "400 > A 111 521 0", "40000 S1 ShADd 4/2 10/20 m0 500ms r0\n40000 S1 ShADd 0/0 0/0 m0 500ms r1F\n40000 OTH A 1/0 0/0 m0 0ms r0F"},
		{
			"interim reports", talkLines + "70 > PA 111 521 5; 130 < A 521 116 0",
			"40000 S1 ShADd 4/2 10/20 m0 500ms r0\n40000 S1 ShADd 1/0 5/0 m0 70000ms r1\n40000 S1 ShADda 0/1 0/0 m0 130000ms r2F",
		},
		{"many retransmissions by powers of ten", handshake + "0.3 > PA 101 501 10;" + strings.Repeat("0.4 > PA 101 501 10;", 12), "40000 S1 ShADTT 15/1 10/0 m0 400ms r0F"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := show(run(DefaultConfig(), script(t, c.script)).Conns)
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

func TestOneWayIsTold(t *testing.T) {
	for _, c := range []struct {
		name, script string
		judged, one  uint64
	}{
		{"both seen", talkLines, 1, 0},
		{"responder unseen", "0 > S 100 0 0; 0.1 > A 101 501 0; 0.2 > PA 101 501 10; 0.3 > A 111 900 0", 1, 1},
		{"originator unseen", "0 < SA 500 101 0; 0.1 < A 501 150 0; 0.2 < PA 501 200 9", 1, 1},
		{"too short", "0 > S 100 0 0; 0.1 < SA 500 101 0", 0, 0},
		{"nothing acknowledged", "0 > S 100 0 0; 0.1 < SA 500 101 0; 0.2 > A 101 501 0", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := counts(run(DefaultConfig(), script(t, c.script)))
			if n[record.TCPJudged] != c.judged || n[record.OneWay] != c.one {
				t.Errorf("judged %d, one way %d, want %d and %d", n[record.TCPJudged], n[record.OneWay], c.judged, c.one)
			}
		})
	}
}

func TestAcksAndGaps(t *testing.T) {
	for _, c := range []struct {
		name, script      string
		acks, gaps, bytes uint64
	}{
		{"clean", talkLines, 2, 0, 0},
		{"data lost", handshake + "0.3 > PA 151 501 10; 0.4 < A 501 161 0", 1, 1, 50},
		{"tail lost", handshake + "0.3 > PA 101 501 10; 0.4 < A 501 131 0", 1, 1, 20},
		{"acknowledgement before its data", handshake + "0.3 < A 501 111 0; 0.301 > PA 101 501 10", 1, 0, 0},
		{"two holes, two acknowledgements", handshake + "0.3 > PA 111 501 10; 0.31 < A 501 121 0; 0.32 > PA 131 501 10; 0.33 < A 501 141 0", 2, 2, 20},
		{"fin lost", talkLines + "0.6 < A 521 112 0", 2, 0, 0},
		{"keep-alive at the start", "0 > A 100 500 0; 0.1 < A 500 101 0; 5 > PA 101 500 10; 5.1 < PA 500 111 10", 1, 0, 0},
		{"wild acknowledgement", handshake + "0.3 > PA 101 501 10; 0.4 < A 501 2000000000 0", 0, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := counts(run(DefaultConfig(), script(t, c.script)))
			if n[record.Acks] != c.acks || n[record.Gaps] != c.gaps || n[record.GapBytes] != c.bytes {
				t.Errorf("%d acks, %d gaps, %d bytes; want %d, %d, %d", n[record.Acks], n[record.Gaps], n[record.GapBytes], c.acks, c.gaps, c.bytes)
			}
		})
	}
}

// TestSlowIsJudged: packets count over the whole connection, not per report.
func TestSlowIsJudged(t *testing.T) {
	n := counts(run(DefaultConfig(), script(t, "0 > PA 100 500 10; 70 < PA 500 110 10; 140 > PA 110 510 10; 210 < A 510 120 0")))
	if n[record.TCPJudged] != 1 || n[record.OneWay] != 0 {
		t.Errorf("judged %d, one way %d, want 1 and 0", n[record.TCPJudged], n[record.OneWay])
	}
}
