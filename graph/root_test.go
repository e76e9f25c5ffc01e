package graph_test

import (
	"strings"
	"testing"

	"bulksync/graph"
)

func TestARootURLIsAHostThatKeepsTheTokenSecret(t *testing.T) {
	for raw, want := range map[string]string{
		"https://graph.microsoft.com":  "https://graph.microsoft.com",
		"https://graph.microsoft.com/": "https://graph.microsoft.com",
		"HTTPS://Graph.Microsoft.com":  "https://graph.microsoft.com",
		"https://proxy.local:8443":     "https://proxy.local:8443",
		"http://127.0.0.1:8080":        "http://127.0.0.1:8080",
		"http://127.8.9.10":            "http://127.8.9.10",
		"http://[::1]:8080/":           "http://[::1]:8080",
		"http://localhost:1":           "http://localhost:1",
		"http://LOCALHOST:1":           "http://localhost:1",
	} {
		if got, err := graph.CheckRoot(raw); got != want || err != nil {
			t.Errorf("%s: got %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestABadRootURLIsRefusedWithTheReason(t *testing.T) {
	for raw, want := range map[string]string{
		"":                                  "is not a host URL",
		"graph.microsoft.com":               "is not a host URL",
		"https://":                          "is not a host URL",
		"https://:8443":                     "is not a host URL",
		"https://user@graph.microsoft.com":  "is not a host URL",
		"https://graph.microsoft.com?a=b":   "is not a host URL",
		"https://graph.microsoft.com#x":     "is not a host URL",
		"https://graph.microsoft.com/v1.0":  "names a path: give the host alone, /v1.0 is added",
		"https://graph.microsoft.com/beta/": "names a path",
		"http://graph.microsoft.com":        "would send the token in clear: use https",
		"http://127.0.0.1.example.com":      "would send the token in clear",
		"http://localhost.example.com":      "would send the token in clear",
		"http://10.0.0.1":                   "would send the token in clear",
		"http://0.0.0.0:80":                 "would send the token in clear",
		"ftp://127.0.0.1":                   "would send the token in clear",
	} {
		got, err := graph.CheckRoot(raw)
		if err == nil || got != "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want an error with %q", raw, got, err, want)
		}
		if _, err := graph.New(graph.Options{RootURL: raw}); err == nil {
			t.Errorf("%s: New takes it", raw)
		}
	}
}

func TestEachCloudHasItsHostAndItsScope(t *testing.T) {
	for name, host := range map[string]string{
		"global": "https://graph.microsoft.com", "usgov": "https://graph.microsoft.us",
		"usgov-dod": "https://dod-graph.microsoft.us", "china": "https://microsoftgraph.chinacloudapi.cn",
	} {
		c, err := graph.ParseCloud(strings.ToUpper(name))
		if err != nil || c.RootURL() != host || c.Scope() != host+"/.default" || c.HasTemplates() != (name == "global") {
			t.Errorf("%s: %v %s %s %t", name, err, c.RootURL(), c.Scope(), c.HasTemplates())
		}
	}
	if _, err := graph.ParseCloud("germany"); err == nil || err.Error() != `unknown cloud "germany": use global, usgov, usgov-dod or china` {
		t.Errorf("got %v", err)
	}
}
