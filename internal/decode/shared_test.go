package decode

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"github.com/klauspost/compress/zstd"
)

// sharedFolder gives the folder of captures that are not part of the project, and skips the test where it is absent.
func sharedFolder(t testing.TB) string {
	t.Helper()
	folder := os.Getenv("CANDOR_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(folder, "data")); err != nil {
		t.Skip("no shared captures: set CANDOR_SHARED to the folder that holds data/ and bench/")
	}
	return folder
}

// captureFiles lists all captures under the shared folder.
func captureFiles(t testing.TB) (paths []string) {
	t.Helper()
	folder := sharedFolder(t)
	for _, sub := range []string{"data", "bench"} {
		err := filepath.WalkDir(filepath.Join(folder, sub), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name := strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst")
			if strings.HasSuffix(name, ".pcap") || strings.HasSuffix(name, ".pcapng") || strings.HasSuffix(name, ".cap") {
				paths = append(paths, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) == 0 {
		t.Skip("no captures in " + folder)
	}
	return paths
}

// readCapture hands each frame of a capture to each, until the file ends or is damaged. A short test reads the first frames only.
func readCapture(t testing.TB, path string, each func(link uint16, data []byte, wire uint32)) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var r io.Reader = bytes.NewReader(raw)
	switch filepath.Ext(path) {
	case ".gz":
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	case ".zst":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	plain, err := io.ReadAll(r)
	if err != nil && len(plain) == 0 {
		t.Fatal(err)
	}
	most := 1 << 30
	if testing.Short() {
		most = 2000
	}
	if len(plain) >= 4 && string(plain[:4]) == "\x0a\x0d\x0d\x0a" {
		ng, err := pcapgo.NewNgReader(bytes.NewReader(plain), pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
		for n := 0; err == nil && n < most; n++ {
			data, ci, readErr := ng.ReadPacketData()
			if readErr != nil {
				return
			}
			link := ng.LinkType()
			if len(ci.AncillaryData) > 0 {
				if l, ok := ci.AncillaryData[0].(layers.LinkType); ok {
					link = l
				}
			}
			each(uint16(link), data, uint32(ci.Length))
		}
		return
	}
	classic, err := pcapgo.NewReader(bytes.NewReader(plain))
	for n := 0; err == nil && n < most; n++ {
		data, ci, readErr := classic.ReadPacketData()
		if readErr != nil {
			return
		}
		each(uint16(classic.LinkType()), data, uint32(ci.Length))
	}
}
