package decode

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// The frames of the examples: RFC 9001 appendix A and RFC 9369 appendix A have the same ones.
const (
	exampleClient = "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578" +
		"616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00209370b2c9caa47fba" +
		"baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002400100" +
		"3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff"
	exampleServer = "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94" +
		"0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304"
)

// seal protects an initial packet: header ends with the packet number of size bytes, and holds the length already.
func seal(t testing.TB, version uint32, fromClient bool, id, header []byte, size int, plain []byte) []byte {
	t.Helper()
	k := quicKeys{version: version, fromClient: fromClient, idLen: len(id)}
	copy(k.id[:], id)
	if !k.derive(quicSuiteOf(version)) {
		t.Fatal("no keys")
	}
	var number uint32
	for _, c := range header[len(header)-size:] {
		number = number<<8 | uint32(c)
	}
	nonce := k.iv
	binary.BigEndian.PutUint32(nonce[8:], binary.BigEndian.Uint32(nonce[8:])^number)
	out := k.aead.Seal(bytes.Clone(header), nonce[:], plain, header)
	at := len(header) - size
	mask := make([]byte, aes.BlockSize)
	k.mask.Encrypt(mask, out[at+4:at+20])
	out[0] ^= mask[0] & 0x0f
	for n := range size {
		out[at+n] ^= mask[1+n]
	}
	return out
}

// initialPacket is an initial packet with one byte of packet number.
func initialPacket(t testing.TB, version uint32, fromClient bool, id, dcid, scid, token []byte, number int, frames []byte) []byte {
	first := byte(0xc0)
	if version == QUICVersion2 {
		first = 0xd0
	}
	if len(frames) < 24 {
		frames = join(frames, make([]byte, 24-len(frames)))
	}
	header := join([]byte{first}, u32(int(version)), []byte{byte(len(dcid))}, dcid, []byte{byte(len(scid))}, scid, u16(0x4000|len(token)), token,
		u16(0x4000|(1+len(frames)+16)), []byte{byte(number)})
	return seal(t, version, fromClient, id, header, 1, frames)
}

func cryptoFrame(offset int, data []byte) []byte {
	return join([]byte{6}, u32(0x80000000|offset), u16(0x4000|len(data)), data)
}

