package evidence_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bulksync/plan/audit"
)

// BenchmarkNextAudit measures what a store adds to an audit of 10,000 partners,
// by how many audits it holds: opening it, and sealing a hundred pages.
func BenchmarkNextAudit(b *testing.B) {
	for _, n := range []int{0, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "audits")
			for i := range n {
				addLarge(b, path, i, "{}")
			}
			body := strings.Repeat("x", 100_000)
			for i := 0; b.Loop(); i++ {
				addLarge(b, path, n+i, body)
			}
		})
	}
}

// BenchmarkOpen measures the opening of a store of large audits alone.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "audits")
	for i := range 500 {
		addLarge(b, path, i, "{}")
	}
	for b.Loop() {
		opened(b, path).Close()
	}
}

// addLarge adds an audit with a hundred pages.
func addLarge(b *testing.B, path string, i int, body string) {
	s := opened(b, path)
	defer s.Close()
	bundle := begun(b, s)
	for range 100 {
		bundle.Record(page(body))
	}
	at := noon.Add(time.Duration(i) * time.Minute)
	filled(b, bundle, at, audit.Clean)
	if _, err := bundle.Seal(b.Context(), manifest(at, audit.Clean), nil); err != nil {
		b.Fatal(err)
	}
}
