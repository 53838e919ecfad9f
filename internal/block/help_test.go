package block

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"math"
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"candor/internal/record"
)

func testKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

func testPub() ed25519.PublicKey { return testKey().Public().(ed25519.PublicKey) }

func head(sequence uint64) Head {
	return Head{
		Tenant: "bank", Sensor: "hq-core", Epoch: 3, Sequence: sequence, Scope: Scope{"bank-2026", 4}, Previous: hashOf([]byte("before")),
		Sealed: 1_790_000_000_000_000_000,
	}
}

// drawn fills any value of the records' types with what rapid draws, field by field: a field added to a record is filled as well.
func drawn(t *rapid.T, v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[netip.Addr]():
		v.Set(reflect.ValueOf(drawAddr(t)))
		return
	case reflect.TypeFor[record.Sketch]():
		var s record.Sketch
		for range rapid.IntRange(0, 3).Draw(t, "sketch") {
			s.Add(rapid.Uint64().Draw(t, "hash"))
		}
		v.Set(reflect.ValueOf(s))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(drawString(t))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, earliest - 1, math.MaxInt64})).Draw(t, "int"))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(rapid.Uint64().Draw(t, "uint")) // cut to the width
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float"))
	case reflect.Array:
		zero := v.Len() < 16 && rapid.IntRange(0, 4).Draw(t, "zero") == 0 // a card that is not known
		for i := 0; i < v.Len() && !zero; i++ {
			drawn(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			drawn(t, v.Field(i))
		}
	case reflect.Pointer:
		if rapid.Bool().Draw(t, "there") {
			v.Set(reflect.New(v.Type().Elem()))
			drawn(t, v.Elem())
		}
	case reflect.Slice:
		if n := rapid.IntRange(-1, 3).Draw(t, "length"); n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				drawn(t, v.Index(i))
			}
		}
	case reflect.Map:
		if n := rapid.IntRange(-1, 3).Draw(t, "length"); n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range n {
				key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				drawn(t, key)
				drawn(t, value)
				v.SetMapIndex(key, value)
			}
		}
	default:
		t.Fatalf("a field of type %s: teach this test, and block, to carry it", v.Type())
	}
}

func drawAddr(t *rapid.T) netip.Addr {
	b := [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "address"))
	switch rapid.IntRange(0, 8).Draw(t, "form") {
	case 0:
		return netip.Addr{}
	case 1:
		return netip.IPv6Unspecified()
	case 2:
		return netip.IPv4Unspecified()
	case 3:
		return netip.AddrFrom16(netip.AddrFrom4([4]byte(b[:4])).As16()) // IPv4 mapped into IPv6
	case 4:
		return netip.AddrFrom16(b).WithZone("eth0")
	case 5:
		return netip.AddrFrom16(netip.AddrFrom4([4]byte(b[:4])).As16()).WithZone("\xff")
	case 6:
		return netip.AddrFrom16(b)
	}
	return netip.AddrFrom4([4]byte(b[:4]))
}

func drawString(t *rapid.T) string {
	switch rapid.IntRange(0, 3).Draw(t, "string") {
	case 0:
		return ""
	case 1:
		return string(rapid.SliceOfN(rapid.Byte(), 0, 12).Draw(t, "bytes")) // mostly no UTF-8
	case 2:
		return rapid.SampledFrom([]string{"\x00", "\uFFFD", "a\xffb", "\u2028<&>", "example.com"}).Draw(t, "odd")
	}
	return rapid.String().Draw(t, "text")
}

// drawBatch draws a whole batch that a source could have told.
func drawBatch(t *rapid.T) *record.Batch {
	b := new(record.Batch)
	drawn(t, reflect.ValueOf(b).Elem())
	b.Feed = record.Feed(rapid.SampledFrom([]string{"", "packets"}).Draw(t, "feed"))
	tidy(b)
	return b
}

