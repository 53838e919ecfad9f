package transport

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"candor/internal/block"
)

// loadKey reads a private key, or makes it where there is none. A key that others may read is refused: it is nobody's any more.
func loadKey(path string) (key ed25519.PrivateKey, made bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		key, err = makeKey(path)
		return key, true, err
	case err != nil:
		return nil, false, fmt.Errorf("read key %s: %w", path, err)
	case info.Mode().Perm()&0o077 != 0:
		return nil, false, fmt.Errorf("key %s may be read by others (mode %04o): find out who could read it, then set mode 0600, or remove it and enrol anew", path, info.Mode().Perm())
	}
	data, err := readSmall(path)
	if err != nil {
		return nil, false, err
	}
	p, _ := pem.Decode(data)
	if p == nil || p.Type != "PRIVATE KEY" {
		return nil, false, fmt.Errorf("key %s is not in PEM form: restore it from a backup, or remove it and enrol anew", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(p.Bytes)
	if err != nil {
		return nil, false, fmt.Errorf("key %s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, false, fmt.Errorf("key %s is no Ed25519 key: remove it and enrol anew", path)
	}
	return key, false, nil
}

func makeKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	if err := writeFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		return nil, err
	}
	return key, nil
}

// random is n bytes that nobody can guess, in hex.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// publicOf is the public half of a key.
func publicOf(key ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(key[ed25519.SeedSize:])
}

// fingerprintGroups is how many groups of four hex digits a person compares: 128 bits, so that no other key can be made to look the same.
const fingerprintGroups = 8

// ShowFingerprint writes a fingerprint so that a person can compare it on both sides: 8 groups of 4 hex digits, the first half of it.
func ShowFingerprint(fingerprint string) string {
	var groups []string
	for i := 0; i < fingerprintGroups && len(fingerprint) >= 4*(i+1); i++ {
		groups = append(groups, fingerprint[4*i:4*i+4])
	}
	return strings.Join(groups, "-")
}

// readFingerprint takes what a person typed: all 64 hex digits, or the 32 that ShowFingerprint shows, with whatever stands between the groups.
func readFingerprint(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' || r == ':' {
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(s)))
	if _, err := hex.DecodeString(s); err != nil || len(s) != 64 && len(s) != 4*fingerprintGroups {
		return "", fmt.Errorf("%q is no fingerprint: type the %d groups of 4 digits that the sensor shows", s, fingerprintGroups)
	}
	return s, nil
}

// peerKey is the Ed25519 key of a certificate, and its fingerprint as blocks carry it.
func peerKey(c *x509.Certificate) (ed25519.PublicKey, string, error) {
	pub, ok := c.PublicKey.(ed25519.PublicKey)
	if !ok {
		return nil, "", errors.New("the certificate's key is no Ed25519 key")
	}
	return pub, block.Fingerprint(pub), nil
}
