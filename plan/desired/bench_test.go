package desired_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/gocarina/gocsv"
	"github.com/google/uuid"

	"bulksync/plan/desired"
)

const benchRows = 100_000

// benchCSV is a file as an administrator would keep it: five columns, canonical
// tenant IDs, and names that sometimes need quotes.
func benchCSV(rows int) []byte {
	random := rand.NewChaCha8([32]byte{1})
	var b bytes.Buffer
	b.WriteString("tenantId,displayName,userSyncInbound.isSyncAllowed,automaticUserConsentSettings.inboundAllowed,note\r\n")
	for i := range rows {
		id := uuid.Must(uuid.NewRandomFromReader(random))
		fmt.Fprintf(&b, "%s,\"Partner %d, Inc.\",%t,%t,CHG%07d\r\n", id, i, i%3 > 0, i%2 > 0, i)
	}
	return b.Bytes()
}

func BenchmarkReadRows(b *testing.B) {
	data := benchCSV(benchRows)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		rows, err := desired.ReadRows(context.Background(), bytes.NewReader(data), "bench.csv")
		if err != nil {
			b.Fatal(err)
		}
		if rows.Input.Rows != benchRows {
			b.Fatalf("%d rows", rows.Input.Rows)
		}
	}
}

// BenchmarkGocsvAlone is the yardstick: the same bytes through gocsv's pull loop
// into the same shape, with nothing checked and nothing kept.
func BenchmarkGocsvAlone(b *testing.B) {
	type record struct {
		TenantID        string `csv:"tenantId"`
		DisplayName     string `csv:"displayName"`
		IsSyncAllowed   string `csv:"userSyncInbound.isSyncAllowed"`
		InboundAllowed  string `csv:"automaticUserConsentSettings.inboundAllowed"`
		OutboundAllowed string `csv:"automaticUserConsentSettings.outboundAllowed"`
		Ensure          string `csv:"ensure"`
		Note            string `csv:"note"`
	}
	data := benchCSV(benchRows)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		decoder, err := gocsv.NewUnmarshaller(csv.NewReader(bytes.NewReader(data)), &record{})
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; ; n++ {
			if _, err := decoder.Read(); err == io.EOF && n == benchRows {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
