package store

import (
	"fmt"

	"candor/internal/record"
)

// Each writes the records in their common order.
func (r *Rows) Each(to *record.Writer) error {
	next := map[record.Kind]int{}
	for _, k := range r.Order {
		i := next[k]
		next[k]++
		var err error
		switch k {
		case record.KindConn:
			err = to.Conn(&r.Conns[i])
		case record.KindDNS:
			err = to.DNS(&r.DNS[i])
		case record.KindTLS:
			err = to.TLS(&r.TLS[i])
		case record.KindHTTP:
			err = to.HTTP(&r.HTTP[i])
		case record.KindDHCP:
			err = to.DHCP(&r.DHCP[i])
		case record.KindLog:
			err = to.Log(&r.Logs[i])
		case record.KindAlert:
			err = to.Alert(&r.Alerts[i])
		case record.KindSight:
			err = fmt.Errorf("%w: sight is no record of a page", ErrInvalid)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
