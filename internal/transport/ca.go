package transport

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Lives of certificates.
const (
	caLife     = 10 * 365 * 24 * time.Hour
	hubLife    = 90 * 24 * time.Hour
	SensorLife = 7 * 24 * time.Hour // of a sensor's certificate; renewed when a third of it is left
	backdated  = 24 * time.Hour     // for sensors whose clock is behind
)

// CA is the hub's own certificate authority. It signs the hub's server certificate and those of approved sensors, and nothing else.
type CA struct {
	cert *x509.Certificate
	key  ed25519.PrivateKey
}

// OpenCA reads the authority from a folder (ca.pem, ca-key.pem with mode 0600), or makes it where the folder has neither.
func OpenCA(dir string, now time.Time) (*CA, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open CA: %w", err)
	}
	certPath, keyPath := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")
	data, err := readSmall(certPath)
	if errors.Is(err, fs.ErrNotExist) {
		return makeCA(certPath, keyPath, now)
	}
	if err != nil {
		return nil, fmt.Errorf("open CA: %w", err)
	}
	cert, err := parseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("open CA: %s: %w", certPath, err)
	}
	if _, err := os.Stat(keyPath); err != nil {
		return nil, fmt.Errorf("open CA: the key of %s is missing: restore it from a backup; a new one would lock every sensor out: %w", certPath, err)
	}
	key, _, err := loadKey(keyPath)
	if err != nil {
		return nil, fmt.Errorf("open CA: %w", err)
	}
	if !publicOf(key).Equal(cert.PublicKey) {
		return nil, fmt.Errorf("open CA: %s and %s do not belong together: restore both from one backup", certPath, keyPath)
	}
	return &CA{cert: cert, key: key}, nil
}

// makeCA makes key and certificate. The key comes first: a crash between the two leaves a key that the next start takes up.
func makeCA(certPath, keyPath string, now time.Time) (*CA, error) {
	key, _, err := loadKey(keyPath)
	if err != nil {
		return nil, fmt.Errorf("make CA: %w", err)
	}
	t := template(pkix.Name{CommonName: "Candor hub " + random(4)}, now, caLife)
	t.KeyUsage, t.IsCA, t.BasicConstraintsValid, t.MaxPathLenZero = x509.KeyUsageCertSign, true, true, true
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, t, t, publicOf(key), key)
	if err != nil {
		return nil, fmt.Errorf("make CA: %w", err)
	}
	if err := writeFile(certPath, certificatePEM(der), 0o644); err != nil {
		return nil, fmt.Errorf("make CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("make CA: %w", err)
	}
	return &CA{cert: cert, key: key}, nil
}

// Pin names the authority: hex SHA-256 of its public key (SubjectPublicKeyInfo). Tokens carry it, sensors accept no other.
func (c *CA) Pin() string { return pinOf(c.cert) }

func pinOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

func (c *CA) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c.cert)
	return p
}

// hub makes the certificate of the hub's server, for names and addresses. Its key stays in memory.
func (c *CA) hub(names []string, now time.Time) (*tls.Certificate, error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the hub's certificate: %w", err)
	}
	t := template(pkix.Name{CommonName: "Candor hub"}, now, hubLife)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, c.cert, pub, c.key)
	if err != nil {
		return nil, fmt.Errorf("make the hub's certificate for %q: %w", names, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, c.cert.Raw}, PrivateKey: key, Leaf: t}, nil
}

// sensor makes the certificate of an approved sensor; PEM, and when it ends.
func (c *CA) sensor(p Peer, pub ed25519.PublicKey, now time.Time) ([]byte, time.Time, error) {
	t := template(pkix.Name{CommonName: string(p.Sensor), Organization: []string{string(p.Tenant)}}, now, SensorLife)
	t.KeyUsage, t.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	der, err := x509.CreateCertificate(rand.Reader, t, c.cert, pub, c.key)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("make certificate of sensor %s: %w", p.Sensor, err)
	}
	return certificatePEM(der), t.NotAfter, nil
}

func template(name pkix.Name, now time.Time, life time.Duration) *x509.Certificate {
	serial := make([]byte, 16)
	_, _ = rand.Read(serial) // never fails
	serial[0] &= 0x7f
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: name,
		NotBefore: now.Add(-backdated).UTC().Truncate(time.Second), NotAfter: now.Add(life).UTC().Truncate(time.Second),
	}
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func parseCertificate(data []byte) (*x509.Certificate, error) {
	p, _ := pem.Decode(data)
	if p == nil || p.Type != "CERTIFICATE" {
		return nil, errors.New("no certificate in PEM form")
	}
	c, err := x509.ParseCertificate(p.Bytes)
	if err != nil {
		return nil, fmt.Errorf("parse certificate: %w", err)
	}
	return c, nil
}
