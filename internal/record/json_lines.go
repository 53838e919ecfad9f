package record

type logJSON struct {
	Path    string  `json:"_path"`
	TS      seconds `json:"ts"`
	Feed    Feed    `json:"feed,omitempty"`
	Format  string  `json:"format,omitempty"`
	Host    string  `json:"host,omitempty"`
	User    string  `json:"user,omitempty"`
	Src     string  `json:"src,omitempty"`
	Dst     string  `json:"dst,omitempty"`
	Action  string  `json:"action,omitempty"`
	Result  string  `json:"result,omitempty"`
	Message string  `json:"message,omitempty"`
}

// Log prints a line of a promised log.
func (w *Writer) Log(l *Log) error {
	return w.write(logJSON{
		Path: string(KindLog), TS: seconds(l.TS), Feed: l.Feed, Format: l.Format, Host: l.Host, User: l.User, Src: addrText(l.Src), Dst: addrText(l.Dst),
		Action: l.Action, Result: l.Result, Message: l.Message,
	})
}

type alertJSON struct {
	endsJSON
	By        string `json:"by,omitempty"`
	Signature string `json:"signature,omitempty"`
	Category  string `json:"category,omitempty"`
	Severity  string `json:"severity,omitempty"`
}

// Alert prints what another tool said.
func (w *Writer) Alert(a *Alert) error {
	return w.write(alertJSON{endsJSON: a.json(KindAlert), By: a.By, Signature: a.Signature, Category: a.Category, Severity: a.Severity})
}
