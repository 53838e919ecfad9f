package record

// Kind of record. The set is small and permanent (DESIGN.md 2).
type Kind string

// The kinds, in the order in which they are shown.
const (
	KindConn  Kind = "conn"
	KindDNS   Kind = "dns"
	KindTLS   Kind = "tls"
	KindHTTP  Kind = "http"
	KindDHCP  Kind = "dhcp"
	KindLog   Kind = "log"
	KindAlert Kind = "alert"
	KindSight Kind = "sight"
)

// Kinds lists the kinds of records, without sight.
func Kinds() []Kind {
	return []Kind{KindConn, KindDNS, KindTLS, KindHTTP, KindDHCP, KindLog, KindAlert}
}

// BatchID names a batch for ever; a batch is folded once.
type BatchID struct {
	Sensor   Sensor
	Epoch    uint64 // changes with every start of the sensor or every check
	Sequence uint64 // counts up from 1 within the epoch, without holes
}

// Batch is the records and sight of one span, in memory. It is what a source yields and what a judge folds. Strings of records may be cut from
// larger pieces of memory, of a few kilobytes: who keeps one for long clones it, so as not to keep its piece.
type Batch struct {
	ID     BatchID
	Feed   Feed   // the witness whose records these are
	Span   Span   // of the packets or lines read since the batch before
	Marks  []Mark // where minutes began within the batch
	Conns  []Conn
	DNS    []DNS
	TLS    []TLS
	HTTP   []HTTP
	DHCP   []DHCP
	Logs   []Log
	Alerts []Alert
	Sight  []Sight
	Inputs []Input // how far each input was read; the newest value of a path holds
	Blind  []Blind // what was lost, as far as it became known with this batch
	Ended  bool    // the source was read to its end; nothing comes after it
}

// Mark says how many of a batch's records had been told when a minute of the witness's time began. Records of different kinds
// have no common order but this one, which does not depend on where batches are cut.
type Mark struct {
	At                          Time
	Conns, DNS, TLS, HTTP, DHCP int
}

// Rows counts the records in the batch, sight included.
func (b *Batch) Rows() int {
	return len(b.Conns) + len(b.DNS) + len(b.TLS) + len(b.HTTP) + len(b.DHCP) + len(b.Logs) + len(b.Alerts) + len(b.Sight)
}

// Input says what was read of one file (or stream) and where reading stopped.
type Input struct {
	Index   int      `json:"-"` // its place in the order in which inputs were given
	Path    string   `json:"path"`
	Kind    string   `json:"kind"` // pcap, pcapng, zeek, suricata, ...
	Feed    Feed     `json:"feed"`
	Packets uint64   `json:"packets"`
	Bytes   uint64   `json:"bytes"` // captured bytes of frames, or bytes of log lines
	Records uint64   `json:"records"`
	Unread  []Unread `json:"unread,omitempty"`  // frames of link types that nobody here can read
	Stopped *Stopped `json:"stopped,omitempty"` // nil when read to its end
	Notes   []string `json:"notes,omitempty"`   // what was left aside, each with how often: unknown logs and forms of lines, skipped files
}

// Unread counts the frames of one link type that could not be read.
type Unread struct {
	Link   string `json:"link"`
	Frames uint64 `json:"frames"`
}

// Stopped says where reading of a damaged input ended.
type Stopped struct {
	At      int64  `json:"at"`     // byte offset (in the decompressed stream)
	Unread  int64  `json:"unread"` // bytes not read; -1 when nobody knows
	Because string `json:"because"`
}
