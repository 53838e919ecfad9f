package notice

import (
	"context"
	"fmt"

	"github.com/wneessen/go-mail"
)

// MailConfig says how mail leaves.
type MailConfig struct {
	Host     string   // of the mail server
	Port     int      // 0: 587
	User     string   // empty: no sign-in
	Password string   // from a file, never from a flag
	Plain    bool     // without TLS: only for a server on this machine
	From     string   // sender's address
	To       []string // who is told
}

// Mail sends notices by SMTP.
type Mail struct {
	cfg    MailConfig
	client *mail.Client
}

// NewMail makes one; nothing is sent yet.
func NewMail(cfg MailConfig) (*Mail, error) {
	if cfg.Port == 0 {
		cfg.Port = 587
	}
	opts := []mail.Option{mail.WithPort(cfg.Port), mail.WithTLSPolicy(mail.TLSMandatory), mail.WithTimeout(sendWait)}
	if cfg.Plain {
		opts[1] = mail.WithTLSPolicy(mail.NoTLS)
	}
	if cfg.User != "" {
		opts = append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(cfg.User), mail.WithPassword(cfg.Password))
	}
	client, err := mail.NewClient(cfg.Host, opts...)
	if err != nil {
		return nil, fmt.Errorf("mail server %q: %w", cfg.Host, err)
	}
	m := &Mail{cfg: cfg, client: client}
	if _, err := m.message(&Notice{}); err != nil {
		return nil, err
	}
	return m, nil
}

// Name is the server.
func (m *Mail) Name() string { return "mail by " + m.cfg.Host }

// Send sends the notice to all who are told.
func (m *Mail) Send(ctx context.Context, n *Notice) error {
	msg, err := m.message(n)
	if err != nil {
		return err
	}
	if err := m.client.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("send mail by %s: %w", m.cfg.Host, err)
	}
	return nil
}

func (m *Mail) message(n *Notice) (*mail.Msg, error) {
	msg := mail.NewMsg()
	if err := msg.From(m.cfg.From); err != nil {
		return nil, fmt.Errorf("sender %q: %w", m.cfg.From, err)
	}
	if err := msg.To(m.cfg.To...); err != nil {
		return nil, fmt.Errorf("receivers %q: %w", m.cfg.To, err)
	}
	msg.Subject(n.Title())
	if n.ID != "" {
		msg.SetMessageIDWithValue(n.ID + "@candor")
	}
	msg.SetBodyString(mail.TypeTextPlain, n.Text())
	return msg, nil
}
