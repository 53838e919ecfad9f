package timing

import "math"

// The null is the best mixture of its kernels: a convex problem, solved by the constrained Newton method (Wang 2007,
// "On fast computation of the non-parametric maximum likelihood estimate of a mixing distribution"): add the kernels
// where the gradient peaks, solve the quadratic model over the few that carry weight, drop those that fell to zero.
// It reaches the same optimum as the multiplicative update, in some ten looks at the matrix instead of hundreds.

// enough is the certified distance to the optimum, in nats, at which the fit stops; rough is where a first search looks
// whether it is worth going on.
const (
	enough = .05
	rough  = .5
)

const (
	mostSteps = 40
	mostAdded = 6
	mostHeld  = 24
)

type fit struct {
	held   []int     // rows that carry weight
	weight []float64 // of held, sums to 1
	trial  []float64
	ratio  []float64 // count / f
	next   []float64 // f of the trial
	solve  quadratic
	rows   []float64 // held rows made dense, divided by f
	slack  float64
	level  float64 // L0 without the slack
}

// run fits until the slack is below stop and leaves f in x.f0. The supremum of L0 lies in [level, level+slack].
func (q *fit) run(k *kernels, x *sample, stop float64) {
	q.start(k, x)
	q.level = q.mix(k, x, q.weight, x.f0)
	q.improve(k, x, stop)
}

// improve goes on where run stopped.
func (q *fit) improve(k *kernels, x *sample, stop float64) {
	for step := 0; ; step++ {
		best := q.lookAround(k, x, step < mostSteps)
		q.slack = max(0, x.n*math.Log(best))
		if q.slack < stop || step >= mostSteps {
			return
		}
		if !q.newton(k, x) {
			q.lookAround(k, x, false)
			return
		}
	}
}

// start puts half the weight on the exponential of the mean and half on that of the longest interval: positive
// everywhere.
func (q *fit) start(k *kernels, x *sample) {
	mean := 0.0
	for i, d := range x.d {
		mean += d * x.count[i]
	}
	mean /= x.n
	q.held = append(q.held[:0], k.nearest(mean), k.nearest(x.d[len(x.d)-1]))
	q.weight = append(q.weight[:0], .5, .5)
	if q.held[0] == q.held[1] {
		q.held, q.weight = q.held[:1], append(q.weight[:0], 1)
	}
	x.f0 = sized(x.f0, len(x.d))
}

// nearest is the exponential whose mean is nearest above: exponentials are the first family.
func (k *kernels) nearest(mean float64) int {
	last := len(k.row)
	if len(k.family) > 1 {
		last = k.family[1]
	}
	for j := range last {
		if k.row[j].scale >= mean {
			return j
		}
	}
	return max(0, last-1)
}

// mix is the mixture's value at every point, and the log likelihood.
func (q *fit) mix(k *kernels, x *sample, weight, f []float64) float64 {
	clear(f)
	for h, j := range q.held {
		w := weight[h]
		if w == 0 {
			continue
		}
		r := k.row[j]
		v := k.value[r.at : r.at+r.to-r.from]
		into := f[r.from:r.to]
		for i, y := range v {
			into[i] += w * y
		}
	}
	return logSum(f, x.count)
}

// lookAround computes the gradient G of every kernel, gives its maximum, and adds the highest peaks to held.
func (q *fit) lookAround(k *kernels, x *sample, add bool) float64 {
	q.ratio = sized(q.ratio, len(x.d))
	for i, f := range x.f0 {
		q.ratio[i] = x.count[i] / (f * x.n)
	}
	var peaks [mostAdded]peak
	best := 0.0
	for a, first := range k.family {
		last := len(k.row)
		if a+1 < len(k.family) {
			last = k.family[a+1]
		}
		before, here := 0.0, 0.0
		for j := first; j <= last; j++ {
			after := 0.0
			if j < last {
				r := k.row[j]
				after = dot(k.value[r.at:r.at+r.to-r.from], q.ratio[r.from:r.to])
			}
			if j > first && here > 1 && here >= before && here >= after {
				insertPeak(&peaks, peak{here, j - 1})
			}
			before, here = here, after
			best = max(best, after)
		}
	}
	if add {
		for _, p := range peaks {
			if p.value > 1 {
				q.hold(p.row)
			}
		}
	}
	return best
}

type peak struct {
	value float64
	row   int
}

func insertPeak(peaks *[mostAdded]peak, p peak) {
	for i := range peaks {
		if p.value > peaks[i].value {
			p, peaks[i] = peaks[i], p
		}
	}
}

func (q *fit) hold(row int) {
	if len(q.held) >= mostHeld {
		return
	}
	for _, j := range q.held {
		if j == row {
			return
		}
	}
	q.held, q.weight = append(q.held, row), append(q.weight, 0)
}

// newton takes one step: the quadratic model of L - n Σ w over w >= 0, then a line search. It reports whether L grew.
func (q *fit) newton(k *kernels, x *sample) bool {
	p, h := len(x.d), len(q.held)
	q.rows = sized(q.rows, p*h)
	clear(q.rows)
	for a, j := range q.held {
		r := k.row[j]
		into := q.rows[a*p : (a+1)*p]
		for i := r.from; i < r.to; i++ {
			into[i] = k.value[r.at+i-r.from] * math.Sqrt(x.count[i]) / x.f0[i]
		}
	}
	q.solve.reset(h)
	for a := range h {
		ra := q.rows[a*p : (a+1)*p]
		b := 0.0
		for i, v := range ra {
			b += v * math.Sqrt(x.count[i])
		}
		q.solve.target[a] = 2*b - x.n
		for c := 0; c <= a; c++ {
			q.solve.set(a, c, dot(ra, q.rows[c*p:(c+1)*p]))
		}
	}
	aim := q.solve.run(q.weight)
	return q.lineSearch(k, x, aim)
}

func (q *fit) lineSearch(k *kernels, x *sample, aim []float64) bool {
	q.next = sized(q.next, len(x.d))
	q.trial = sized(q.trial, len(q.weight))
	for α := 1.0; α > 1e-4; α /= 2 {
		sum := 0.0
		for a, w := range q.weight {
			q.trial[a] = w + α*(aim[a]-w)
			sum += q.trial[a]
		}
		if !(sum > 0) {
			continue
		}
		for a := range q.trial {
			q.trial[a] /= sum
		}
		level := q.mix(k, x, q.trial, q.next)
		if level > q.level+1e-12*math.Abs(q.level) {
			q.level = level
			x.f0, q.next = q.next, x.f0
			q.keep()
			return true
		}
	}
	return false
}

// keep takes the trial weights over and forgets rows without weight.
func (q *fit) keep() {
	n := 0
	for a, w := range q.trial {
		if w > 0 {
			q.held[n], q.weight[n] = q.held[a], w
			n++
		}
	}
	q.held, q.weight = q.held[:n], q.weight[:n]
}

// logSum is Σ count ln f.
func logSum(f, count []float64) float64 {
	sum := 0.0
	for i, v := range f {
		if !(v > 0) {
			return math.Inf(-1)
		}
		sum += count[i] * math.Log(v)
	}
	return sum
}

func dot(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < len(a); i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// sized gives a slice of length n, reusing what there is. Its content is undefined.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	return s[:n]
}
