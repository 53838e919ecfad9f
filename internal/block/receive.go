package block

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// Receive reads a block as WriteTo wrote it and writes it as Seal does into dir: whole and durable, or not there. max bounds the bytes
// of the whole stream. check is asked once the manifest was read, before anything is written: it says whose key must have
// signed it, or refuses; its error is returned as it is, wrapped. No length and no name of the stream is believed.
func Receive(r io.Reader, dir string, max int64, check func(m *Manifest, hash string) (ed25519.PublicKey, error)) (*Block, error) {
	b, err := receive(osDisk{}, r, dir, max, check)
	if err != nil {
		return nil, fmt.Errorf("receive block: %w", err)
	}
	return b, nil
}

func receive(d disk, r io.Reader, dir string, max int64, check func(*Manifest, string) (ed25519.PublicKey, error)) (*Block, error) {
	all, err := readEnvelope(r, max)
	if err != nil {
		return nil, err
	}
	e, m, err := parseEnvelope(all)
	if err != nil {
		return nil, err
	}
	if err := m.checkReceived(max-headBytes, len(all)); err != nil {
		return nil, err
	}
	b := blockOf(dir, e, m, len(all))
	pub, err := check(m, b.Hash)
	if err != nil {
		return nil, err
	}
	if err := e.verify(pub); err != nil {
		return nil, err
	}
	err = whole(d, dir, func(tmp string) error {
		for i := range m.Files {
			if err := m.receiveFile(d, r, tmp, &m.Files[i]); err != nil {
				return err
			}
		}
		if n, err := io.ReadFull(r, make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			return errors.Join(errors.New("the stream goes on after its last file"), notEOF(err))
		}
		return put(d, filepath.Join(tmp, envelopeFile), func(w io.Writer) error {
			_, err := w.Write(all)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// headBytes are the magic and the envelope's length.
const headBytes = 8 + 4

func readEnvelope(r io.Reader, max int64) ([]byte, error) {
	var head [headBytes]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("its first bytes: %w", noEOF(err))
	}
	if !isMagic(head[:8]) {
		return nil, errors.New("not a block: it begins with other bytes")
	}
	size := int64(binary.BigEndian.Uint32(head[8:]))
	if size > maxEnvelope || size > max-headBytes {
		return nil, fmt.Errorf("an envelope of %d bytes, at most %d", size, min(maxEnvelope, max-headBytes))
	}
	var all bytes.Buffer // grows with what comes, not with what was promised
	if n, err := io.CopyN(&all, r, size); err != nil {
		return nil, fmt.Errorf("%d of %d bytes of the envelope: %w", n, size, noEOF(err))
	}
	return all.Bytes(), nil
}

// checkReceived bounds what a stranger may send.
func (m *Manifest) checkReceived(room int64, envelope int) error {
	rows := 0
	for _, n := range m.Rows {
		rows += n
	}
	if rows > MaxReceived {
		return fmt.Errorf("%d rows, at most %d", rows, MaxReceived)
	}
	room -= int64(envelope)
	for _, f := range m.Files {
		if f.Bytes > room {
			return errors.New("more bytes than a block may have")
		}
		room -= f.Bytes
	}
	return nil
}

// receiveFile takes the next file of the stream, and looks into it: a file whose rows are not those of the manifest, or which would be
// wild to read, is not kept.
func (m *Manifest) receiveFile(d disk, r io.Reader, tmp string, f *File) error {
	p, err := partOf(f.Kind)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	err = put(d, filepath.Join(tmp, fileName(f.Kind)), func(w io.Writer) error {
		sum := hashing{w: w, h: sha256.New()}
		n, err := io.CopyN(io.MultiWriter(&sum, &file), r, f.Bytes)
		if err != nil {
			return fmt.Errorf("%d of %d bytes: %w", n, f.Bytes, noEOF(err))
		}
		return f.is(&sum)
	})
	if err != nil {
		return err
	}
	_, err = p.reader(file.Bytes(), m.Rows[string(f.Kind)])
	return err
}

// noEOF calls an early end by its name.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func notEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
