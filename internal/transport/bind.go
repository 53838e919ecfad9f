package transport

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// exporterLabel names the secret of a TLS connection (RFC 9266 in spirit) that binds a CSR to it: a CSR seen elsewhere is worth nothing.
const exporterLabel = "EXPORTER-candor-csr-v1"

func binding(cs *tls.ConnectionState) (string, error) {
	b, err := cs.ExportKeyingMaterial(exporterLabel, nil, 32)
	if err != nil {
		return "", fmt.Errorf("bind to the connection: %w", err)
	}
	return hex.EncodeToString(b), nil
}

// newCSR asks for a certificate over one connection. Who it is for stands in the registry, not here.
func newCSR(key ed25519.PrivateKey, cs *tls.ConnectionState) ([]byte, error) {
	bound, err := binding(cs)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: bound}}, key)
	if err != nil {
		return nil, fmt.Errorf("make CSR: %w", err)
	}
	return der, nil
}

// readCSR gives the key whose owner made the CSR for this very connection.
func readCSR(der []byte, cs *tls.ConnectionState) (ed25519.PublicKey, error) {
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, refuse(WhyRequest, "the CSR cannot be read")
	}
	pub, ok := csr.PublicKey.(ed25519.PublicKey)
	if !ok || csr.CheckSignature() != nil {
		return nil, refuse(WhyRequest, "the CSR is not signed by an Ed25519 key of its own")
	}
	bound, err := binding(cs)
	if err != nil {
		return nil, err
	}
	if csr.Subject.CommonName != bound {
		return nil, refuse(WhyRequest, "the CSR was made for another connection")
	}
	return pub, nil
}

// ErrPin says that whoever answers is not the hub that the token named.
var ErrPin = errors.New("this is not the hub of the token: its CA is another one")

// verifyHub accepts a server only when a CA with one of the pins signed its certificate, for that host and for now.
func verifyHub(cs *tls.ConnectionState, pins []string, host string, now time.Time) error {
	if len(cs.PeerCertificates) == 0 {
		return ErrPin
	}
	var ca *x509.Certificate
	for _, c := range cs.PeerCertificates[1:] {
		for _, p := range pins {
			if c.IsCA && strings.EqualFold(pinOf(c), p) {
				ca = c
			}
		}
	}
	if ca == nil {
		return ErrPin
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	_, err := cs.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return fmt.Errorf("the hub's certificate is not valid at %s: check this machine's clock: %w", now.UTC().Format(time.RFC3339), err)
	}
	if err != nil {
		return fmt.Errorf("the hub's certificate: %w", err)
	}
	return nil
}
