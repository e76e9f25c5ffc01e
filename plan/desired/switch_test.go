package desired_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"bulksync/plan/desired"
)

// Excel writes its truth values in its own language, and people write them in any
// letter case.
func TestTruthValuesOfSpreadsheets(t *testing.T) {
	for _, pair := range []string{
		"TRUE FALSE", "WAHR FALSCH", "VRAI FAUX", "VERDADERO FALSO", "VERO FALSO", "VERDADEIRO FALSO", "WAAR ONWAAR", "SANT FALSKT",
		"SAND FALSK", "SANN USANN", "TOSI EPÄTOSI", "tosi epa\u0308tosi", "PRAWDA FAŁSZ", "PRAVDA NEPRAVDA", "IGAZ HAMIS", "DOĞRU YANLIŞ",
		"doğru yanlış", "ИСТИНА ЛОЖЬ",
	} {
		for i, word := range strings.Fields(pair) {
			first, size := utf8.DecodeRuneInString(word)
			for _, cell := range []string{word, strings.ToLower(word), string(first) + strings.ToLower(word[size:])} {
				if on, problem := readSwitch(cell); problem != nil || on != fmt.Sprint(i == 0) {
					t.Errorf("%q is %s: %v", cell, on, problem)
				}
			}
		}
	}
	for _, cell := range []string{"ture", "WHAR", "FALSCHE", "wah", "NEIN", "si", "VERITAS", "pravdaa"} {
		if on, problem := readSwitch(cell); problem == nil || !strings.Contains(problem.Error(), "use true/false") {
			t.Errorf("%q is %s: %v", cell, on, problem)
		}
	}
}

// readSwitch reads a row with a cell that is on or off.
func readSwitch(cell string) (string, error) {
	rows, err := desired.ReadRows(context.Background(), strings.NewReader("tenantId,isSyncAllowed\n"+idA+","+cell+"\n"), "p.csv")
	if err != nil {
		return "", err
	}
	partners, err := rows.Resolve("99999999-0000-4000-8000-000000000009", nil)
	if err != nil {
		return "", err
	}
	return fmt.Sprint(partners.Rows[0].Value(desired.IdentitySynchronization.Property("userSyncInbound.isSyncAllowed"))), nil
}
