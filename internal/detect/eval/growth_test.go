package eval_test

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"candor/internal/detect"
	"candor/internal/labnet/days"
	"candor/internal/record"
)

// used is what this process used of processors so far: the machine is shared.
func used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// growth is what a day of an office costs all detectors: parsing and making the records is not in it.
type growth struct {
	clients        int
	conns, records int
	observe, ask   time.Duration
	held, most     float64 // MB that the detectors hold at the end, and the most at full hours
	findings       int
	lost           uint64
	perConn        float64
}

// live is the memory that is in use.
func live() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}

// grow lets a working day of an office of so many clients go by, up to an hour.
func grow(clients int, until time.Duration) growth {
	g := growth{clients: clients}
	site := days.Office(4242, clients, 12+clients/50)
	scope := site.Scope()
	before := live()
	e := detect.New(&scope, detect.All(detect.Config{}))
	var last record.Time
	hour := record.Time(0)
	for b := range site.Batches(since(until)) {
		for i := range b.Conns {
			if b.Conns[i].Report == 0 {
				g.conns++
			}
		}
		g.records += b.Rows()
		last = b.Span.To
		start := used()
		e.Observe(b)
		g.observe += used() - start
		if h := last.Floor(record.Hour); h != hour {
			hour = h
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			g.most = max(g.most, float64(m.HeapAlloc)/1e6-before)
		}
	}
	start := used()
	e.End()
	g.observe += used() - start
	start = used()
	g.findings = len(e.Findings(last))
	g.ask = used() - start
	g.held = max(0, live()-before)
	for _, n := range e.Lost() {
		g.lost += n
	}
	g.perConn = float64((g.observe + g.ask).Nanoseconds()) / float64(max(g.conns, 1))
	return g
}

func (g *growth) line() string {
	return fmt.Sprintf("| %.2f million | %.2f million | %d | %.1f s | %.1f s | %.2f µs | %.0f MB | %.0f MB | %d | %d |", float64(g.conns)/1e6, float64(g.records)/1e6, g.clients, g.observe.Seconds(), g.ask.Seconds(), g.perConn/1000, g.held, g.most, g.findings, g.lost)
}

// evalGrowth prints what days of more and more connections cost. The larger ones are only made when they are named: -eval.only growth20.
func evalGrowth(t *testing.T) {
	millions := []float64{1, 2, 5}
	switch {
	case strings.Contains(*evalOnly, "growth20"):
		millions = []float64{20}
	case strings.Contains(*evalOnly, "growth10"):
		millions = []float64{10}
	}
	t.Log("| connections of a day | records | clients | following | asking once | for a connection | held at the end | most | findings | let go of |")
	first := 0.0
	for _, m := range millions {
		g := grow(int(m*connsDay), dayLong)
		t.Log(g.line())
		if first == 0 {
			first = g.perConn
		} else if g.perConn > 1.5*first {
			t.Errorf("%.2f µs for a connection, and %.2f with a million: more than linear", g.perConn/1000, first/1000)
		}
	}
}

// connsDay is how many clients make a million connections on a working day.
const connsDay = 170

// TestGrowth: three times the machines cost no more for a connection, and hold no more than in proportion.
func TestGrowth(t *testing.T) {
	small, large := grow(20, 11*time.Hour), grow(60, 11*time.Hour)
	t.Log(small.line())
	t.Log(large.line())
	if large.conns < 2*small.conns {
		t.Fatalf("%d and %d connections: nothing grows", small.conns, large.conns)
	}
	if large.perConn > 2*small.perConn {
		t.Errorf("%.0f ns for a connection, and %.0f with fewer: more than linear", large.perConn, small.perConn)
	}
	if large.held > 4*small.held+20 {
		t.Errorf("%.0f MB held, and %.0f with a third of the machines", large.held, small.held)
	}
}