// TestQUICExamples opens the packets that the standards give as examples; head and tail (the tag covers all of the packet) are theirs.
func TestQUICExamples(t *testing.T) {
	id := unhex("8394c8f03e515708")
	for _, c := range []struct {
		name       string
		version    uint32
		fromClient bool
		header     string
		size       int
		plain      string
		head, tail string
	}{
		{
			"RFC 9001 A.2", QUICVersion1, true, "c300000001088394c8f03e5157080000449e00000002", 4, exampleClient,
			"c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9bd8bab936b47d92ec356c", "e221af44860018ab0856972e194cd934",
		},
		{
			"RFC 9001 A.3", QUICVersion1, false, "c1000000010008f067a5502a4262b50040750001", 2, exampleServer,
			"cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb3", "58891850abbdca3d20398c276456cbc42158407dd074ee",
		},
		{
			"RFC 9369 A.2", QUICVersion2, true, "d36b3343cf088394c8f03e5157080000449e00000002", 4, exampleClient,
			"d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485dd04de806071bf03dceebfa162e75d6c", "a18b2faa745b6fe189cf772a9f84cbfc",
		},
		{
			"RFC 9369 A.3", QUICVersion2, false, "d16b3343cf0008f067a5502a4262b50040750001", 2, exampleServer,
			"dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf872630", "da98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			plain := unhex(c.plain)
			if c.fromClient {
				plain = append(plain, make([]byte, 1162-len(plain))...)
			}
			b := seal(t, c.version, c.fromClient, id, unhex(c.header), c.size, plain)
			if !bytes.HasPrefix(b, unhex(c.head)) || !bytes.HasSuffix(b, unhex(c.tail)) {
				t.Fatalf("sealed to %x", b)
			}
			var q QUIC
			if got := QUICInitials(b, c.fromClient, id, &q); got != Done || len(q.Initials) != 1 || q.Sealed != 0 || q.Dropped != 0 || q.Others != 0 {
				t.Fatalf("%s, %+v", got, q)
			}
			i := &q.Initials[0]
			if i.Version != c.version || i.Bad || i.NewKey || len(i.Crypto) != 1 || i.Crypto[0].Offset != 0 || i.TokenLength != 0 {
				t.Fatalf("%+v", i)
			}
			if !c.fromClient {
				var h ServerHello
				if got := HandshakeServerHello(i.Crypto[0].Data, &h); got != Done || h.Version != 0x0304 || h.Cipher != 0x1301 || i.Number != 1 || h.Group != 29 {
					t.Errorf("%s %+v", got, h)
				}
				if got := QUICInitials(b, false, nil, &q); got != Done || q.Sealed != 1 || len(q.Initials) != 0 {
					t.Errorf("without the client's id: %s, %+v", got, q)
				}
				return
			}
			var h ClientHello
			if got := HandshakeClientHello(i.Crypto[0].Data, &h); got != Done || h.SNI != "example.com" || !slices.Equal(h.ALPN, []string{"alpn"}) || i.Number != 2 {
				t.Errorf("%s %+v", got, h)
			}
			if got := QUICInitials(b, true, nil, &q); got != Done || len(q.Initials) != 1 {
				t.Errorf("by its own id: %s, %+v", got, q)
			}
			if got := QUICInitials(b, true, []byte("another!"), &q); got != Done || len(q.Initials) != 1 || !q.Initials[0].NewKey {
				t.Errorf("behind a retry: %s, %+v", got, q)
			}
			if got := QUICInitials(b, false, id, &q); got != Done || q.Sealed != 1 {
				t.Errorf("as a server's: %s, %+v", got, q)
			}
			for _, n := range []int{0, 1, 6, 7, 15, 18, 22, len(b) - 1} {
				if got := QUICInitials(b[:n], true, nil, &q); got != NeedMore {
					t.Errorf("the first %d bytes: %s", n, got)
				}
			}
			b[len(b)-1] ^= 1
			if got := QUICInitials(b, true, nil, &q); got != Done || q.Sealed != 1 {
				t.Errorf("damaged: %s, %+v", got, q)
			}
		})
	}
}

func TestQUICRetry(t *testing.T) {
	var q QUIC
	for name, b := range map[string][]byte{
		"RFC 9001 A.4": unhex("ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"),
		"RFC 9369 A.4": unhex("cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"),
	} {
		if got := QUICInitials(b, false, nil, &q); got != Done || !q.Retry || !bytes.Equal(q.SCID, unhex("f067a5502a4262b5")) || len(q.DCID) != 0 {
			t.Errorf("%s: %s, %+v", name, got, q)
		}
	}
}

