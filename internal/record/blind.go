package record

// Blind is a stretch in which something was lost, at the witness or on the way from it: loss is data in the stream, told
// beside the records that are there.
type Blind struct {
	Span  Span
	Cause BlindCause
	Feed  Feed    // whose; empty: everything of the sensor
	Count uint64  // blocks, records or connections lost, as the cause counts; 0: not known
	Kept  float64 // share of connections or packets that was kept (sampled, shed); 0: none, or not known
	Words string  // what happened, for people
}

// BlindCause says why nothing, or not everything, was kept.
type BlindCause string

// The causes.
const (
	BlindHole    BlindCause = "hole"    // a hole in the sequence of blocks
	BlindCrash   BlindCause = "crash"   // from the last sealed block to the first packet after a restart
	BlindSpool   BlindCause = "spool"   // blocks dropped from a full spool; Count in records
	BlindSilent  BlindCause = "silent"  // no heartbeat
	BlindMissing BlindCause = "missing" // a block or day that the store cannot read any more
	BlindShed    BlindCause = "shed"    // whole connections left out under overload; Count in connections
	BlindSampled BlindCause = "sampled" // flows of a device that samples packets
	BlindLost    BlindCause = "lost"    // datagrams or lines of a feed that did not arrive, or found no room; Count in records, at least
	BlindLink    BlindCause = "link"    // an interface that is read was down, or not there
	BlindBehind  BlindCause = "behind"  // a block came late and is not folded yet
)
