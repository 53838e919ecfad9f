package transport

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"candor/internal/block"
	"candor/internal/record"
)

// routes lists all that the listener answers. What a sensor may read is its scope and acknowledgements.
func (s *Server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST "+pathBlocks, s.sensor(s.blocks))
	m.HandleFunc("POST "+pathHeartbeat, s.sensor(s.heartbeat))
	m.HandleFunc("GET "+pathScope, s.sensor(s.scope))
	m.HandleFunc("POST "+pathRenew, s.sensor(s.renew))
	m.HandleFunc("POST "+pathEnroll, s.anybody(s.enroll))
	m.HandleFunc("GET "+pathEnroll+"/{request}", s.anybody(s.enrolled))
	m.HandleFunc("/", s.anybody(func(*http.Request) (any, error) {
		return nil, refuse(WhyRequest, "there is nothing here")
	}))
	return m
}

// sensor wraps what only an approved sensor may ask. Who it is comes from its certificate and from the registry as it is at this request.
func (s *Server) sensor(h func(r *http.Request, e Enrolment) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
			s.answer(w, nil, refuse(WhyCertificate, "this needs the certificate of an approved sensor"))
			return
		}
		e, err := s.approved(r.Context(), r.TLS.PeerCertificates[0])
		if err != nil {
			s.answer(w, nil, err)
			return
		}
		s.conns.belongs(r, r.TLS.PeerCertificates[0])
		r.Body = &patientBody{ReadCloser: r.Body, control: http.NewResponseController(w), stall: s.stall}
		got, err := h(r, e)
		if err != nil && refusalOf(err).Why == WhyInternal {
			s.cfg.Log.Error("sensor's request", "tenant", e.Tenant, "sensor", e.Sensor, "path", r.URL.Path, "err", err)
		}
		s.answer(w, got, err)
	}
}

// answer writes what there is to say as JSON, or the refusal, which is counted.
func (s *Server) answer(w http.ResponseWriter, got any, err error) {
	if err != nil {
		r := refusalOf(err)
		s.counts.add(r.Why)
		writeProblem(w, r)
		return
	}
	data, err := json.Marshal(got)
	if err != nil {
		s.cfg.Log.Error("write answer", "err", err)
		writeProblem(w, refusalOf(err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data) // a peer that is gone asks again
}

// patientBody gives a body up when no byte comes for as long as stall.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	failed  error // of reading, for telling a broken way from a broken block
	reads   int
}

// patient gives the body that sensor has put in; where it did not, one that is not waited for at all.
func patient(r *http.Request) *patientBody {
	if b, ok := r.Body.(*patientBody); ok {
		return b
	}
	return &patientBody{ReadCloser: http.NoBody}
}

func (b *patientBody) Read(p []byte) (int, error) {
	b.reads++
	if b.control != nil {
		defer time.AfterFunc(b.stall, func() { _ = b.control.SetReadDeadline(time.Unix(1, 0)) }).Stop()
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = err
	}
	return n, err
}

// blocks takes one block and answers when the receiver has it durable.
func (s *Server) blocks(r *http.Request, e Enrolment) (any, error) {
	end, err := s.flights.begin(e.Peer())
	if err != nil {
		return nil, Busy(busyAfter, err.Error())
	}
	defer end()
	dir, err := s.cfg.Incoming(e.Tenant)
	if err != nil {
		return nil, fmt.Errorf("place for a block: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // the receiver moved it, or nobody wants it
	b, err := s.receive(patient(r), dir, e)
	if err != nil {
		return nil, err
	}
	ack, err := s.cfg.Receiver.Receive(context.WithoutCancel(r.Context()), e.Peer(), b) // a sensor that hangs up must not leave half of it
	if err != nil {
		return nil, err
	}
	ack.Position, ack.Hash = Position{b.Manifest.Epoch, b.Manifest.Sequence}, b.Hash
	return ack, nil
}

// receive writes a block to dir and verifies all of it against the enrolment.
func (s *Server) receive(way *patientBody, dir string, e Enrolment) (*block.Block, error) {
	asked := -1 // reads of the body when the key was asked for; the signature is verified before the next one
	b, err := block.Receive(way, dir, s.cfg.MaxBlock, func(m *block.Manifest, _ string) (ed25519.PublicKey, error) {
		if m.Tenant != e.Tenant || m.Sensor != e.Sensor {
			return nil, refuse(WhyForeign, "the block names tenant %q and sensor %q, the certificate %q and %q", m.Tenant, m.Sensor, e.Tenant, e.Sensor)
		}
		if m.Epoch == 0 || m.Sequence == 0 || len(m.Sources) > 0 {
			return nil, refuse(WhyDamaged, "a sensor's block has an epoch and a sequence from 1 and is not compacted")
		}
		asked = way.reads
		return e.Key, nil
	})
	if err == nil {
		return b, nil
	}
	var refused *Refusal
	if errors.As(err, &refused) {
		return nil, refused
	}
	if way.failed != nil {
		return nil, refuse(WhyRequest, "the block did not arrive whole")
	}
	return nil, blockRefusal(err, way.reads == asked)
}

// heartbeat hands a heartbeat on and answers with what is new for the sensor.
func (s *Server) heartbeat(r *http.Request, e Enrolment) (any, error) {
	var h Heartbeat
	if err := readJSON(r.Body, maxHeartbeatBody, &h); err != nil {
		return nil, err
	}
	reply, err := s.cfg.Watcher.Heartbeat(r.Context(), e.Peer(), &h)
	if err != nil {
		return nil, err
	}
	if reply == nil {
		reply = &Reply{}
	}
	reply.At = record.TimeOf(s.cfg.Clock.Now())
	if c := reply.Scope; c != nil && c.Agreement == h.Scope.Agreement && c.Revision == h.Scope.Revision {
		reply.Scope = nil
	}
	return reply, nil
}

// scope gives what the agreement tells this sensor to expect; null where there is none.
func (s *Server) scope(r *http.Request, e Enrolment) (any, error) {
	c, ok, err := s.cfg.Watcher.Scope(r.Context(), e.Peer())
	if err != nil || !ok {
		return nil, err
	}
	return c, nil
}

// find runs a look into the registry with a deadline.
func (s *Server) find(ctx context.Context, look func(context.Context) (Enrolment, error)) (Enrolment, error) {
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	return look(ctx)
}
