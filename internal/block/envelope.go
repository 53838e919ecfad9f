package block

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"candor/internal/record"
)

// MaxManifest bounds the bytes of a manifest.
const MaxManifest = 4 << 20

// maxEnvelope leaves room for the key's fingerprint and the signature.
const maxEnvelope = MaxManifest + 512

// envelopeFile is the envelope's name within a block.
const envelopeFile = "manifest.json"

// Fingerprint names a public key: hex SHA-256 of its 32 bytes.
func Fingerprint(pub ed25519.PublicKey) string { return hashOf(pub) }

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// envelope is a manifest as it was signed.
type envelope struct {
	raw       []byte // the manifest's bytes
	key       string // fingerprint of the key that signed it
	signature []byte
}

// seal signs a manifest.
func sealEnvelope(m *Manifest, key ed25519.PrivateKey) (*envelope, error) {
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(key) != ed25519.PrivateKeySize {
		return nil, errors.New("the key is no Ed25519 key")
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if len(raw) > MaxManifest {
		return nil, fmt.Errorf("a manifest of %d bytes, at most %d: seal fewer marks, inputs or sources at once", len(raw), MaxManifest)
	}
	return &envelope{raw, Fingerprint(pub), ed25519.Sign(key, raw)}, nil
}

// bytes is the one form that an envelope has.
func (e *envelope) bytes() []byte {
	var b bytes.Buffer
	b.WriteString(`{"manifest":`)
	b.Write(e.raw)
	b.WriteString(`,"key":"` + e.key + `","signature":"` + base64.StdEncoding.EncodeToString(e.signature) + `"}`)
	return b.Bytes()
}

// parseEnvelope reads an envelope and the manifest in it, and refuses what no sealer writes.
func parseEnvelope(b []byte) (*envelope, *Manifest, error) {
	if len(b) > maxEnvelope {
		return nil, nil, fmt.Errorf("%s: %d bytes, at most %d", envelopeFile, len(b), maxEnvelope)
	}
	var wire struct {
		Manifest  json.RawMessage `json:"manifest"`
		Key       string          `json:"key"`
		Signature []byte          `json:"signature"`
	}
	if err := json.Unmarshal(b, &wire); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", envelopeFile, err)
	}
	e := &envelope{wire.Manifest, wire.Key, wire.Signature}
	if !isHash(e.key) || !bytes.Equal(e.bytes(), b) {
		return nil, nil, fmt.Errorf("%s: not an envelope in its one form", envelopeFile)
	}
	m := new(Manifest)
	if err := json.Unmarshal(e.raw, m); err != nil {
		return nil, nil, fmt.Errorf("%s: manifest: %w", envelopeFile, err)
	}
	if err := m.check(); err != nil {
		return nil, nil, fmt.Errorf("%s: manifest: %w", envelopeFile, err)
	}
	return e, m, nil
}

// verify checks who signed.
func (e *envelope) verify(pub ed25519.PublicKey) error {
	switch {
	case len(pub) != ed25519.PublicKeySize:
		return errors.New("the key to verify with is no Ed25519 key")
	case e.key != Fingerprint(pub):
		return fmt.Errorf("%s: signed by key %s, not by %s", envelopeFile, e.key, Fingerprint(pub))
	case !ed25519.Verify(pub, e.raw, e.signature):
		return fmt.Errorf("%s: the signature is not of this manifest: it was changed after it was sealed", envelopeFile)
	}
	return nil
}

func isHash(s string) bool {
	if len(s) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// wireInput is an input with its place in the order, which record.Input leaves out of its JSON.
type wireInput struct {
	Index int `json:"index"`
	record.Input
}

func toWire(in []record.Input) []wireInput {
	out := make([]wireInput, 0, len(in))
	for _, x := range in {
		out = append(out, wireInput{x.Index, x})
	}
	return out
}

func fromWire(in []wireInput) []record.Input {
	var out []record.Input
	for _, x := range in {
		x.Input.Index = x.Index
		out = append(out, x.Input)
	}
	return out
}

type (
	plainManifest Manifest
	plainSource   Source
	wireManifest  struct {
		plainManifest
		Inputs []wireInput       `json:"inputs,omitempty"`
		Exact  map[string][]byte `json:"exact,omitempty"` // strings that are no UTF-8, as they are: by where they stand
	}
	wireSource struct {
		plainSource
		Inputs []wireInput `json:"inputs,omitempty"`
	}
)

// MarshalJSON is the form that is signed. Strings that are no UTF-8 are readable where they stand and exact in "exact".
func (m Manifest) MarshalJSON() ([]byte, error) {
	w := wireManifest{plainManifest: plainManifest(m), Inputs: toWire(m.Inputs)}
	err := m.eachText(func(where string, s *string) error {
		if !utf8.ValidString(*s) {
			if w.Exact == nil {
				w.Exact = map[string][]byte{}
			}
			w.Exact[where] = []byte(*s)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (m *Manifest) UnmarshalJSON(b []byte) error {
	var w wireManifest
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*m = Manifest(w.plainManifest)
	m.Inputs = fromWire(w.Inputs)
	if len(w.Exact) == 0 {
		return nil
	}
	found := 0
	err := m.eachText(func(where string, s *string) error {
		if raw, ok := w.Exact[where]; ok {
			*s = string(raw)
			found++
		}
		return nil
	})
	if err == nil && found != len(w.Exact) {
		err = errors.New("exact names strings that are not there")
	}
	return err
}

// MarshalJSON writes the inputs with their places.
func (s Source) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireSource{plainSource(s), toWire(s.Inputs)})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Source) UnmarshalJSON(b []byte) error {
	var w wireSource
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*s = Source(w.plainSource)
	s.Inputs = fromWire(w.Inputs)
	return nil
}

// eachText calls f for each string that comes from outside, with where it stands.
func (m *Manifest) eachText(f func(where string, s *string) error) error {
	var err error
	visit := func(where string, s *string) {
		if err == nil {
			err = f(where, s)
		}
	}
	inputs := func(where string, list []record.Input) {
		for i := range list {
			inputTexts(where+"/"+strconv.Itoa(i), &list[i], visit)
		}
	}
	inputs("inputs", m.Inputs)
	for i := range m.Sources {
		inputs("sources/"+strconv.Itoa(i)+"/inputs", m.Sources[i].Inputs)
	}
	for i := range m.Blind {
		at := "blind/" + strconv.Itoa(i)
		visit(at+"/cause", (*string)(&m.Blind[i].Cause))
		visit(at+"/feed", (*string)(&m.Blind[i].Feed))
		visit(at+"/words", &m.Blind[i].Words)
	}
	return err
}

func inputTexts(at string, in *record.Input, visit func(where string, s *string)) {
	visit(at+"/path", &in.Path)
	visit(at+"/kind", &in.Kind)
	visit(at+"/feed", (*string)(&in.Feed))
	for i := range in.Unread {
		visit(at+"/unread/"+strconv.Itoa(i), &in.Unread[i].Link)
	}
	if in.Stopped != nil {
		visit(at+"/stopped", &in.Stopped.Because)
	}
	for i := range in.Notes {
		visit(at+"/notes/"+strconv.Itoa(i), &in.Notes[i])
	}
}
