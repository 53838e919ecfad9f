package service

import (
	"context"
	"fmt"

	"candor/internal/access"
	"candor/internal/record"
	"candor/internal/store"
	"candor/internal/verdict"
)

// Result is what a sensor sees and what can be said; without a sensor's id that of the tenant's only one.
func (s *Service) Result(ctx context.Context, who *access.Principal, t record.Tenant, sensor record.Sensor) (*View, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadResults, t, "result "+clip(string(sensor)))
	if err != nil {
		return nil, err
	}
	return s.view(ctx, pass, sensor)
}

// view is the newest Result of a sensor that is the pass's tenant's.
func (s *Service) view(ctx context.Context, pass access.Pass, sensor record.Sensor) (*View, error) {
	if sensor == "" {
		live, err := s.p.Judges.Sensors(ctx, pass.Tenant())
		if err != nil {
			return nil, err
		}
		switch len(live) {
		case 0:
			return nil, notFound("sensor: none has sent anything yet")
		case 1:
			sensor = live[0].Sensor
		default:
			ids := make([]record.Sensor, 0, len(live))
			for _, l := range live {
				ids = append(ids, l.Sensor)
			}
			return nil, invalid("the tenant has several sensors: say which one of %v", ids)
		}
	}
	v, err := s.p.Judges.View(ctx, pass.Tenant(), sensor)
	if err == nil && v == nil {
		return nil, notFound("sensor")
	}
	return v, err
}

// Answered is an answer or the rows of a lookup; exactly one of its first two fields is set.
type Answered struct {
	Asked *Asked
	Found *Found
	Lines []Line // of Found, in the tenant's time zone
	View  *View
}

// Ask answers one question in free wording.
func (s *Service) Ask(ctx context.Context, who *access.Principal, t record.Tenant, sensor record.Sensor, question string) (*Answered, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadResults, t, "ask: "+clip(question))
	if err != nil {
		return nil, err
	}
	v, err := s.view(ctx, pass, sensor)
	if err != nil {
		return nil, err
	}
	asking, err := Ask(question, v.Agreement, v.Terms)
	if err != nil {
		return nil, invalid("%v", err)
	}
	sights, err := v.Sights(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	asking.Observe(&record.Batch{Span: windowOf(v.Result), Sight: sights})
	if !asking.IsLookup() {
		return &Answered{Asked: asking.Answer(v.Result), View: v}, nil
	}
	if _, err := s.p.Gate.Enter(ctx, who, access.ReadRecords, t, "ask: "+clip(question)); err != nil {
		return nil, err
	}
	missing, err := s.look(ctx, pass, v, asking)
	if err != nil {
		return nil, err
	}
	out := &Answered{Found: asking.Found(v.Result), View: v}
	out.Found.miss(missing)
	for i := range out.Found.Rows {
		out.Lines = append(out.Lines, LineOf(&out.Found.Rows[i], asking.Zone()))
	}
	return out, nil
}

// Records gives a page of stored records.
func (s *Service) Records(ctx context.Context, who *access.Principal, t record.Tenant, f store.Filter) (store.Page, error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadRecords, t, "records")
	if err != nil {
		return store.Page{}, err
	}
	return s.p.Records.Records(ctx, pass.Tenant(), f)
}

// Stream gives a tenant's events until stop is called.
func (s *Service) Stream(ctx context.Context, who *access.Principal, t record.Tenant) (events <-chan Event, stop func(), err error) {
	pass, err := s.p.Gate.Enter(ctx, who, access.ReadResults, t, "stream")
	if err != nil {
		return nil, nil, err
	}
	events, stop = s.p.Judges.Subscribe(pass.Tenant())
	return events, stop, nil
}

// look asks the store for the records of a lookup and hands them to it.
func (s *Service) look(ctx context.Context, pass access.Pass, v *View, asking *Asking) ([]record.Blind, error) {
	plan := planOf(asking.understood, v, asking.zone)
	var b record.Batch
	b.Span = windowOf(v.Result)
	var missing []record.Blind
	for _, f := range plan.first {
		page, err := s.p.Records.Records(ctx, pass.Tenant(), f)
		if err != nil {
			return nil, fmt.Errorf("look for records: %w", err)
		}
		missing = append(missing, page.Missing...)
		appendRows(&b, &page.Rows)
	}
	for _, f := range plan.then(&b) {
		page, err := s.p.Records.Records(ctx, pass.Tenant(), f)
		if err != nil {
			return nil, fmt.Errorf("look for records: %w", err)
		}
		missing = append(missing, page.Missing...)
		appendRows(&b, &page.Rows)
	}
	onlyOnce(&b)
	asking.Observe(&b)
	return missing, nil
}

func appendRows(b *record.Batch, r *store.Rows) {
	b.Conns = append(b.Conns, r.Conns...)
	b.DNS = append(b.DNS, r.DNS...)
	b.TLS = append(b.TLS, r.TLS...)
	b.HTTP = append(b.HTTP, r.HTTP...)
	b.DHCP = append(b.DHCP, r.DHCP...)
}

// onlyOnce removes connections that several questions found.
func onlyOnce(b *record.Batch) {
	seen := map[record.UID]bool{}
	kept := b.Conns[:0]
	for i := range b.Conns {
		c := &b.Conns[i]
		if seen[c.UID] {
			continue
		}
		seen[c.UID] = true
		c.Report, c.Final = 0, true // the store gave it whole
		kept = append(kept, *c)
	}
	b.Conns = kept
}

// miss adds what the store could not look at: with it, nothing found is no proof.
func (f *Found) miss(missing []record.Blind) {
	for i := range missing {
		b := &missing[i]
		f.Spots = append(f.Spots, verdict.Defect{
			Code: verdict.StoreMissing, Verdict: verdict.Yes, Now: verdict.Yes, Words: b.Words,
			Periods: []verdict.Period{{From: b.Span.From.Text(), To: b.Span.To.Text(), Verdict: verdict.Yes}},
		})
	}
	f.Blind = f.Blind || len(f.Rows) == 0 && len(missing) > 0
}
