package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"candor/internal/api"
)

// remote are the flags that reach a hub instead of files.
type remote struct {
	Hub       string `help:"Ask this hub instead of files." placeholder:"URL"`
	Tenant    string `help:"Whose: the customer's id at the hub; not needed where there is one." placeholder:"ID"`
	TokenFile string `help:"File with the token for the hub; without it the environment's CANDOR_TOKEN holds one." placeholder:"FILE"`
	CA        string `name:"ca" help:"Certificate that the hub's is signed by, where this machine does not know it." placeholder:"FILE"`
}

// asked reports whether a hub is asked, and refuses inputs beside it.
func (c *remote) asked(inputs []string, others ...string) (bool, error) {
	if c.Hub == "" {
		if len(inputs) == 0 {
			return false, usage(errors.New("name an input, or a hub with --hub URL"))
		}
		if c.Tenant != "" || c.TokenFile != "" || c.CA != "" {
			return false, usage(errors.New("--tenant, --token-file and --ca go with --hub"))
		}
		return false, nil
	}
	if len(inputs) > 0 {
		return false, usage(errors.New("--hub and inputs do not go together"))
	}
	for _, flag := range others {
		if flag != "" {
			return false, usage(fmt.Errorf("%s goes with inputs only: a hub has its own", flag))
		}
	}
	return true, nil
}

// client calls a hub's API.
type client struct {
	base   *url.URL
	token  string
	http   *http.Client
	tenant string
}

// maxHubAnswer bounds what is read of one answer.
const maxHubAnswer = 1 << 30

// client reads token and certificate.
func (c *remote) client(w *world) (*client, error) {
	base, err := url.Parse(c.Hub)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" {
		return nil, usage(fmt.Errorf("--hub %q: not an address such as https://hub.example:8470", c.Hub))
	}
	token := w.token
	if c.TokenFile != "" {
		text, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return nil, usage(fmt.Errorf("--token-file: %w", err))
		}
		token = string(text)
	}
	if token = strings.TrimSpace(token); token == "" {
		return nil, usage(errors.New("a hub wants a token: --token-file FILE, or CANDOR_TOKEN in the environment"))
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, usage(fmt.Errorf("--ca: %w", err))
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, usage(fmt.Errorf("--ca %s: no certificate in it", c.CA))
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return &client{base: base, token: token, http: &http.Client{Transport: transport, Timeout: 5 * time.Minute}, tenant: c.Tenant}, nil
}

// of is a client for one tenant: that of the flag, else the only one there is.
func (c *remote) of(ctx context.Context, w *world) (*client, error) {
	hub, err := c.client(w)
	if err != nil || hub.tenant != "" {
		return hub, err
	}
	var list api.Tenants
	if err := hub.json(ctx, http.MethodGet, "/api/v1/tenants", nil, nil, &list); err != nil {
		return nil, err
	}
	if len(list.Tenants) != 1 {
		ids := make([]string, 0, len(list.Tenants))
		for _, t := range list.Tenants {
			ids = append(ids, string(t.ID))
		}
		return nil, usage(fmt.Errorf("say whose with --tenant: one of %s", strings.Join(ids, ", ")))
	}
	hub.tenant = string(list.Tenants[0].ID)
	return hub, nil
}

// path is an address below the client's tenant.
func (c *client) path(words ...string) string {
	out := "/api/v1/tenants/" + url.PathEscape(c.tenant)
	for _, word := range words {
		out += "/" + url.PathEscape(word)
	}
	return out
}

// A hub that has just started is asked again some times.
const (
	busyTries = 20
	busyPause = time.Second
)

// call makes one request, again while the hub says that it is not ready. The body of the answer must be closed; anything but 2xx is an error with the hub's words.
func (c *client) call(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := c.once(ctx, method, path, query, body)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode/100 == 2 {
			return resp, nil
		}
		wrong := refused(resp)
		if resp.StatusCode != http.StatusServiceUnavailable || try == busyTries {
			return nil, wrong
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (c *client) once(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the hub: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, &exitError{exitNoInput, fmt.Errorf("ask the hub: %w", err)}
	}
	return resp, nil
}

// refused is what the hub says of a request that it did not do.
func refused(resp *http.Response) error {
	defer func() { _ = resp.Body.Close() }() // nothing more is read
	var p api.Problem
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if json.Unmarshal(text, &p) != nil || p.Title == "" {
		p = api.Problem{Title: resp.Status, Detail: strings.TrimSpace(string(text))}
	}
	words := p.Title
	if p.Detail != "" {
		words += ": " + p.Detail
	}
	if p.ID != "" {
		words += " (" + p.ID + ")"
	}
	code := exitInternal
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		code = exitUsage
	case http.StatusNotFound:
		code = exitNoInput
	}
	return &exitError{code, errors.New(words)}
}

// json makes one request whose bodies are JSON; out may be nil.
func (c *client) json(ctx context.Context, method, path string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
	}
	resp, err := c.call(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	if out == nil {
		return nil
	}
	return decode(resp.Body, out)
}

func decode(r io.Reader, out any) error {
	if err := json.NewDecoder(io.LimitReader(r, maxHubAnswer)).Decode(out); err != nil {
		return fmt.Errorf("read the hub's answer: %w", err)
	}
	return nil
}
