package main

import (
	"slices"
	"strings"
	"testing"
)

// A pager gets what it needs to draw, and no secret, however that is named.
func TestPagerEnvironment(t *testing.T) {
	got := pagerEnvironment([]string{
		"PATH=/bin", "HOME=/home/ada", "TERM=xterm", "LC_ALL=C", "LESSCHARSET=utf-8", "LESSNESS",
		"BULKSYNC_ACCESS_TOKEN=s", "AZURE_CLIENT_SECRET=s", "AZURE_CLIENT_CERTIFICATE_PASSWORD=s", "AZURE_FEDERATED_TOKEN_FILE=s",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN=s", "SYSTEM_ACCESSTOKEN=s", "CONTOSO_TOKEN=s", "BULKSYNC_NOTIFY=s", "HTTPS_PROXY=s", "SSH_AUTH_SOCK=s", "PATHS=s",
	})
	if want := []string{"PATH=/bin", "HOME=/home/ada", "TERM=xterm", "LC_ALL=C", "LESSCHARSET=utf-8", "LESSNESS", "LESS=FRX"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := pagerEnvironment([]string{"LESS="}); !slices.Equal(got, []string{"LESS="}) {
		t.Errorf("%q", got)
	}
}

// The rows of a text on the screen are those of its lines, the long ones folded.
func TestRowsOfTheScreen(t *testing.T) {
	for text, want := range map[string]int{
		"":                                       0,
		"a\nb\n":                                 2,
		"0123456789\n":                           1,
		"0123456789a\n":                          2,
		strings.Repeat("x", 35) + "\n":           4,
		"\x1b[1m0123456789\x1b[0m\n":             1,
		"äöüäöüäöüä\n":                           1,
		"0123456789" + "0123456789" + "0" + "\n": 3,
	} {
		w := &paged{width: 10}
		for _, c := range []byte(text) { // as it may come
			w.count([]byte{c})
		}
		if w.rows != want {
			t.Errorf("%q takes %d rows, want %d", text, w.rows, want)
		}
	}
}
