package source

import (
	"cmp"
	"slices"

	"candor/internal/capture"
	"candor/internal/decode"
	"candor/internal/record"
)

// inputs says how far each input was read, in the order in which they were given.
func (s *Source) inputs() []record.Input {
	out := make([]record.Input, 0, len(s.files)+len(s.alien))
	for i, f := range s.files {
		in := s.input(f.Status(), s.links[i])
		in.Index = s.order[i]
		out = append(out, in)
	}
	out = append(out, s.alien...)
	slices.SortFunc(out, func(a, b record.Input) int { return cmp.Compare(a.Index, b.Index) })
	return out
}

func (s *Source) input(st capture.Status, links map[uint16]uint64) record.Input {
	in := record.Input{Path: st.Path, Kind: st.Kind, Feed: s.opts.Feed, Packets: st.Packets, Bytes: st.Bytes, Records: 0}
	if in.Kind == "" {
		in.Kind = st.Compression // the compressed stream broke before it said what it holds
	}
	for link, n := range links {
		in.Unread = append(in.Unread, record.Unread{Link: decode.LinkName(link), Frames: n})
	}
	slices.SortFunc(in.Unread, func(a, b record.Unread) int { return cmp.Compare(a.Link, b.Link) })
	if st.Damage != nil {
		in.Stopped = &record.Stopped{At: st.Damage.At, Unread: st.Damage.Unread, Because: st.Damage.Because}
	}
	return in
}
