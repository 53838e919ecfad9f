package syslog

import (
	"bytes"
	"strings"

	"candor/internal/ingest"
	"candor/internal/record"
)

// windows reads Windows Security events as JSON lines: of Winlogbeat (winlog.event_id, event_data), NXLog (EventID, fields at the
// top), and Event XML turned into JSON (Event.System, EventData.Data with names and texts).
type windows struct {
	object ingest.JSON
	visit  func(path []byte, v ingest.Value)
	offset record.Time
	e      windowsEvent
}

// windowsEvent is one event as far as it is needed.
type windowsEvent struct {
	id      string
	times   [3]when // best first: when it happened, when it was read, other
	host    string
	user    string
	address string
	status  string
	logon   string
	name    string // of a pair of name and text, and where it was
	nameAt  int
	text    string
	textAt  int
}

func (w *windows) init() { w.visit = w.field }

// parse reads one event.
func (w *windows) parse(line []byte, l *record.Log, offset record.Time) (at when, unknown string, err error) {
	w.e, w.offset = windowsEvent{nameAt: -1, textAt: -1}, offset
	if err := w.object.Scan(line, w.visit); err != nil {
		return at, "", err
	}
	e := &w.e
	if at = firstOf(e.times[:]); at.at == 0 {
		return at, "", errTime
	}
	if e.id == "" {
		return at, "", errForm
	}
	l.Format, l.Host, l.User = string(ingest.WindowsJSON), e.host, e.user
	l.Src, _ = ingest.Addr([]byte(e.address))
	l.Message = "event " + e.id
	if e.logon != "" {
		l.Message += ", logon type " + e.logon
	}
	if e.status != "" {
		l.Message += ", status " + e.status
	}
	if !meaningOf(e, l) {
		return at, "event " + e.id, nil
	}
	return at, "", nil
}

// meaningOf gives action and result of an event.
func meaningOf(e *windowsEvent, l *record.Log) bool {
	byStatus := ResultFailure
	if strings.Trim(strings.TrimPrefix(strings.ToLower(e.status), "0x"), "0") == "" && e.status != "" {
		byStatus = ResultSuccess
	}
	switch e.id {
	case "4624":
		l.Action, l.Result = ActionLogin, ResultSuccess
	case "4625":
		l.Action, l.Result = ActionLogin, ResultFailure
	case "4634", "4647":
		l.Action, l.Result = ActionLogout, ResultSuccess
	case "4648":
		l.Action = ActionElevate // explicit credentials were used; whether they worked, another event says
	case "4768", "4769":
		l.Action, l.Result = ActionTicket, byStatus
	case "4771":
		l.Action, l.Result = ActionTicket, ResultFailure
	case "4776":
		l.Action, l.Result = ActionLogin, byStatus
	case "4740":
		l.Action, l.Result = ActionLockout, ResultSuccess
	default:
		return false
	}
	if l.Result == ResultFailure && e.status == "" && (e.id == "4768" || e.id == "4769" || e.id == "4776") {
		l.Result = ""
	}
	return true
}

// field takes one value of the line over.
func (w *windows) field(path []byte, v ingest.Value) {
	if v.Kind == ingest.Null {
		return
	}
	at := bytes.LastIndexByte(path, '.')
	last := path[at+1:]
	if i := bytes.LastIndex(path, []byte("Data.")); i >= 0 && (i == 0 || path[i-1] == '.') && w.pair(path[i+len("Data."):], v) {
		return
	}
	e := &w.e
	switch string(last) {
	case "#text", "_", "$", "text", "content": // EventID with attributes
		if bytes.HasSuffix(path[:max(at, 0)], []byte("EventID")) {
			e.id = string(v.Text)
		}
	case "EventID", "event_id", "EventCode":
		e.id = string(v.Text)
	case "code":
		if string(path) == "event.code" && e.id == "" {
			e.id = string(v.Text)
		}
	case "SystemTime", "@SystemTime", "TimeCreated", "EventTime":
		w.time(0, v)
	case "@timestamp", "TimeGenerated":
		w.time(1, v)
	case "timestamp", "created":
		w.time(2, v)
	case "Computer", "computer_name", "Hostname", "ComputerName":
		e.host = string(v.Text)
	case "name":
		if string(path) == "host.name" && e.host == "" {
			e.host = string(v.Text)
		}
	default:
		w.data(last, string(v.Text))
	}
}

// time reads ISO time stamps, and /Date(1700000000000)/ of PowerShell.
func (w *windows) time(rank int, v ingest.Value) {
	b := v.Text
	if t, ok := isoWhen(b, w.offset); ok {
		w.e.times[rank] = t
		return
	}
	b = bytes.TrimSuffix(bytes.TrimPrefix(b, []byte("/Date(")), []byte(")/"))
	if ms, ok := ingest.Uint(b); ok && len(b) >= 12 && len(b) <= 13 {
		w.e.times[rank] = when{at: record.Time(ms) * 1e6}
	}
}

// pair takes one half of {"@Name": "IpAddress", "#text": "192.0.2.7"} over.
func (w *windows) pair(key []byte, v ingest.Value) bool {
	e := &w.e
	switch string(key) {
	case "@Name", "Name", "#attributes.Name", "_attributes.Name", "$.Name":
		e.name, e.nameAt = string(v.Text), v.Index
	case "#text", "text", "_text", "_", "content", "Value":
		e.text, e.textAt = string(v.Text), v.Index
	default:
		return false
	}
	if e.nameAt == e.textAt && e.name != "" && e.nameAt >= 0 {
		w.data([]byte(e.name), e.text)
		e.name, e.nameAt, e.textAt = "", -1, -1
	}
	return true
}

// data takes a field of the event over.
func (w *windows) data(name []byte, text string) {
	e := &w.e
	if text == "-" {
		return
	}
	switch string(name) {
	case "TargetUserName", "LogonAccount":
		e.user = text
	case "IpAddress", "SourceAddress":
		e.address = text
	case "Status", "FailureCode", "ErrorCode":
		e.status = text
	case "LogonType":
		e.logon = text
	}
}