func TestQUICForms(t *testing.T) {
	id := []byte("\x01\x02\x03\x04\x05\x06\x07\x08")
	hello := cryptoFrame(0, unhex(exampleClient)[4:])
	one := initialPacket(t, QUICVersion1, true, id, id, []byte{9}, []byte("token"), 0, hello)
	handshake := join([]byte{0xe0}, u32(1), []byte{8}, id, []byte{1, 9}, []byte{20}, make([]byte, 20))
	stranger := initialPacket(t, QUICVersion1, true, []byte("x"), []byte("x"), nil, nil, 0, hello)
	for _, c := range []struct {
		name                              string
		b                                 []byte
		status                            Status
		initials, sealed, others, dropped int
	}{
		{"one", one, Done, 1, 0, 0, 0},
		{"coalesced", join(one, one, handshake, []byte{0x40, 1, 2, 3}), Done, 2, 0, 2, 0},
		{"of another connection", join(one, stranger), Done, 1, 0, 0, 1},
		{"padding behind", join(one, make([]byte, 30)), Done, 1, 0, 1, 0},
		{"cut inside the second", join(one, one[:40]), NeedMore, 1, 0, 0, 0},
		{"too many", bytes.Repeat(handshake, 17), Done, 0, 0, 16, 1},
		{"draft 29", initialPacket(t, 0xff00001d, true, id, id, nil, nil, 0, hello), Done, 1, 0, 0, 0},
		{"reserved version", initialPacket(t, 0x1a2a3a4a, true, id, id, nil, nil, 0, hello), Done, 1, 0, 0, 0},
		{"version 2", initialPacket(t, QUICVersion2, true, id, id, nil, nil, 0, hello), Done, 1, 0, 0, 0},
		{"Q050", join([]byte{0xc3}, []byte("Q050"), []byte{8}, id, []byte{0}, fill(40, 7)), Done, 0, 0, 1, 0},
		{"an unknown version", join([]byte{0xc3}, u32(0x12345678), []byte{8}, id, []byte{0}, fill(40, 7)), NotQUIC, 0, 0, 0, 0},
		{"a short header", []byte("\x40 is something else"), NotQUIC, 0, 0, 0, 0},
		{"a connection id too long", join([]byte{0xc3}, u32(1), []byte{21}, fill(40, 7), fill(40, 7)), NotQUIC, 0, 0, 0, 0},
		{"no fixed bit", join([]byte{0x83}, one[1:]), NotQUIC, 0, 0, 0, 0},
		{"a token longer than the packet", join([]byte{0xc3}, u32(1), []byte{1, 1, 0}, u32(0xbfffffff), fill(40, 7)), NeedMore, 0, 0, 0, 0},
		{"too short to be protected", join([]byte{0xc3}, u32(1), []byte{1, 1, 0, 0, 19}, fill(19, 7)), NotQUIC, 0, 0, 0, 0},
		{"another kind of key", initialPacket(t, QUICVersion1, true, []byte("nope"), id, nil, nil, 0, hello), Done, 0, 1, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var q QUIC
			got := QUICInitials(c.b, true, nil, &q)
			if got != c.status || len(q.Initials) != c.initials || q.Sealed != c.sealed || q.Others != c.others || q.Dropped != c.dropped {
				t.Errorf("%s, %d initials, %d sealed, %d others, %d dropped", got, len(q.Initials), q.Sealed, q.Others, q.Dropped)
			}
		})
	}
	var q QUIC
	QUICInitials(one, true, nil, &q)
	if i := q.Initials[0]; i.TokenLength != 5 || string(i.DCID) != string(id) || string(i.SCID) != "\x09" {
		t.Errorf("%+v", i)
	}
	negotiation := join([]byte{0x80}, u32(0), []byte{1, 5, 2, 6, 6}, u32(int(QUICVersion1)), u32(0x1a1a1a1a))
	if got := QUICInitials(negotiation, false, nil, &q); got != Done || !q.Negotiation || !slices.Equal(q.Versions, []uint32{1, 0x1a1a1a1a}) {
		t.Errorf("version negotiation: %s, %+v", got, q)
	}
	if got := QUICInitials(join(negotiation, make([]byte, 4*20)), false, nil, &q); got != Done || len(q.Versions) != 16 || q.Dropped != 6 {
		t.Errorf("too many versions: %s, %+v", got, q)
	}
}

func TestQUICFrames(t *testing.T) {
	ack := []byte{3, 9, 0, 1, 0, 1, 1, 1, 2, 3}
	piece := cryptoFrame(5, []byte("abc"))
	for _, c := range []struct {
		name           string
		frames         []byte
		pieces         int
		bad            bool
		close, dropped int
	}{
		{"scattered", join(make([]byte, 9), piece, []byte{1}, ack, piece, piece), 3, false, -1, 0},
		{"an empty piece", join(cryptoFrame(0, nil), piece), 1, false, -1, 0},
		{"a frame of the wrong kind", join(piece, []byte{0x1e}, piece), 1, true, -1, 0},
		{"a piece longer than the packet", join(piece, []byte{6, 0, 0x7f, 0xff}), 1, true, -1, 0},
		{"ranges without end", join(piece, []byte{2, 9, 0, 0xbf, 0xff, 0xff, 0xff, 0, 0}), 1, true, -1, 0},
		{"closed", join(piece, []byte{0x1c, 0x41, 0x28, 0, 2, 'n', 'o'}), 1, false, 0x128, 0},
		{"too many pieces", bytes.Repeat(cryptoFrame(1, []byte{1}), 200), 128, false, -1, 72},
		{"too many frames", bytes.Repeat([]byte{1}, 1000), 0, false, -1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var q QUIC
			var i QUICInitial
			q.frames(c.frames, &i, false)
			if len(i.Crypto) != c.pieces || i.Bad != c.bad || i.Closed != (c.close >= 0) || c.close >= 0 && i.CloseCode != uint64(c.close) || q.Dropped != c.dropped {
				t.Errorf("%d pieces, %+v, %d dropped", len(i.Crypto), i, q.Dropped)
			}
		})
	}
}

