package goldentest_test

import (
	"bytes"
	"testing"

	"candor/internal/source/goldentest"
)

// exampleFrames is the CRYPTO frame of RFC 9001, A.2, and RFC 9369, A.2.
const exampleFrames = `060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c
00000413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e
000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748
002b0003020304000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff
05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff`

// TestInitial compares with the first bytes of the protected packets in RFC 9001, A.2, and RFC 9369, A.2.
func TestInitial(t *testing.T) {
	for version, want := range map[uint32]string{
		goldentest.QUICv1: "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8ba",
		goldentest.QUICv2: "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03",
	} {
		p, err := goldentest.Initial{Version: version, DCID: goldentest.Hex("8394c8f03e515708"), Number: 2, Frames: goldentest.Hex(exampleFrames)}.Packet()
		if err != nil {
			t.Fatal(err)
		}
		if len(p) != 1200 || !bytes.HasPrefix(p, goldentest.Hex(want)) {
			t.Errorf("version %x: %d bytes\n%x, want 1200 that begin\n%s", version, len(p), p[:len(want)/2], want)
		}
	}
}
