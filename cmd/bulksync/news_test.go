package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// receiver is a host that takes notifications.
type receiver struct {
	url    string
	status int
	got    []string
}

// secretPath is what nothing may repeat of a notification's address.
const secretPath = "s3cret-hook"

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusAccepted}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.got = append(r.got, string(body))
		w.WriteHeader(r.status)
	}))
	t.Cleanup(server.Close)
	r.url = server.URL + "/" + secretPath + "?sig=" + secretPath
	return r
}

// audit runs an audit of the home with these flags, and returns its exit code.
func (h *home) audit(t *testing.T, args ...string) int {
	t.Helper()
	p := h.env.process
	return p.run(always(t), append(append([]string{"audit"}, args...), "--graph-url", h.address.graphURL))
}

// A notification is sent if there is news, and only then. Nothing repeats its
// address, and if it fails nothing else changes.
func TestNotify(t *testing.T) {
	h, hook := newHome(t, graphsim.Config{}), newReceiver(t)
	tenant := killTenant(1)
	yes := true
	set := func(allowed bool) {
		h.sim.SetPartner(graphsim.Partner{
			TenantID: tenant, IdentitySynchronization: graphsim.SyncAllowed("b", allowed), AutomaticUserConsentSettings: graphsim.Consent{InboundAllowed: &yes},
		})
	}
	set(true)
	csv, store := h.csv(t, tenant), h.file("store")
	write(t, csv, "tenantId,isSyncAllowed\n"+tenant+",true\n")
	for i, step := range []struct {
		allowed      bool
		status, exit int
		sent         int
	}{
		{true, 202, exitDone, 0},     // clean
		{false, 202, exitDiffers, 1}, // new
		{false, 202, exitDiffers, 1}, // continues
		{true, 500, exitDone, 2},     // fixed; the host fails
	} {
		set(step.allowed)
		hook.status = step.status
		if code := h.audit(t, csv, "--evidence", store, "--notify", hook.url); code != step.exit || len(hook.got) != step.sent {
			t.Errorf("step %d: exit code %d, %d sent:\n%s", i, code, len(hook.got), h.stderr)
		}
	}
	if len(hook.got) == 0 || !json.Valid([]byte(hook.got[0])) || !strings.Contains(hook.got[0], tenant) {
		t.Errorf("sent %q", hook.got)
	}
	if said := h.stderr.String(); strings.Count(said, "warning: the notification was not sent: the host answered 500 Internal Server Error") != 1 {
		t.Errorf("%s", said)
	}
	failed := 0
	for _, m := range keptFiles(t, store) {
		if strings.Contains(m.text, secretPath) {
			t.Errorf("%s holds the address", m.path)
		}
		if filepath.Base(m.path) == "manifest.json" && strings.Contains(m.text, `"problem": "the host answered 500 Internal Server Error"`) {
			failed++
		}
	}
	if strings.Contains(h.stderr.String()+h.stdout.String(), secretPath) || failed != 1 {
		t.Errorf("%d manifests say that it failed:\n%s", failed, h.stderr)
	}
}

// An address that would leak the findings, or cannot be one, is refused before
// anything is read; nothing repeats it.
func TestNotifyRefuses(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	csv := h.csv(t, killTenant(1))
	for address, want := range map[string]string{
		"http://hooks.example/" + secretPath:      "it would send the findings in clear",
		"ftp://hooks.example/" + secretPath:       "it would send the findings in clear",
		secretPath:                                "it is not a URL",
		"https://user:" + secretPath + "@\x7f:99": "it is not a URL",
	} {
		before := len(h.stderr.String())
		if code := h.audit(t, csv, "--evidence", h.file("store"), "--notify", address); code != exitCannotRun {
			t.Errorf("%q: exit code %d", address, code)
		}
		if said := h.stderr.String()[before:]; !strings.Contains(said, want) || strings.Contains(said, secretPath) {
			t.Errorf("%q: %s", address, said)
		}
	}
	if n := len(h.sim.Requests()); n > 0 {
		t.Errorf("%d requests were sent", n)
	}
	// A host that does not answer changes nothing either.
	if code := h.audit(t, csv, "--evidence", h.file("store"), "--notify", "http://127.0.0.1:1/"+secretPath); code != exitDiffers {
		t.Errorf("exit code %d", code)
	}
	if said := h.stderr.String(); !strings.Contains(said, "no connection, or none that can be trusted") || strings.Contains(said, secretPath) {
		t.Errorf("%s", said)
	}
}

// keptFile is a file below a folder.
type keptFile struct{ path, text string }

func keptFiles(t *testing.T, dir string) (all []keptFile) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all = append(all, keptFile{path, string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The variable stands for the flag, also with the line break of a secret's file.
// Errors name it, and a redirect is not followed.
func TestNotifyFromTheEnvironment(t *testing.T) {
	h, hook := newHome(t, graphsim.Config{}), newReceiver(t)
	csv, set := h.csv(t, killTenant(1)), ""
	getenv := h.env.process.getenv
	h.env.process.getenv = func(name string) string {
		if name == notifyVariable {
			return set
		}
		return getenv(name)
	}
	moved := httptest.NewServer(http.RedirectHandler(hook.url, http.StatusTemporaryRedirect))
	t.Cleanup(moved.Close)
	for i, step := range []struct {
		address    string
		exit, sent int
		says       string
	}{
		{hook.url + "\n", exitDiffers, 1, ""},
		{moved.URL + "/" + secretPath, exitDiffers, 1, "warning: the notification was not sent: the host answered 307 Temporary Redirect"},
		{"http://hooks.example/" + secretPath, exitCannotRun, 1, "error: " + notifyVariable + ": it would send the findings in clear"},
	} {
		set = step.address
		before := len(h.stderr.String())
		code := h.audit(t, csv, "--evidence", h.file("store"+string(rune('a'+i))), "--log-level", "debug")
		said := h.stderr.String()[before:]
		if code != step.exit || len(hook.got) != step.sent || !strings.Contains(said, step.says) || strings.Contains(said, secretPath) {
			t.Errorf("step %d: exit code %d, %d sent:\n%s", i, code, len(hook.got), said)
		}
	}
}
