package hub

import "candor/internal/record"

// Until is the end of the newest packet or line that was folded; 0 before the first.
func (f *Fold) Until() record.Time { return f.main.End }

// Sights is all that was seen, merged, by witness and segment.
func (f *Fold) Sights() []record.Sight { return f.main.judge.Sights() }
