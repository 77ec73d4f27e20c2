// Package testca issues certificates for tests: X.509-SVIDs of an authority that there is for the test alone.
package testca

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An Authority issues certificates.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes an authority. Two of them do not know each other, whatever they are called.
func New(t testing.TB, name string) *Authority {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	cert, err := x509.ParseCertificate(raw)
	must(t, err)
	return &Authority{cert: cert, key: key}
}

// PEM is the authority's own certificate.
func (a *Authority) PEM() []byte { return encode("CERTIFICATE", a.cert.Raw) }

// A Certificate is a certificate with its key, in PEM.
type Certificate struct{ Cert, Key []byte }

// Issue makes a certificate with a SPIFFE id, for servers at the loopback and of the DNS names too. It has been valid for an
// hour and is until then.
func (a *Authority) Issue(t testing.TB, id string, until time.Time, dns ...string) Certificate {
	t.Helper()
	uri, err := url.Parse(id)
	must(t, err)
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: serial(t), NotBefore: time.Now().Add(-time.Hour), NotAfter: until, URIs: []*url.URL{uri}, DNSNames: dns,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	must(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	return Certificate{Cert: encode("CERTIFICATE", raw), Key: encode("PRIVATE KEY", encoded)}
}

// Files are where a certificate, its key and the authorities are for a process.
type Files struct{ Cert, Key, CA string }

// In answers files in a folder, which is made.
func In(t testing.TB, dir string) Files {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o700))
	return Files{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key"), CA: filepath.Join(dir, "ca.crt")}
}

// Put replaces the certificate and its key.
func (f Files) Put(t testing.TB, c Certificate) {
	t.Helper()
	replace(t, f.Key, c.Key)
	replace(t, f.Cert, c.Cert)
}

// Trust replaces the authorities.
func (f Files) Trust(t testing.TB, authorities ...*Authority) {
	t.Helper()
	var all []byte
	for _, a := range authorities {
		all = append(all, a.PEM()...)
	}
	replace(t, f.CA, all)
}

// replace writes a file at once, so that nobody reads half of it.
func replace(t testing.TB, path string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(path+".new", content, 0o600))
	must(t, os.Rename(path+".new", path))
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	must(t, err)
	return n
}

func encode(kind string, raw []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
