package report

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"bulksync/internal/fleet"
)

// OfFleet reports whether a fleet has this format.
func (f Format) OfFleet() bool {
	return slices.Contains([]Format{Text, JSON, CSV, Markdown, HTML, JUnit}, f)
}

// Fleet writes what is known of the home tenants of a manifest.
func Fleet(w io.Writer, r *fleet.Rollup, f Format, _ Options) error {
	if f == JSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	for _, row := range r.Rows {
		if _, err := fmt.Fprintln(w, OneLine(fmt.Sprintf("%s %s %s %s", row.Name, row.Status, row.Problem, row.Next))); err != nil {
			return err
		}
	}
	return nil
}
