package transport

import (
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"candor/internal/block"
	"candor/internal/record"
)

// Files of a sensor's folder.
const (
	keyFile      = "key.pem"         // mode 0600; made here, never sent
	identityFile = "sensor.json"     //
	certFile     = "certificate.pem" // the newest
	scopeFile    = "scope.json"      // the newest that the hub sent
)

// Identity is what a sensor knows of itself and its hub. Tenant and Sensor are what the token was made for.
type Identity struct {
	Hub     string        `json:"hub"`  // https URL
	Pins    []string      `json:"pins"` // of the CAs that it trusts
	Tenant  record.Tenant `json:"tenant"`
	Sensor  record.Sensor `json:"sensor"`
	Request string        `json:"request"` // by which it asks what became of its enrolment
}

// Home is the sensor's folder: key, identity, certificate, scope.
type Home struct {
	dir string
	key ed25519.PrivateKey

	mu       sync.Mutex // guards all below
	identity Identity
	cert     *tls.Certificate
	scope    record.Scope
	hasScope bool
}

// OpenHome opens the folder, and makes folder and key when missing.
func OpenHome(dir string) (*Home, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open sensor's folder: %w", err)
	}
	key, _, err := loadKey(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, fmt.Errorf("open sensor's folder: %w", err)
	}
	h := &Home{dir: dir, key: key}
	if _, err := h.load(identityFile, &h.identity); err != nil {
		return nil, err
	}
	if h.hasScope, err = h.load(scopeFile, &h.scope); err != nil {
		h.scope, h.hasScope = record.Scope{}, false // the hub sends it again
	}
	data, err := readSmall(filepath.Join(dir, certFile))
	if errors.Is(err, fs.ErrNotExist) {
		return h, nil
	}
	if err != nil {
		return nil, err
	}
	if h.cert, err = h.certificate(data); err != nil {
		return nil, fmt.Errorf("open sensor's folder: %s: %w", certFile, err)
	}
	return h, nil
}

func (h *Home) load(name string, into any) (bool, error) {
	data, err := readSmall(filepath.Join(h.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return false, fmt.Errorf("read %s: %w: restore the folder from a backup, or remove it and enrol anew", filepath.Join(h.dir, name), err)
	}
	return true, nil
}

func (h *Home) keep(name string, v any) error {
	data, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return writeFile(filepath.Join(h.dir, name), append(data, '\n'), 0o600)
}

// Key is the sensor's own; it also signs its blocks.
func (h *Home) Key() ed25519.PrivateKey { return h.key }

// Fingerprint names the key. ShowFingerprint writes it for people.
func (h *Home) Fingerprint() string { return block.Fingerprint(publicOf(h.key)) }

// Identity is what the enrolment gave; Sensor is empty before one.
func (h *Home) Identity() Identity {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.identity
}

// Certificate is the newest; nil before approval. Its Leaf is set.
func (h *Home) Certificate() *tls.Certificate {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cert
}

// Scope is the newest that the hub sent; false: none yet.
func (h *Home) Scope() (record.Scope, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.scope, h.hasScope
}

// keepScope keeps a scope for the next start; false: it was that one already.
func (h *Home) keepScope(c record.Scope) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.hasScope && h.scope.Agreement == c.Agreement && h.scope.Revision == c.Revision {
		return false, nil
	}
	h.scope, h.hasScope = c, true
	return true, h.keep(scopeFile, c)
}

func (h *Home) keepIdentity(id Identity) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.identity = id
	return h.keep(identityFile, id)
}

// keepCertificate takes a certificate from the hub; it must be for this key.
func (h *Home) keepCertificate(data []byte) error {
	cert, err := h.certificate(data)
	if err != nil {
		return fmt.Errorf("certificate from the hub: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cert = cert
	return writeFile(filepath.Join(h.dir, certFile), data, 0o600)
}

func (h *Home) certificate(data []byte) (*tls.Certificate, error) {
	leaf, err := parseCertificate(data)
	if err != nil {
		return nil, err
	}
	if !publicOf(h.key).Equal(leaf.PublicKey) {
		return nil, errors.New("it is for another key than this folder's")
	}
	return &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: h.key, Leaf: leaf}, nil
}
