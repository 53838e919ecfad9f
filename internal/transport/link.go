package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Patience of the sensor.
const (
	dialTimeout   = 10 * time.Second
	answerTimeout = 15 * time.Second // of everything but blocks
	mostAfter     = 10 * time.Minute // a hub cannot send a sensor away for longer
)

// link is a sensor's way to its hub.
type link struct {
	home  *Home
	clock Clock
	dial  DialFunc                                  // nil: the network
	wrap  func(http.RoundTripper) http.RoundTripper // tests: a bad way; nil: none

	mu     sync.Mutex // guards all below
	client *http.Client
	shown  *tls.Certificate // that client's connections show
}

func (l *link) dialer() DialFunc {
	if l.dial != nil {
		return l.dial
	}
	return (&net.Dialer{Timeout: dialTimeout}).DialContext
}

// config trusts the pinned CAs and nobody else.
func (l *link) config(host string, cert *tls.Certificate) *tls.Config {
	pins := l.home.Identity().Pins
	c := &tls.Config{
		MinVersion: tls.VersionTLS13, ServerName: host, NextProtos: []string{"h2"},
		InsecureSkipVerify: true, // the system's authorities have no say; VerifyConnection does all of it against the pin
		VerifyConnection: func(cs tls.ConnectionState) error {
			return verifyHub(&cs, pins, host, l.clock.Now())
		},
	}
	if cert != nil {
		c.Certificates = []tls.Certificate{*cert}
	}
	return c
}

func newTransport() *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP2(true)
	return &http.Transport{
		Protocols: &protocols, TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: maxHeader,
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second}, // a pulled cable is noticed
	}
}

// errNoCertificate says that there is nothing to show to the hub.
var errNoCertificate = errors.New("no certificate that is still good")

// sensor gives the client that shows the newest certificate. After a renewal it is another one; what the old one has begun ends by itself.
func (l *link) sensor() (*http.Client, error) {
	cert := l.home.Certificate()
	if cert == nil || !l.clock.Now().Before(cert.Leaf.NotAfter) {
		return nil, errNoCertificate
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil && l.shown == cert {
		return l.client, nil
	}
	if l.client != nil {
		l.client.CloseIdleConnections()
	}
	host, err := hostOf(l.home.Identity().Hub)
	if err != nil {
		return nil, err
	}
	t := newTransport()
	t.TLSClientConfig, t.DialContext = l.config(host, cert), l.dialer()
	l.client, l.shown = &http.Client{Transport: t, CheckRedirect: noRedirect}, cert
	if l.wrap != nil {
		l.client.Transport = l.wrap(t)
	}
	return l.client, nil
}

// reset lets the next request open a new connection.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.client != nil {
		l.client.CloseIdleConnections()
		l.client = nil
	}
}

// once opens one connection, for a request that is bound to it. The caller closes it.
func (l *link) once(ctx context.Context, cert *tls.Certificate) (*http.Client, *tls.Conn, error) {
	hub := l.home.Identity().Hub
	host, err := hostOf(hub)
	if err != nil {
		return nil, nil, err
	}
	u, err := url.Parse(hub)
	if err != nil {
		return nil, nil, fmt.Errorf("address of the hub: %w", err)
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(host, "443")
	}
	raw, err := l.dialer()(ctx, "tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("reach the hub: %w", err)
	}
	conn := tls.Client(raw, l.config(host, cert))
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("reach the hub: %w", err), raw.Close())
	}
	t := newTransport()
	given := false
	t.DialTLSContext = func(context.Context, string, string) (net.Conn, error) {
		if given {
			return nil, errors.New("the connection was cut")
		}
		given = true
		return conn, nil
	}
	return &http.Client{Transport: t, CheckRedirect: noRedirect}, conn, nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func hostOf(hub string) (string, error) {
	if err := checkHub(hub); err != nil {
		return "", fmt.Errorf("this sensor is not enrolled: %w", err)
	}
	u, err := url.Parse(hub)
	if err != nil {
		return "", fmt.Errorf("address of the hub: %w", err)
	}
	return u.Hostname(), nil
}

// call asks the hub for one thing. A refusal is a *Refusal.
func (l *link) call(ctx context.Context, c *http.Client, method, path string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(l.home.Identity().Hub, "/")+path, body)
	if err != nil {
		return fmt.Errorf("ask the hub: %w", err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return fmt.Errorf("ask the hub: %w%s", err, hint(err))
	}
	defer func() { _ = resp.Body.Close() }() // it was read
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil || len(data) > maxAnswer {
		return fmt.Errorf("ask the hub: its answer broke off or is too long: %w", errors.Join(err))
	}
	if resp.StatusCode != http.StatusOK {
		return refusalFrom(resp, data)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("ask the hub: answer: %w", err)
	}
	return nil
}

// callJSON is call with a JSON body and a deadline.
func (l *link) callJSON(ctx context.Context, c *http.Client, method, path string, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var r io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("ask the hub: %w", err)
		}
		r = bytes.NewReader(data)
	}
	return l.call(ctx, c, method, path, r, into)
}

// refusalFrom reads a problem. What is none is taken for a hub that is not well.
func refusalFrom(resp *http.Response, data []byte) *Refusal {
	r := &Refusal{Why: WhyInternal, Words: resp.Status}
	if resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusTooManyRequests {
		r.Why = WhyBusy
	}
	var p problem
	if json.Unmarshal(data, &p) == nil {
		if why, ok := strings.CutPrefix(p.Type, problemType); ok && len(why) < maxID {
			r.Why, r.Words = Why(why), p.Detail
		}
	}
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && n > 0 {
		r.After = min(time.Duration(min(n, int(mostAfter/time.Second)))*time.Second, mostAfter)
	}
	return r
}

// hint says what it may mean that the hub ended a connection as soon as it saw the certificate: in TLS 1.3 the refusal comes after the handshake, and
// often the first write breaks before its reason is read; then there is no hint.
func hint(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" || strings.Contains(err.Error(), "client conn could not be established") {
		return " (the hub ended the connection: see there whether this sensor was revoked, and whether both clocks are right)"
	}
	return ""
}
