package judge

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"candor/internal/freeze"
)

// Save writes the state of a judge: what Restore needs to go on as if nothing had been between. What the judge was made with is
// not written, but known again: agreement, sensor, lists, safelist and detectors must be the same.
func (j *Judge) Save(w io.Writer) error {
	o, err := j.frozen()
	if err != nil {
		return err
	}
	if err := freeze.Save(w, j, o); err != nil {
		return fmt.Errorf("save the state of a judge: %w", err)
	}
	return nil
}

// Restore reads into a judge that New made and that observed nothing. freeze.ErrOther: the state is of another build, or of a judge made
// with something else; the judge is to be made anew, as after every error, and the batches folded again.
func (j *Judge) Restore(r io.Reader) error {
	o, err := j.frozen()
	if err != nil {
		return err
	}
	if err := freeze.Restore(r, j, o); err != nil {
		return fmt.Errorf("restore the state of a judge: %w", err)
	}
	return nil
}

// frozen says what the state of a judge rests on.
func (j *Judge) frozen() (freeze.Options, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %s\n", j.terms.Sensor, j.cfg.Required, j.cfg.Intel.Digest())
	for _, d := range j.engine.Detectors() {
		fmt.Fprintf(h, "%T %q\n", d, d.Kinds())
	}
	for _, part := range []any{j.cfg.Agreement, j.terms.Scope, j.cfg.Safelist} {
		text, err := json.Marshal(part)
		if err != nil {
			return freeze.Options{}, fmt.Errorf("name what a judge rests on: %T: %w", part, err)
		}
		h.Write(append(text, '\n'))
	}
	return freeze.Options{
		Identity: hex.EncodeToString(h.Sum(nil)),
		Extern:   []any{j.terms, &j.terms.Scope, j.cfg.Agreement, j.cfg.Intel, j.cfg.Safelist},
		Leave:    []string{"*timing.Scorer"}, // room to reckon in
		Strict:   j.strict,
	}, nil
}