// TestCryptoStream cuts a message into pieces, in any order and with overlaps, and puts it together.
func TestCryptoStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.Byte(), 1, 3000).Draw(t, "message")
		var pieces []CryptoPiece
		for at := 0; at < len(want); {
			n := rapid.IntRange(1, 400).Draw(t, "length")
			from := max(0, at-rapid.IntRange(0, 50).Draw(t, "overlap"))
			pieces = append(pieces, CryptoPiece{Offset: uint64(from), Data: want[from:min(len(want), at+n)]})
			at += n
		}
		var s CryptoStream
		pieces = rapid.Permutation(pieces).Draw(t, "order")
		if len(pieces) > 200 {
			return
		}
		for len(pieces) > 0 && s.Packets < MaxCryptoPackets-1 {
			n := rapid.IntRange(1, len(pieces)).Draw(t, "packet")
			s.Add(pieces[:n])
			pieces = pieces[n:]
		}
		s.Add(pieces)
		if got := s.Bytes(nil); s.Dropped == 0 && !bytes.Equal(got, want) || s.Inconsistent {
			t.Fatalf("%d of %d bytes, inconsistent %v", len(got), len(want), s.Inconsistent)
		}
	})
}

func TestCryptoStreamLimits(t *testing.T) {
	var s CryptoStream
	s.Add([]CryptoPiece{{0, []byte("abcdef")}, {4, []byte("eXg")}, {1 << 40, []byte("x")}, {MaxCryptoStream - 1, []byte("yz")}})
	if got := string(s.Bytes(nil)); got != "abcdefg" || !s.Inconsistent || s.Dropped != 2 {
		t.Errorf("%q, %+v", got, s)
	}
	s.Reset()
	for n := range 40 {
		s.Add([]CryptoPiece{{uint64(n), []byte{byte(n)}}})
	}
	if got := s.Bytes(nil); len(got) != MaxCryptoPackets || s.Dropped != 40-MaxCryptoPackets || s.Inconsistent {
		t.Errorf("%d bytes, %d dropped", len(got), s.Dropped)
	}
	s.Reset()
	var holes []CryptoPiece
	for n := range 400 {
		holes = append(holes, CryptoPiece{uint64(2 * n), []byte{1}})
	}
	if s.Add(holes); s.Dropped != 400-maxCryptoParts || cap(s.pieces.data) > 4*maxCryptoParts {
		t.Errorf("%d dropped, room for %d bytes", s.Dropped, cap(s.pieces.data))
	}
}

// TestQUICAllocations: keys that are known cost nothing.
func TestQUICAllocations(t *testing.T) {
	id := []byte("12345678")
	b := initialPacket(t, QUICVersion1, true, id, id, nil, nil, 0, cryptoFrame(0, unhex(exampleClient)[4:]))
	var q QUIC
	if n := testing.AllocsPerRun(100, func() { QUICInitials(b, true, id, &q) }); n > 0 {
		t.Errorf("%.1f allocations", n)
	}
}

