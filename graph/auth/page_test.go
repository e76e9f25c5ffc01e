package auth_test

import (
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"bulksync/graph/auth"
)

// docs/sign-in.md has a row for each way with the settings that the way asks
// for, and one for each refusal with its advice.
func TestThePageHasEveryWay(t *testing.T) {
	text, err := os.ReadFile("../../docs/sign-in.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.SplitN(strings.Trim(line, "| \n"), " | ", 2); len(cells) == 2 {
			rows[strings.Trim(cells[0], "`")] = cells[1]
		}
	}
	setting := regexp.MustCompile(`[A-Z][A-Z_]{5,}`)
	for _, way := range auth.Ways() {
		row, ok := rows[way]
		if !ok {
			t.Errorf("no row for %s", way)
		}
		_, err := auth.New(auth.Options{Way: auth.Way(way), Getenv: func(string) string { return "" }})
		if err == nil || !errors.As(err, new(*auth.Error)) {
			continue // it has no settings
		}
		for _, name := range setting.FindAllString(err.Error(), -1) {
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("the row of %s lacks %s", way, name)
			}
		}
	}
	for _, a := range auth.Advices {
		if row := rows["AADSTS"+a.Code()]; row != a.Text() {
			t.Errorf("AADSTS%s: the page says %q, and the hint %q", a.Code(), row, a.Text())
		}
	}
}
