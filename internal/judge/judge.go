package judge

import (
	"cmp"
	"maps"
	"slices"

	"candor/internal/agreement"
	"candor/internal/coverage"
	"candor/internal/detect"
	"candor/internal/intel"
	"candor/internal/record"
	"candor/internal/verdict"
)

// Config is what a judge holds evidence against.
type Config struct {
	Agreement *agreement.Agreement // nil: private addresses count as inside and nothing is promised
	Sensor    record.Sensor
	Required  []verdict.Question // beyond those that the agreement requires
	Intel     *intel.Set         // indicator lists; nil: none
	Safelist  *intel.Safelist    // nil: none
	Detectors []detect.Detector  // nil: all
}

// Judge folds batches into evidence. It is not safe for concurrent use. Nothing it says depends on how the records were
// cut into batches, on their order, or on a batch that comes twice.
type Judge struct {
	cfg      Config          `freeze:"-"`
	terms    *coverage.Terms `freeze:"-"`
	rules    []coverage.Rule `freeze:"-"`
	folded   folded
	span     record.Span
	any      bool
	quarters map[record.Time]*quarter
	minutes  map[record.Time][]record.Sight // the newest ones, for "now"
	newest   record.Time
	inputs   map[inputKey]inputState
	alerts   alerts
	clocks   clocks
	blind    blinds
	several  bool // inputs of several witnesses were handed over
	engine   *detect.Engine
	strict   bool `freeze:"-"` // Save looks for values that share memory (tests)
}

// inputKey tells inputs apart; the same file may be given twice.
type inputKey struct {
	index int
	path  string
}

type inputState struct {
	record.Input
	id record.BatchID
}

// nowSpan is what "now" looks back over (DESIGN.md 2).
const nowSpan = record.Quarter

// New makes a judge.
func New(cfg Config) (*Judge, error) {
	terms, err := coverage.NewTerms(cfg.Agreement, cfg.Sensor)
	if err != nil {
		return nil, err
	}
	if cfg.Detectors == nil {
		cfg.Detectors = detect.All(detect.Config{Intel: cfg.Intel})
	}
	return &Judge{
		engine: detect.New(&terms.Scope, cfg.Detectors),
		cfg:    cfg, terms: terms, rules: coverage.Rules(),
		folded:   folded{},
		quarters: map[record.Time]*quarter{},
		minutes:  map[record.Time][]record.Sight{},
		inputs:   map[inputKey]inputState{},
		alerts:   alerts{},
		clocks:   clocks{},
		blind:    blinds{},
	}, nil
}

// feeds counts the witnesses of inputs.
func feeds(inputs []record.Input) int {
	n := 0
	for i := range inputs {
		if !slices.ContainsFunc(inputs[:i], func(in record.Input) bool { return in.Feed == inputs[i].Feed }) {
			n++
		}
	}
	return n
}

// Scope is what a sensor must be told so that its sight fits this judge.
func (j *Judge) Scope() record.Scope { return j.terms.Scope }

// Observe folds one batch. A batch that was folded before changes nothing.
func (j *Judge) Observe(b *record.Batch) {
	if !j.folded.add(b.ID) {
		return
	}
	if !b.Span.Zero() {
		if !j.any {
			j.any, j.span = true, b.Span
		}
		j.span = record.Span{From: min(j.span.From, b.Span.From), To: max(j.span.To, b.Span.To)}
	}
	for i := range b.Sight {
		j.fold(&b.Sight[i])
	}
	for i := range b.Alerts {
		j.alerts.add(&b.Alerts[i])
	}
	j.engine.Observe(b)
	if j.several = j.several || feeds(b.Inputs) != 1; j.several { // one witness alone has nothing to be held against
		j.clocks.add(b)
	}
	for i := range b.Blind {
		j.blind.add(&b.Blind[i])
	}
	for _, in := range b.Inputs {
		key := inputKey{in.Index, in.Path}
		if old, ok := j.inputs[key]; !ok || later(b.ID, old.id) {
			j.inputs[key] = inputState{in, b.ID}
		}
	}
}

func later(a, b record.BatchID) bool {
	return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Sequence, b.Sequence)) > 0
}

