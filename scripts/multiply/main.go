// Command multiply repeats a capture, for benchmarks: every copy has addresses and times of its own, so that connections,
// hosts and names grow with the file as they do on a longer or larger network.
//
// Here: reading a capture (package capture), shifting (shift.go), writing a pcap in the order of time. Not here: making
// traffic that never was (labnet).
//
//	go run ./scripts/multiply [-every DURATION] [-same] IN OUT COPIES
//
// OUT may be - for standard output. With -same the copies keep their addresses: the same network goes on, later.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"candor/internal/capture"
)

const (
	linkEthernet = 1
	maxCopies    = 256 // a copy's number shifts one octet
	maxSame      = 1 << 16
)

func main() {
	every := flag.Duration("every", 0, "how much later each copy starts; 0: when the one before has ended")
	same := flag.Bool("same", false, "copies keep their addresses")
	flag.Parse()
	if err := run(flag.Args(), *every, *same); err != nil {
		fmt.Fprintln(os.Stderr, "multiply:", err)
		os.Exit(1)
	}
}

func run(args []string, every time.Duration, same bool) (err error) {
	if len(args) != 3 {
		return errors.New("usage: multiply [-every DURATION] [-same] IN OUT COPIES")
	}
	most := maxCopies
	if same {
		most = maxSame
	}
	copies, err := strconv.Atoi(args[2])
	if err != nil || copies < 1 || copies > most || every < 0 {
		return fmt.Errorf("copies %q: a number from 1 to %d is needed, and no negative -every", args[2], most)
	}
	frames, err := read(args[0])
	if err != nil {
		return err
	}
	f := os.Stdout
	if args[1] != "-" {
		if f, err = os.Create(args[1]); err != nil {
			return fmt.Errorf("make capture: %w", err)
		}
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w, frames, copies, int64(every), same); err != nil {
		return fmt.Errorf("write %s: %w", args[1], err)
	}
	return w.Flush()
}

// frame is one frame of the capture that is repeated.
type frame struct {
	time int64 // nanoseconds
	wire uint32
	data []byte
}

// read takes a whole capture into memory.
func read(path string) ([]frame, error) {
	in, err := capture.Open(context.Background(), path, os.Stdin)
	if err != nil {
		return nil, err
	}
	var out []frame
	var f capture.Frame
	for err = in.Next(&f); err == nil; err = in.Next(&f) {
		if f.Link != linkEthernet {
			return nil, fmt.Errorf("%s: link type %d: only Ethernet can be repeated", path, f.Link)
		}
		out = append(out, frame{f.Time, f.Wire, append([]byte(nil), f.Data...)})
	}
	if !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, in.Close())
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no frame in it", path)
	}
	return out, in.Close()
}

// write merges the copies by time into a pcap with microseconds, as most captures have.
func write(w io.Writer, frames []frame, copies int, every int64, same bool) error {
	if every == 0 {
		first, last := frames[0].time, frames[0].time
		for _, f := range frames {
			first, last = min(first, f.time), max(last, f.time)
		}
		every = last - first + int64(time.Millisecond)
	}
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	head = append(head, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, linkEthernet, 0, 0, 0) // version 2.4, snapshot length 256 KiB
	if _, err := w.Write(head); err != nil {
		return err
	}
	at := make([]int, copies) // how far each copy was written
	first := 0                // of them that was not written to its end
	var record []byte
	for range len(frames) * copies {
		next, when := 0, int64(-1)
		for at[first] == len(frames) {
			first++
		}
		for c := first; c < copies; c++ {
			i := at[c]
			if i == len(frames) {
				continue
			}
			if t := frames[i].time + int64(c)*every; when < 0 || t < when {
				next, when = c, t
			}
			if i == 0 { // later copies have not begun either
				break
			}
		}
		f := &frames[at[next]]
		at[next]++
		record = binary.LittleEndian.AppendUint32(record[:0], uint32(when/1e9))
		record = binary.LittleEndian.AppendUint32(record, uint32(when%1e9/1e3))
		record = binary.LittleEndian.AppendUint32(record, uint32(len(f.data)))
		record = binary.LittleEndian.AppendUint32(record, f.wire)
		record = append(record, f.data...)
		if !same {
			shift(record[16:], byte(next))
		}
		if _, err := w.Write(record); err != nil {
			return err
		}
	}
	return nil
}
