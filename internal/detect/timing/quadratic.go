package timing

import "math"

// quadratic maximises targetᵀw - wᵀHw/2 over w >= 0 by the active-set method of Lawson and Hanson on the normal
// equations; it has at most mostHeld unknowns.
type quadratic struct {
	n      int
	h      [mostHeld * mostHeld]float64
	target [mostHeld]float64
	w      [mostHeld]float64
	free   [mostHeld]bool
	list   []int
	chol   [mostHeld * mostHeld]float64
	sol    [mostHeld]float64
}

func (q *quadratic) reset(n int) { q.n = n }

func (q *quadratic) set(a, b int, v float64) {
	q.h[a*mostHeld+b], q.h[b*mostHeld+a] = v, v
}

// run starts from the weights there are and gives the maximiser (valid until the next run).
func (q *quadratic) run(from []float64) []float64 {
	for a := range q.n {
		q.w[a], q.free[a] = from[a], from[a] > 0
	}
	for range 4 * mostHeld {
		if !q.toFree() {
			break
		}
		worst, at := 1e-9*q.scale(), -1
		for a := range q.n {
			if q.free[a] {
				continue
			}
			y := q.target[a]
			for b := range q.n {
				y -= q.h[a*mostHeld+b] * q.w[b]
			}
			if y > worst {
				worst, at = y, a
			}
		}
		if at < 0 {
			break
		}
		q.free[at] = true
	}
	return q.w[:q.n]
}

func (q *quadratic) scale() float64 {
	m := 0.0
	for a := range q.n {
		m = max(m, math.Abs(q.target[a]))
	}
	return m
}

// toFree moves to the optimum over the free unknowns, fixing those that would turn negative. False: singular.
func (q *quadratic) toFree() bool {
	for range mostHeld + 1 {
		q.list = q.list[:0]
		for a := range q.n {
			if q.free[a] {
				q.list = append(q.list, a)
			}
		}
		if !q.cholesky() {
			return false
		}
		step, block := 1.0, -1
		for i, a := range q.list {
			if q.sol[i] <= 0 {
				if t := q.w[a] / (q.w[a] - q.sol[i]); t < step || block < 0 {
					step, block = min(step, t), a
				}
			}
		}
		if block < 0 {
			for i, a := range q.list {
				q.w[a] = q.sol[i]
			}
			return true
		}
		for i, a := range q.list {
			q.w[a] = max(0, q.w[a]+step*(q.sol[i]-q.w[a]))
		}
		q.w[block], q.free[block] = 0, false
	}
	return true
}

// cholesky solves H sol = target over list, with a ridge against kernels that are nearly the same.
func (q *quadratic) cholesky() bool {
	m := len(q.list)
	for i := range m {
		for j := range i + 1 {
			v := q.h[q.list[i]*mostHeld+q.list[j]]
			if i == j {
				v *= 1 + 1e-10
			}
			for k := range j {
				v -= q.chol[i*mostHeld+k] * q.chol[j*mostHeld+k]
			}
			if i != j {
				q.chol[i*mostHeld+j] = v / q.chol[j*mostHeld+j]
				continue
			}
			if !(v > 0) {
				return false
			}
			q.chol[i*mostHeld+i] = math.Sqrt(v)
		}
	}
	for i := range m {
		v := q.target[q.list[i]]
		for k := range i {
			v -= q.chol[i*mostHeld+k] * q.sol[k]
		}
		q.sol[i] = v / q.chol[i*mostHeld+i]
	}
	for i := m - 1; i >= 0; i-- {
		v := q.sol[i]
		for k := i + 1; k < m; k++ {
			v -= q.chol[k*mostHeld+i] * q.sol[k]
		}
		q.sol[i] = v / q.chol[i*mostHeld+i]
	}
	return m > 0
}
