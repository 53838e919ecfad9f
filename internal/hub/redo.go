package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"candor/internal/record"
)

// resume makes a line of the newest snapshot before a place that is of any use; an empty one when there is none.
func (f *Fold) resume(ctx context.Context, before Cursor) (*line, error) {
	for f.cfg.Snapshots != nil {
		at, r, found, err := f.cfg.Snapshots.Newest(ctx, before)
		if err != nil {
			return nil, fmt.Errorf("open a snapshot: %w", err)
		}
		if !found {
			break
		}
		before = at
		j, err := f.cfg.Judge()
		if err != nil {
			_ = r.Close()
			return nil, err
		}
		l, wrong := restored(r, j)
		wrong = errors.Join(wrong, r.Close())
		if wrong != nil { // of another build, for another agreement, or damaged: the one before it may do
			continue
		}
		stale, err := f.stale(ctx, l)
		if err != nil {
			return nil, err
		}
		if !stale && l.At == at {
			return l, nil
		}
	}
	j, err := f.cfg.Judge()
	if err != nil {
		return nil, err
	}
	return &line{judge: j}, nil
}

// stale reports whether a block was stored meanwhile that belongs into one of a line's seams.
func (f *Fold) stale(ctx context.Context, l *line) (bool, error) {
	for i := range l.Seams {
		next, err := f.cfg.Blocks.After(ctx, l.Seams[i].After, 1)
		if err != nil {
			return false, fmt.Errorf("look whether a snapshot is still true: %w", err)
		}
		if len(next) > 0 && next[0].Cursor().Compare(l.Seams[i].Before) < 0 {
			return true, nil
		}
	}
	return false, nil
}

// redoPage is how many blocks are folded in one step when going back.
const redoPage = 16

// goBack folds anew from before the first late block, beside the judge that is asked, and takes its place when it has come as far.
func (f *Fold) goBack(ctx context.Context, now record.Time) (worked bool, err error) {
	if f.redo == nil {
		return f.begin(ctx, now)
	}
	list, err := f.cfg.Blocks.After(ctx, f.redo.At, redoPage)
	if err != nil {
		return false, fmt.Errorf("list blocks to fold again: %w", err)
	}
	for i := range list {
		if list[i].Cursor().Compare(f.main.At) > 0 {
			break
		}
		if err := f.take(ctx, f.redo, list[i]); err != nil {
			return false, err
		}
	}
	if f.redo.At.Compare(f.main.At) < 0 {
		if len(list) == 0 || list[0].Cursor().Compare(f.main.At) > 0 {
			f.redo = nil
			return false, fmt.Errorf("fold again up to block %d of epoch %d: the store no longer lists it", f.main.At.Sequence, f.main.At.Epoch)
		}
		return true, nil
	}
	f.main, f.redo, f.cached = f.redo, nil, nil
	f.late = slices.DeleteFunc(f.late, func(m Meta) bool { return f.main.has(m.Cursor()) })
	if len(f.late) > 0 { // they came after it had passed their places: next time
		f.lateAt.first = now
	}
	return true, nil
}

// begin goes back when late blocks stopped coming, or have been coming for long.
func (f *Fold) begin(ctx context.Context, now record.Time) (bool, error) {
	settle := record.Time(f.cfg.Settle)
	if len(f.late) == 0 || now < f.lateAt.last+settle && now < f.lateAt.first+10*settle {
		return false, nil
	}
	from := f.late[0].first()
	if f.cfg.Snapshots != nil {
		if err := f.cfg.Snapshots.Drop(ctx, from); err != nil {
			return false, fmt.Errorf("drop snapshots that a late block made wrong: %w", err)
		}
	}
	l, err := f.resume(ctx, from)
	if err != nil {
		return false, err
	}
	f.redo = l
	return true, nil
}