// TestQUICAgreesWithTshark puts together the client hellos of each connection of the large capture and compares the names with tshark's.
func TestQUICAgreesWithTshark(t *testing.T) {
	if testing.Short() {
		t.Skip("tshark takes its time")
	}
	for _, path := range captureFiles(t) {
		if base := filepath.Base(path); strings.HasSuffix(path, ".zst") || strings.HasSuffix(path, ".gz") || !strings.Contains(base, "quic") && !strings.Contains(base, "usermix") {
			continue
		}
		compareQUIC(t, path)
	}
}

func compareQUIC(t *testing.T, path string) {
	hello := tsharkFields(t, path, "quic && tls.handshake.type == 1", "quic.version", "tls.handshake.extensions_server_name")
	streams := map[string]*CryptoStream{}
	originals := map[string][]byte{} // by client: the id of its first packet
	var q QUIC
	var h ClientHello
	var whole []byte
	number, same, ours := 0, 0, 0
	readCapture(t, path, func(link uint16, data []byte, wire uint32) {
		number++
		p := decoded(link, data, int(wire))
		want, theirs := hello[number]
		if p.Proto != ProtoUDP || !p.HasTransport || p.Fragment {
			return
		}
		client := p.Src.String() + string(u16(int(p.SrcPort))) + p.Dst.String()
		QUICInitials(p.Payload, true, originals[client], &q)
		found := ""
		for _, i := range q.Initials {
			if i.NewKey {
				originals[client] = bytes.Clone(i.DCID)
			}
			key := client + string(originals[client])
			if streams[key] == nil {
				streams[key] = &CryptoStream{}
			}
			streams[key].Add(i.Crypto)
			whole = streams[key].Bytes(whole)
			if HandshakeClientHello(whole, &h) == Done {
				found = h.SNI
				if ours++; len(JA4(&h, JA4QUIC)) != 36 || JA4(&h, JA4QUIC)[0] != 'q' {
					t.Errorf("%s: frame %d: %s", path, number, JA4(&h, JA4QUIC))
				}
			}
		}
		switch {
		case !theirs:
		case found == want[1]:
			same++
		default:
			t.Errorf("%s: frame %d, version %s: ours %q, tshark %q", filepath.Base(path), number, want[0], found, want[1])
		}
	})
	t.Logf("%s: %d names agree with tshark, of %d hellos that we read", filepath.Base(path), same, ours)
}

func FuzzQUIC(f *testing.F) {
	id := unhex("8394c8f03e515708")
	for _, v := range []uint32{QUICVersion1, QUICVersion2, 0xff00001d} {
		b := initialPacket(f, v, true, id, id, nil, []byte("t"), 0, unhex(exampleClient))
		f.Add(b, unhex(exampleClient), true)
		f.Add(join(b, b), bytes.Repeat(cryptoFrame(1, []byte{1, 2}), 3), true)
	}
	f.Add([]byte("0"), []byte("\x060\x06"), false)
	f.Add(join([]byte{0x80}, u32(0), []byte{1, 5, 2, 6, 6}, u32(1)), []byte{2, 9, 0, 1, 0, 1, 1}, false)
	var q QUIC
	f.Fuzz(func(t *testing.T, b, frames []byte, fromClient bool) {
		if len(b) > 65535 || len(frames) > 16000 {
			return
		}
		QUICInitials(b, fromClient, id, &q)
		QUICInitials(b, fromClient, nil, &q)
		b = initialPacket(t, QUICVersion1, fromClient, id, id, nil, nil, 0, frames)
		if got := QUICInitials(b, fromClient, id, &q); got != Done || len(q.Initials) != 1 {
			t.Fatalf("%s, %+v", got, q)
		}
		var s CryptoStream
		s.Add(q.Initials[0].Crypto)
		if got := s.Bytes(nil); len(s.pieces.data) > max(24, len(frames)) || len(got) > len(s.pieces.data) {
			t.Fatalf("%d bytes out of %d", len(got), len(frames))
		}
		var h ClientHello
		if HandshakeClientHello(s.Bytes(nil), &h) == Done && len(JA4(&h, JA4QUIC)) != 36 {
			t.Fatal(JA4(&h, JA4QUIC))
		}
	})
}
