package graphsim_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

func benchRequest(b *testing.B, sim *graphsim.Sim, token, method, path, body string) {
	req, err := http.NewRequest(method, root+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := sim.Transport().RoundTrip(req)
	if err != nil || res.StatusCode >= 300 {
		b.Fatal(res, err)
	}
	io.Copy(io.Discard, res.Body)
}

// One write, in process: what the simulator adds to every benchmark that uses it.
func BenchmarkPatch(b *testing.B) {
	sim := graphsim.New(graphsim.Config{NoHistory: true})
	sim.SetPartner(graphsim.Partner{TenantID: contoso, IdentitySynchronization: graphsim.SyncAllowed("Contoso", true)})
	token := sim.Token(graphsim.TokenOptions{})
	b.ReportAllocs()
	for b.Loop() {
		benchRequest(b, sim, token, "PATCH", sync, `{"userSyncInbound":{"isSyncAllowed":false}}`)
	}
}

// One page must cost the same in a small tenant and in a large one.
func BenchmarkPage(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("of %d partners", n), func(b *testing.B) {
			sim := graphsim.New(graphsim.Config{Partners: n, NoHistory: true})
			token := sim.Token(graphsim.TokenOptions{})
			b.ReportAllocs()
			for b.Loop() {
				benchRequest(b, sim, token, "GET", partners+"?$expand=identitySynchronization", "")
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		graphsim.New(graphsim.Config{Partners: 100_000})
	}
}
