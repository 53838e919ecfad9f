package service

import (
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"candor/internal/answer"
	"candor/internal/judge"
	"candor/internal/record"
)

// WriteLines writes the records as `candor records` does, and a last line with what was understood and what was not seen.
func (f *Found) WriteLines(out io.Writer) error {
	to := record.NewWriter(out)
	for i := range f.Rows {
		if err := writeRow(to, &f.Rows[i]); err != nil {
			return err
		}
	}
	names := []string{}
	for i := range f.Spots {
		names = append(names, f.Spots[i].Name())
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(map[string]any{
		"_path": "lookup", "understood": f.Understood, "rows": len(f.Rows), "left_out": f.Left, "blind_spots": names, "notes": notNil(f.Notes),
	})
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

func writeRow(to *record.Writer, r *answer.Row) error {
	switch {
	case r.Conn != nil:
		return to.Conn(r.Conn)
	case r.DNS != nil:
		return to.DNS(r.DNS)
	case r.TLS != nil:
		return to.TLS(r.TLS)
	case r.HTTP != nil:
		return to.HTTP(r.HTTP)
	case r.DHCP != nil:
		return to.DHCP(r.DHCP)
	}
	return nil
}

// Line is a record in the columns of a table.
type Line struct {
	Time string `json:"time"`
	From string `json:"from"`
	To   string `json:"to"`
	What string `json:"what"`
	UID  string `json:"uid"`
}

// LineOf puts a record into columns.
func LineOf(r *answer.Row, zone *time.Location) Line {
	orig, resp := r.Ends()
	out := Line{Time: r.TS.Std().In(zone).Format("2006-01-02 15:04:05"), From: addrWords(orig), To: addrWords(resp)}
	switch {
	case r.Conn != nil:
		c := r.Conn
		out.To = endWords(c.RespH, c.RespP)
		out.UID = string(c.UID)
		out.What = strings.TrimSpace(fmt.Sprintf("%s %s %s", record.ProtoName(c.Proto), c.Service, c.State))
		out.What += fmt.Sprintf(", %s, sent %s bytes, got %s", judge.Long(c.Duration.Seconds()), judge.Count(c.OrigBytes), judge.Count(c.RespBytes))
		if r.ByAddress {
			out.What += ", by address: the name was answered with it"
		}
	case r.DNS != nil:
		out.UID = string(r.DNS.UID)
		out.What = "dns " + r.DNS.Query
		if n := len(r.DNS.Answers); n > 0 {
			out.What += " is " + strings.Join(r.DNS.Answers[:min(n, 4)], ", ")
		}
	case r.TLS != nil:
		out.To, out.UID = endWords(resp, r.TLS.RespP), string(r.TLS.UID)
		out.What = strings.TrimSpace("tls " + r.TLS.ServerName)
	case r.HTTP != nil:
		h := r.HTTP
		out.To, out.UID = endWords(resp, h.RespP), string(h.UID)
		out.What = fmt.Sprintf("http %s %s%s %d", h.Method, h.Host, cut(h.URI, 120), h.StatusCode)
	case r.DHCP != nil:
		out.UID = string(r.DHCP.UID)
		out.What = strings.TrimSpace("dhcp " + r.DHCP.HostName + " " + addrWords(r.DHCP.AssignedAddr))
	}
	return out
}

func cut(s string, most int) string {
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

func addrWords(a netip.Addr) string {
	if !a.IsValid() {
		return "-"
	}
	return a.String()
}

func endWords(a netip.Addr, port uint16) string {
	if !a.IsValid() {
		return "-"
	}
	return netip.AddrPortFrom(a, port).String()
}

// OthersWords names the other ends of a lookup, the busiest first.
func OthersWords(list []answer.Other) string {
	const most = 12
	var out []string
	for i, o := range list {
		if i == most && len(list) > most+1 {
			out = append(out, fmt.Sprintf("and %d more", len(list)-i))
			break
		}
		out = append(out, fmt.Sprintf("%s (%s)", o.Addr, judge.Count(o.Rows)))
	}
	return strings.Join(out, ", ")
}

// lookupNotes says what a reader of the rows must know.
func lookupNotes(f *answer.Found) []string {
	var out []string
	if !f.Window.Zero() && (f.Span.From < f.Window.From || f.Span.To > f.Window.To+1) {
		out = append(out, fmt.Sprintf("Only %s to %s was observed.", f.Window.From.Text(), f.Window.To.Text()))
	}
	if f.Left > 0 {
		out = append(out, fmt.Sprintf("Only the first %s records are kept; ask about a shorter time for the others.", judge.Count(answer.MaxRows)))
	}
	if f.Lost > 0 {
		out = append(out, fmt.Sprintf("%s addresses or connections of the name no longer fitted, and are not followed.", judge.Count(f.Lost)))
	}
	return out
}
