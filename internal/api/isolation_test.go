package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"candor/internal/access"
	"candor/internal/record"
)

// described are the routes as the description lists them: the same table that serves them.
func described(t *testing.T, y *yard) map[string][]string {
	t.Helper()
	code, body := y.call("", http.MethodGet, "/api/v1/openapi.json", "")
	if code != http.StatusOK {
		t.Fatalf("description: %d", code)
	}
	var spec struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal([]byte(body), &spec); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for path, methods := range spec.Paths {
		for m := range methods {
			out[path] = append(out[path], strings.ToUpper(m))
		}
	}
	return out
}

// fill puts objects into a path, and a body that would do something.
func fill(path string, tenant record.Tenant) (full, body string) {
	full = strings.NewReplacer("{tenant}", string(tenant), "{sensor}", "hq", "{fingerprint}", strings.Repeat("ab", 32), "{id}", "nothing").Replace(path)
	switch {
	case strings.HasSuffix(path, "/ask"):
		full += "?q=beaconing"
	case strings.HasSuffix(path, "/keys/{fingerprint}"):
		body = `{"decision":"revoke","reason":"x"}`
	case path == "/api/v1/tenants/{tenant}":
		body = `{"name":"mine now","keep_days":1,"keep_bytes":1}`
	case strings.HasSuffix(path, "/agreement"):
		body = "candor: v1\n"
	case path == "/api/v1/tokens":
		body = `{"name":"x","grants":[{"tenant":"` + string(tenant) + `","role":"viewer"}],"scopes":["read"],"days":1}`
	}
	return full, body
}

// TestNoCrossing walks every route with every role of one tenant against the other's things: nothing of the other is touched or told, and
// the answer is the same as for a tenant that is not there.
func TestNoCrossing(t *testing.T) {
	y := newYard(t)
	routes := described(t, y)
	if len(routes) < 12 {
		t.Fatalf("only %d routes", len(routes))
	}
	calls := 0
	for _, pair := range [][2]record.Tenant{{"bank", "mill"}, {"mill", "bank"}} {
		for _, role := range access.Roles() {
			token := y.token(role, pair[0])
			for path, methods := range routes {
				for _, m := range methods {
					full, body := fill(path, pair[1])
					clear(y.touched)
					code, text := y.call(token, m, full, body)
					calls++
					if y.touched[pair[1]] > 0 || strings.Contains(text, "secret of "+string(pair[1])) || strings.Contains(text, "secret-of-"+string(pair[1])) || strings.Contains(text, "The "+string(pair[1])) {
						t.Errorf("%s of %s: %s %s touched or told: %d %s", role, pair[0], m, full, code, text)
					}
					if !strings.Contains(path, "{tenant}") {
						continue
					}
					absent, body := fill(path, "nobody")
					absentCode, absentText := y.call(token, m, absent, body)
					if code != absentCode || text != absentText {
						t.Errorf("%s %s: %d %s; of a tenant that is not there %d %s", m, full, code, text, absentCode, absentText)
					}
					if code/100 == 2 {
						t.Errorf("%s of %s: %s %s gave %d", role, pair[0], m, full, code)
					}
				}
			}
		}
	}
	t.Logf("%d calls, 0 crossings wanted", calls)
	for _, id := range []record.Tenant{"bank", "mill"} {
		if a, err := y.people.Agreement(t.Context(), id); err != nil || a.Revision != 0 {
			t.Errorf("agreement of %s: revision %d, %v", id, a.Revision, err)
		}
	}
}

// TestOwnIsServed makes sure that the walk above is refused for whose it is, and not because nothing works.
func TestOwnIsServed(t *testing.T) {
	y := newYard(t)
	token := y.token(access.Admin, "bank")
	for path, methods := range described(t, y) {
		for _, m := range methods {
			full, body := fill(path, "bank")
			code, text := y.call(token, m, full, body)
			want := http.StatusOK
			switch {
			case path == "/api/v1/tenants/{tenant}": // only who may everywhere makes tenants
				want = http.StatusForbidden
			case path == "/api/v1/tokens/{id}", path == "/api/v1/tenants/{tenant}/agreement" && m == http.MethodGet:
				want = http.StatusNotFound
			case path == "/api/v1/tenants/{tenant}/agreement":
				want = http.StatusBadRequest
			}
			if code != want {
				t.Errorf("%s %s: %d %s, want %d", m, full, code, text, want)
			}
		}
	}
}

// TestNobody gets nothing without a good token.
func TestNobody(t *testing.T) {
	y := newYard(t)
	for _, token := range []string{"", "candor_x", strings.Repeat("x", 500)} {
		for path, methods := range described(t, y) {
			for _, m := range methods {
				full, body := fill(path, "bank")
				if code, text := y.call(token, m, full, body); code != http.StatusUnauthorized {
					t.Errorf("%s %s: %d %s", m, full, code, text)
				}
			}
		}
	}
	if len(y.touched) > 0 {
		t.Errorf("touched %v", y.touched)
	}
}

// TestRoles lets each role do what the table of access says, and no more.
func TestRoles(t *testing.T) {
	y := newYard(t)
	for _, c := range []struct {
		method, path, body string
		action             access.Action
	}{
		{http.MethodGet, "/api/v1/tenants/bank/result", "", access.ReadResults},
		{http.MethodGet, "/api/v1/tenants/bank/records", "", access.ReadRecords},
		{http.MethodGet, "/api/v1/tenants/bank/audit", "", access.ReadAudit},
		{http.MethodPost, "/api/v1/tenants/bank/sensors/hq/invitation", "", access.ManageSensors},
		{http.MethodPost, "/api/v1/tenants/bank/keys/" + strings.Repeat("ab", 32), `{"decision":"approve"}`, access.ManageSensors},
	} {
		for _, role := range access.Roles() {
			code, text := y.call(y.token(role, "bank"), c.method, c.path, c.body)
			want := http.StatusForbidden
			if role.May(c.action) {
				want = http.StatusOK
			}
			if code != want {
				t.Errorf("%s: %s %s: %d %s, want %d", role, c.method, c.path, code, text, want)
			}
		}
	}
}