// tidy puts a batch into the order that the types ask for, and leaves what no judge could tell apart in one form.
func tidy(b *record.Batch) {
	b.ID = record.BatchID{}
	for i := range b.Marks {
		share := func(n int) int { return n * (i + 1) / len(b.Marks) }
		b.Marks[i] = record.Mark{
			At: b.Marks[i].At, Conns: share(len(b.Conns)), DNS: share(len(b.DNS)), TLS: share(len(b.TLS)), HTTP: share(len(b.HTTP)), DHCP: share(len(b.DHCP)),
		}
	}
	for i := range b.Sight {
		s := &b.Sight[i]
		s.Hosts = sorted(s.Hosts, func(a, b record.HostSeen) int { return a.Addr.Compare(b.Addr) })
		s.Cards = sorted(s.Cards, func(a, b record.CardSeen) int { return bytes.Compare(a.MAC[:], b.MAC[:]) })
		s.Clients = sorted(s.Clients, func(a, b record.ClientSeen) int { return a.Addr.Compare(b.Addr) })
		s.Groups = sorted(s.Groups, func(a, b record.GroupSeen) int { return cmp.Compare(a.Group, b.Group) })
		s.Pairs = sorted(s.Pairs, func(a, b record.PairSeen) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
		s.VLANs = sorted(s.VLANs, cmp.Compare[uint16])
		slices.SortFunc(s.Acked, record.AckedSeen.Compare)
	}
	for i := range b.Inputs {
		in := &b.Inputs[i]
		in.Unread, in.Notes = none(in.Unread), none(in.Notes)
	}
	b.Marks, b.Inputs, b.Blind = none(b.Marks), none(b.Inputs), none(b.Blind)
	b.Conns, b.DNS, b.TLS, b.HTTP = none(b.Conns), none(b.DNS), none(b.TLS), none(b.HTTP)
	b.DHCP, b.Logs, b.Alerts, b.Sight = none(b.DHCP), none(b.Logs), none(b.Alerts), none(b.Sight)
}

func sorted[E any](list []E, compare func(a, b E) int) []E {
	slices.SortFunc(list, compare)
	return slices.CompactFunc(list, func(a, b E) bool { return compare(a, b) == 0 })
}

func none[E any](list []E) []E {
	if len(list) == 0 {
		return nil
	}
	return list
}

func diff(want, got *record.Batch) string {
	return gocmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}))
}

type failer interface {
	Helper()
	Fatal(...any)
}

func sealTo(t failer, dir string, sequence uint64, b *record.Batch) *Block {
	t.Helper()
	s, err := seal(quick{}, dir, head(sequence), b, testKey())
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.Hash != opened.Hash || s.Bytes != opened.Bytes || s.Dir != opened.Dir {
		t.Fatal("sealed and opened differ", s, opened)
	}
	return opened
}

func batchOf(t failer, b *Block) *record.Batch {
	t.Helper()
	got, err := b.Batch()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// full is a batch with records of every kind, every field set to something.
func full(t *testing.T, n int) *record.Batch {
	t.Helper()
	b := new(record.Batch)
	next := uint64(1)
	filled(t, reflect.ValueOf(b).Elem(), n, &next)
	b.Feed = "packets"
	tidy(b)
	return b
}

// filled sets everything to what is not zero; lists get n elements.
func filled(t *testing.T, v reflect.Value, n int, next *uint64) {
	*next++
	switch v.Type() {
	case reflect.TypeFor[netip.Addr]():
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{10, byte(*next >> 16), byte(*next >> 8), byte(*next)})))
		return
	case reflect.TypeFor[record.Sketch]():
		var s record.Sketch
		s.Add(*next << 40)
		v.Set(reflect.ValueOf(s))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("word" + string(rune('a'+*next%26)))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*next))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(*next%255 + 1)
	case reflect.Float64:
		v.SetFloat(0.5)
	case reflect.Array:
		for i := range v.Len() {
			filled(t, v.Index(i), n, next)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			filled(t, v.Field(i), n, next)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		filled(t, v.Elem(), n, next)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			filled(t, v.Index(i), n, next)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		filled(t, key, n, next)
		filled(t, value, n, next)
		v.SetMapIndex(key, value)
	default:
		t.Fatalf("a field of type %s: teach this test, and block, to carry it", v.Type())
	}
}

func newDir(t *testing.T) string { return filepath.Join(t.TempDir(), "block") }

// quick is a disk that makes nothing durable, so that hundreds of blocks take no time.
type quick struct{ osDisk }

func (quick) syncDir(string) error { return nil }

func (d quick) create(path string) (diskFile, error) {
	f, err := d.osDisk.create(path)
	return quickFile{f}, err
}

type quickFile struct{ diskFile }

// Sync does nothing.
func (quickFile) Sync() error { return nil }
