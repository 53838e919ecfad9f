package notice_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"candor/internal/notice"
	"candor/internal/verdict"
)

func blind() notice.Notice {
	return notice.Notice{
		ID: "n-1", Tenant: "bank", Sensor: "hq", Code: verdict.VantageOutside, Now: verdict.Yes, Since: noon, At: noon, Words: "It stands outside.", Do: "Move it.",
	}
}

// TestWebhook holds what arrives against what was sent, and the signature against the secret.
func TestWebhook(t *testing.T) {
	status := http.StatusNoContent
	var body []byte
	var header http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(status)
	}))
	defer server.Close()
	hook, err := notice.NewWebhook(server.URL+"/secret-path", []byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	n := blind()
	if err := hook.Send(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	var got notice.Notice
	if err := json.Unmarshal(body, &got); err != nil || got != n {
		t.Errorf("got %+v, %v", got, err)
	}
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write(body)
	if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); header.Get("Candor-Signature") != want {
		t.Errorf("signature %q", header.Get("Candor-Signature"))
	}
	if strings.Contains(hook.Name(), "secret") {
		t.Errorf("name %q tells the path", hook.Name())
	}
	for _, status = range []int{http.StatusFound, http.StatusInternalServerError, http.StatusTooManyRequests} {
		if err := hook.Send(t.Context(), &n); err == nil {
			t.Errorf("%d is no delivery", status)
		}
	}
	server.Close()
	if err := hook.Send(t.Context(), &n); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("error %v", err)
	}
}

// TestWebhookRefuses what is no address, and what a cloud answers secrets on.
func TestWebhookRefuses(t *testing.T) {
	for _, address := range []string{"", "example.com", "ftp://example.com", "file:///etc/passwd", "https://"} {
		if _, err := notice.NewWebhook(address, nil); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
	for _, address := range []string{"http://169.254.169.254/latest", "http://[fe80::1%25lo]/", "http://[::ffff:169.254.1.1]/"} {
		hook, err := notice.NewWebhook(address, nil)
		if err != nil {
			t.Fatal(err)
		}
		n := blind()
		if err := hook.Send(t.Context(), &n); err == nil || !strings.Contains(err.Error(), "link-local") {
			t.Errorf("%s: error %v", address, err)
		}
	}
}

// flaky fails a number of times.
type flaky struct {
	mu    sync.Mutex
	fails int
	tries int
}

func (f *flaky) Name() string { return "flaky" }

func (f *flaky) Send(context.Context, *notice.Notice) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tries++; f.tries <= f.fails {
		return errors.New("down")
	}
	return nil
}

// TestSenderTriesAgain delivers late rather than never; one way that is down holds up no other.
func TestSenderTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down, up := &flaky{fails: 6}, &flaky{}
		s := notice.NewSender(slog.New(slog.DiscardHandler), down, up)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		s.Put(blind())
		time.Sleep(time.Minute)
		if st := s.States(); st[1].Sent != 1 || st[0].Sent != 0 || st[0].Error == "" {
			t.Errorf("after a minute: %+v", st)
		}
		time.Sleep(time.Hour)
		if st := s.States(); st[0].Sent != 1 || st[0].Error != "" || st[0].Lost != 0 {
			t.Errorf("after an hour: %+v", st)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestSenderCountsLoss counts what a way that never worked did not deliver.
func TestSenderCountsLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := notice.NewSender(slog.New(slog.DiscardHandler), &flaky{fails: 1 << 30})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		for range 1002 {
			s.Put(blind())
		}
		time.Sleep(25 * time.Hour)
		if st := s.States()[0]; st.Lost < 2 || st.Sent != 0 { // those that no longer fitted, and the first one a day later
			t.Errorf("%+v", st)
		}
		cancel()
		<-done
	})
}

// TestMail speaks SMTP with a server that takes one mail.
func TestMail(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	got := make(chan string, 1)
	go serveMail(l, got)
	m, err := notice.NewMail(notice.MailConfig{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Plain: true, From: "candor@bank.example", To: []string{"cio@bank.example", "soc@msp.example"},
	})
	if err != nil {
		t.Fatal(err)
	}
	n := blind()
	if err := m.Send(t.Context(), &n); err != nil {
		t.Fatal(err)
	}
	text := <-got
	for _, want := range []string{"Subject: bank: sensor hq cannot see", "RCPT TO:<cio@bank.example>", "RCPT TO:<soc@msp.example>", "Move it.", "n-1"} {
		if !strings.Contains(text, want) {
			t.Errorf("mail lacks %q:\n%s", want, text)
		}
	}
	if _, err := notice.NewMail(notice.MailConfig{Host: "127.0.0.1", From: "nobody", To: []string{"x"}}); err == nil {
		t.Error("addresses that are none were taken")
	}
}

func serveMail(l net.Listener, got chan<- string) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	say := func(s string) { _, _ = io.WriteString(c, s+"\r\n") }
	say("220 test")
	var all strings.Builder
	r, data := bufio.NewReader(c), false
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		all.WriteString(line)
		switch {
		case data && line == ".\r\n":
			data = false
			got <- all.String()
			say("250 taken")
		case data:
		case strings.HasPrefix(line, "DATA"):
			data = true
			say("354 go on")
		case strings.HasPrefix(line, "QUIT"):
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