func (j *Judge) fold(s *record.Sight) {
	q := s.Span.From.Floor(record.Quarter)
	if j.quarters[q] == nil {
		j.quarters[q] = newQuarter()
	}
	j.quarters[q].add(j.terms, record.Span{From: q, To: q + record.Quarter}, s)
	m := s.Span.From.Floor(record.Minute)
	j.newest = max(j.newest, m)
	if m+nowSpan+record.Minute < j.newest {
		return
	}
	j.minutes[m] = append(j.minutes[m], *s)
	if len(j.minutes) > int(nowSpan/record.Minute)+2 { // a minute of a crowded network is megabytes
		for k := range j.minutes {
			if k+nowSpan+record.Minute < j.newest {
				delete(j.minutes, k)
			}
		}
	}
}

// maxPause is how many quarter hours without a frame stay windows of their own: a day of them. A longer pause is one window,
// because captures joined from different years, or one broken time stamp, would make millions.
const maxPause = 96

// windows lists the evidence of every quarter hour from the first to the last packet, empty ones too; a long pause is one.
func (j *sitting) windows() []*coverage.Evidence {
	if !j.any {
		return nil
	}
	var out []*coverage.Evidence
	handed := j.handed()
	known := slices.Sorted(maps.Keys(j.quarters))
	for q := j.span.From.Floor(record.Quarter); q <= j.span.To; {
		for len(known) > 0 && known[0] < q {
			known = known[1:]
		}
		end := q + record.Quarter
		var e *coverage.Evidence
		if here := j.quarters[q]; here != nil {
			e = best(j.terms, record.Span{From: q, To: end}, here.feeds)
		} else {
			next := j.span.To.Floor(record.Quarter) + record.Quarter
			if len(known) > 0 {
				next = known[0]
			}
			if next-q > maxPause*record.Quarter {
				end = next
			}
			e = coverage.NewEvidence(j.terms, record.Span{From: q, To: end})
		}
		e.Seen = record.Span{From: max(q, j.span.From), To: min(end, j.span.To)}
		e.Ended, e.Handed, e.Blind = j.ended, handed, touching(j.blind, e.Window)
		e.Dark = e.IsDark()
		out = append(out, e)
		q = end
	}
	return out
}

// whole merges all windows.
func (j *sitting) whole(windows []*coverage.Evidence) *coverage.Evidence {
	e := coverage.NewEvidence(j.terms, j.span)
	for _, w := range windows {
		e.Join(w)
	}
	e.Window, e.Seen, e.Ended = j.span, j.span, j.ended
	e.Inputs, e.Blind = j.inputList(), j.blind
	return e
}

// recent is the evidence of the last quarter hour, by the minute.
func (j *sitting) recent() *coverage.Evidence {
	from := max(j.span.To.Floor(record.Minute)-nowSpan+record.Minute, j.span.From)
	feeds := map[record.Feed]*coverage.Evidence{}
	span := record.Span{From: from, To: j.span.To}
	keys := make([]record.Time, 0, len(j.minutes))
	for m := range j.minutes {
		if m >= from.Floor(record.Minute) {
			keys = append(keys, m)
		}
	}
	slices.Sort(keys)
	for _, m := range keys {
		for i := range j.minutes[m] {
			s := &j.minutes[m][i]
			if feeds[s.Feed] == nil {
				feeds[s.Feed] = coverage.NewEvidence(j.terms, span)
			}
			feeds[s.Feed].Add(s)
		}
	}
	e := best(j.terms, span, feeds)
	e.Window = span
	e.Seen, e.Ended = e.Window, j.ended
	e.Inputs, e.Handed = j.inputList(), j.handed()
	e.Blind = touching(j.blind, record.Span{From: span.From, To: span.To + 1})
	if !j.any {
		e.Blind = j.blind
	}
	return e
}

// handed lists the data ids under which logs were handed over.
func (j *Judge) handed() []record.Feed {
	out := []record.Feed{}
	for _, in := range j.inputList() {
		if in.Feed != "" && !slices.Contains(out, in.Feed) {
			out = append(out, in.Feed)
		}
	}
	return out
}

// inputList lists the inputs in the order in which they were given.
func (j *Judge) inputList() []record.Input {
	out := make([]record.Input, 0, len(j.inputs))
	for _, in := range j.inputs {
		out = append(out, in.Input)
	}
	slices.SortFunc(out, func(a, b record.Input) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Path, b.Path))
	})
	return out
}
