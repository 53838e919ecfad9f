package timing

import "math"

// The power of the method: how many intervals must be seen to find a beacon with 95 % probability. The numbers are
// simulated: those of the research this package was built from (24 keys per cell, all stamps kept), measured again with
// this scorer on the state of a key (100 per cell, TestPowerCells), which raised four cells at half and more missed and
// emptied two. A zero: not with 3,200 intervals, cannot say. They hold for a key seen for up to 14 days; on an older key
// a histogram may be halved once.

// PowerWidths are the widths of the power table: the share by which a sleep is shortened.
func PowerWidths() [10]float64 { return [10]float64{.001, .05, .1, .2, .3, .4, .5, .65, .8, .95} }

func powerMisses() [5]float64 { return [5]float64{0, .1, .3, .5, .6} }

// needed has a row per share missed and a column per width.
func needed() [5][10]float64 {
	return [5][10]float64{
		{5, 5, 7, 9, 12, 16, 24, 40, 80, 130},
		{5, 8, 10, 14, 24, 28, 60, 130, 200, 260},
		{5, 8, 12, 20, 34, 60, 160, 800, 800, 1600},
		{5, 12, 16, 32, 80, 200, 0, 0, 0, 0},
		{9, 14, 20, 48, 100, 400, 0, 0, 0, 0},
	}
}

// margin is what the simulated numbers are multiplied by: they come from 24 keys per cell.
const margin = 1.2

// A Reach is the slowest beacon of one width that would have been found with 95 % probability.
type Reach struct {
	Width   float64 // sleep shortened by up to this share
	Slowest float64 // longest sleep in seconds; 0: cannot say for any
	Wakes   float64 // intervals it takes
}

// Missed is the share of beats not seen, when the beacon misses a share of them and a share of connections is lost.
func Missed(beacon, lost float64) float64 {
	return 1 - (1-share(beacon))*(1-share(lost))
}

func share(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	return min(1, v)
}

// Power gives, per width of PowerWidths, the slowest beacon found with 95 % in hours of seeing, when a beacon misses
// the share missed of its beats and the share lost of all connections is not seen.
func Power(hours, missed, lost float64) [10]Reach {
	var out [10]Reach
	m := Missed(missed, lost)
	for i, w := range PowerWidths() {
		out[i].Width = w
		n := intervalsNeeded(w, m)
		if n == 0 || !(hours > 0) {
			continue
		}
		out[i].Wakes = n
		slowest := min(hours*3600/beatsNeeded(n, m)/(1-w/2), longest)
		if slowest >= shortest {
			out[i].Slowest = slowest
		}
	}
	return out
}

// beatsNeeded is how many beats yield n intervals with 95 %: n + 1 sightings and the luck of which beats are missed.
func beatsNeeded(n, m float64) float64 {
	return (n + 1 + 1.65*math.Sqrt((n+1)*m)) / (1 - m)
}

// intervalsNeeded takes the worse of neighbouring lines and columns, and the margin; 0: cannot say.
func intervalsNeeded(w, m float64) float64 {
	row, column := -1, -1
	for i, v := range powerMisses() {
		if row < 0 && m <= v+1e-9 {
			row = i
		}
	}
	for i, v := range PowerWidths() {
		if column < 0 && w <= v+1e-9 {
			column = i
		}
	}
	if row < 0 || column < 0 {
		return 0
	}
	table, worst := needed(), 0.0
	for i := range row + 1 { // worse in a line above counts, too: the table was simulated and is not smooth
		for j := range column + 1 {
			if table[i][j] == 0 {
				return 0
			}
			worst = max(worst, table[i][j])
		}
	}
	return math.Ceil(worst * margin)
}

// Found answers the inverse: would a beacon that sleeps U[period(1-w), period] and misses the share m (Missed) have been
// found with 95 % in hours? False is not "no", but cannot say.
func Found(period, w, m, hours float64) bool {
	n := intervalsNeeded(w, m)
	if n == 0 || !(period >= shortest) || period > longest || w < 0 {
		return false
	}
	return hours*3600 >= beatsNeeded(n, m)*period*(1-w/2)
}

// HoursNeeded is how long such a beacon must be watched; 0 when no length suffices.
func HoursNeeded(period, w, m float64) float64 {
	n := intervalsNeeded(w, m)
	if n == 0 || !(period >= shortest) || period > longest || w < 0 {
		return 0
	}
	return beatsNeeded(n, m) * period * (1 - w/2) / 3600
}

// A Statement is what one sentence says of the power: the slowest sleeps found when hardly shortened, by a fifth, by
// half, and by nearly all. Zero: none.
type Statement struct {
	Hours                     float64
	Missed                    float64
	Regular, Fifth, Half, Any float64 // seconds
}

// State gives the numbers of that sentence. Growing schedules and beats among more than one foreign start each are
// outside of it.
func State(hours, missed, lost float64) Statement {
	p := Power(hours, missed, lost)
	return Statement{hours, Missed(missed, lost), p[0].Slowest, p[3].Slowest, p[6].Slowest, p[9].Slowest}
}
