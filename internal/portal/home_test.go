package portal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"candor/internal/labnet"
)

// TestHome shows the three answers of a box outside the firewall, and to nobody else's people.
func TestHome(t *testing.T) {
	h := newHouse(t)
	if code, text := h.get("viewer@bank", "/t/bank/"); code != http.StatusOK || !strings.Contains(text, "Cannot say") {
		t.Errorf("before anything came: %d", code)
	}
	h.watch(labnet.Outside, 10*time.Minute)
	code, text := h.get("viewer@bank", "/t/bank/")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, text)
	}
	for _, want := range []string{"Can it see what you pay for?", "Is anything wrong?", "vantage.outside", "First &lt;b&gt;Bank&lt;/b&gt;", `aria-current="page"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"<b>Bank", "style=", "onclick=", "javascript:"} {
		if strings.Contains(text, never) {
			t.Errorf("the page holds %q", never)
		}
	}
	if code, _ := h.post("viewer@bank", "/t/bank/", "x=1"); code == http.StatusOK {
		t.Error("a page that only shows took a form")
	}
	for as, want := range map[string]int{"viewer@mill": http.StatusNotFound, "": http.StatusSeeOther, "admin@*": http.StatusOK} {
		if code, text := h.get(as, "/t/bank/"); code != want || want != http.StatusOK && strings.Contains(text, "Bank") {
			t.Errorf("%q: %d", as, code)
		}
	}
}
