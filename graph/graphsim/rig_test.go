package graphsim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

const (
	root     = "https://graph.microsoft.com"
	policy   = "/v1.0/policies/crossTenantAccessPolicy"
	partners = policy + "/partners"
	template = policy + "/templates/multiTenantOrganizationIdentitySynchronization"

	contoso  = "11111111-aaaa-4bbb-8ccc-000000000001"
	fabrikam = "22222222-aaaa-4bbb-8ccc-000000000002"
	sync     = partners + "/" + contoso + "/identitySynchronization"
)

// rig is a simulator and a client of it.
type rig struct {
	*graphsim.Sim
	t      *testing.T
	client *http.Client
	root   string
	token  string
	header http.Header
}

func newRig(t *testing.T, cfg graphsim.Config) *rig {
	sim := graphsim.New(cfg)
	return &rig{Sim: sim, t: t, client: &http.Client{Transport: sim.Transport()}, root: root,
		token: sim.Token(graphsim.TokenOptions{}), header: http.Header{"Content-Type": {"application/json"}}}
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

// code is the code of the error in the body, or "".
func (r reply) code() string {
	var e struct{ Error struct{ Code string } }
	_ = json.Unmarshal([]byte(r.body), &e)
	return e.Error.Code
}

func (r *rig) send(ctx context.Context, method, path, body string) reply {
	r.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = r.root + path
	}
	req, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header = r.header.Clone()
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(got), err}
}

func (r *rig) do(method, path, body string) reply {
	r.t.Helper()
	return r.send(r.t.Context(), method, path, body)
}

// must sends a request that has to succeed.
func (r *rig) must(method, path, body string) reply {
	r.t.Helper()
	got := r.do(method, path, body)
	if got.err != nil || got.status >= 300 {
		r.t.Fatalf("%s %s: %d %s %v", method, path, got.status, got.body, got.err)
	}
	return got
}

// want sends a request and checks the status and the code of the answer.
func (r *rig) want(status int, code, method, path, body string) reply {
	r.t.Helper()
	got := r.do(method, path, body)
	if got.err != nil || got.status != status || got.code() != code {
		r.t.Errorf("%s %s %s: got %d %s %v, want %d %s", method, path, body, got.status, got.body, got.err, status, code)
	}
	return got
}

// list follows every link from path and returns the pages.
func (r *rig) list(path string) (pages [][]graphsim.Partner) {
	r.t.Helper()
	for path != "" {
		var page struct {
			Value []graphsim.Partner
			Next  string `json:"@odata.nextLink"`
		}
		if err := json.Unmarshal([]byte(r.must("GET", path, "").body), &page); err != nil {
			r.t.Fatal(err)
		}
		pages, path = append(pages, page.Value), page.Next
	}
	return pages
}

// with adds partners that have only an ID.
func (r *rig) with(ids ...string) *rig {
	for _, id := range ids {
		r.SetPartner(graphsim.Partner{TenantID: id})
	}
	return r
}
