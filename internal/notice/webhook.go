package notice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Webhook posts notices as JSON. With a secret each carries the header Candor-Signature: "sha256=" and the hex HMAC of the body.
type Webhook struct {
	url    *url.URL
	secret []byte
	client *http.Client
}

// NewWebhook makes one. Redirects are not followed, and link-local addresses (a cloud's metadata service) are never called.
func NewWebhook(address string, secret []byte) (*Webhook, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("webhook %q: not an address such as https://example.com/hook", address)
	}
	dial := &net.Dialer{Timeout: 10 * time.Second, Control: refuseLinkLocal}
	transport := &http.Transport{DialContext: dial.DialContext, TLSHandshakeTimeout: 10 * time.Second, MaxIdleConns: 2, IdleConnTimeout: time.Minute}
	return &Webhook{url: u, secret: secret, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func refuseLinkLocal(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("call %s: %w", address, err)
	}
	if a.Addr().Unmap().IsLinkLocalUnicast() {
		return errors.New("link-local addresses are never called")
	}
	return nil
}

// Name is the host, without path or query, which may hold a secret.
func (w *Webhook) Name() string { return "webhook " + w.url.Host }

// Send posts the notice; anything but a 2xx answer is an error.
func (w *Webhook) Send(ctx context.Context, n *Notice) error {
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write notice: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Candor-Notice", n.ID)
	if len(w.secret) > 0 {
		mac := hmac.New(sha256.New, w.secret)
		mac.Write(body)
		req.Header.Set("Candor-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("call %s: %w", w.url.Host, errors.Unwrap(err)) // without the whole address
	}
	defer func() { _ = resp.Body.Close() }() // nothing more is read
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", w.url.Host, resp.Status)
	}
	return nil
}
