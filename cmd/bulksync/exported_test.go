package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// altered serves a Graph whose answers are altered on their way.
func altered(sim *graphsim.Sim, replace func([]byte) []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := httptest.NewRecorder()
		sim.ServeHTTP(got, r)
		body, _ := io.ReadAll(got.Body)
		for name, values := range got.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(got.Code)
		w.Write(replace(body))
	})
}

// Whether a partner that cannot be read has a policy is not known, so a file
// without it would be half a tenant.
func TestAnUnreadablePartnerLeavesNoExport(t *testing.T) {
	sim := graphsim.New(graphsim.Config{})
	sim.SetPartner(graphsim.Partner{TenantID: "0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01", IdentitySynchronization: graphsim.SyncAllowed("Fabrikam", true)})
	sim.SetPartner(graphsim.Partner{TenantID: "1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02", IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
	server := httptest.NewServer(altered(sim, func(body []byte) []byte {
		return bytes.Replace(body, []byte(`"isSyncAllowed":true`), []byte(`"isSyncAllowed":"yes"`), 1)
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "partners.csv")
	var out, err bytes.Buffer
	p := &process{in: strings.NewReader(""), out: &out, messages: messages{stderr: &err}, getenv: func(name string) string {
		if name == "BULKSYNC_ACCESS_TOKEN" {
			return sim.Token(graphsim.TokenOptions{})
		}
		return ""
	}}
	if code := p.run(always(t), []string{"export", "--graph-url", server.URL, "--out", file}); code != exitIncomplete {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(err.String(), "could not be read: identitySynchronization") {
		t.Error(err.String())
	}
	if _, gone := os.Stat(file); gone == nil || out.Len() > 0 {
		t.Errorf("it was written: %q", out.String())
	}
}
