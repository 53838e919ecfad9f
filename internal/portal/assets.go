package portal

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"candor/internal/report"
)

//go:embed web
var web embed.FS

// assets are what browsers load: styles and scripts. Their addresses carry a hash of their bytes, so that browsers may keep them.
type assets struct {
	byPath map[string][]byte // as addressed
	names  map[string]string // address by plain name
}

func loadAssets() (*assets, error) {
	a := &assets{byPath: map[string][]byte{}, names: map[string]string{}}
	files, err := fs.Glob(web, "web/*")
	if err != nil {
		return nil, fmt.Errorf("list web files: %w", err)
	}
	for _, file := range files {
		if path.Ext(file) != ".css" && path.Ext(file) != ".js" && path.Ext(file) != ".svg" {
			continue
		}
		text, err := web.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read web file: %w", err)
		}
		name := path.Base(file)
		if name == "app.css" {
			text = append([]byte(report.Style()), text...)
		}
		sum := sha256.Sum256(text)
		stem, ext, _ := strings.Cut(name, ".")
		address := "/assets/" + stem + "-" + hex.EncodeToString(sum[:6]) + "." + ext
		a.byPath[address], a.names[name] = text, address
	}
	return a, nil
}

// ServeHTTP gives a file by its hashed address.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := a.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, path.Base(r.URL.Path), time.Time{}, bytes.NewReader(text))
}

// address is where a file is loaded from.
func (a *assets) address(name string) (string, error) {
	if at, ok := a.names[name]; ok {
		return at, nil
	}
	return "", fmt.Errorf("no web file %q", name)
}
