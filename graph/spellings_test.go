package graph_test

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/url"
	"strings"
	"testing"

	"bulksync/graph"
)

// A gateway may write down what it received in another way than it came.
func TestNoErrorHoldsATokenInAnotherSpelling(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.eyJ0aWQiOiJhIiwic3ViIjoiPz8_Pj4-In0.c2lnbmF0dXJlL2NhbmFyeSt4"
	for name, said := range map[string]string{
		"base64":           base64.StdEncoding.EncodeToString([]byte(token)),
		"base64 for URLs":  base64.RawURLEncoding.EncodeToString([]byte(token)),
		"within base64, 1": base64.StdEncoding.EncodeToString([]byte("a" + token + "z")),
		"within base64, 2": base64.StdEncoding.EncodeToString([]byte("ab" + token + "zz")),
		"as a password":    base64.StdEncoding.EncodeToString([]byte("x:Bearer " + token)),
		"hexadecimal":      hex.EncodeToString([]byte(token)),
		"without a header": strings.SplitN(token, ".", 2)[1],
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, played(answer(403, `{"error":{"code":"c","message":"`+said+`"}}`)), token)
			_, err := c.Do(t.Context(), write)
			if err == nil || strings.Contains(err.Error(), said[8:len(said)-8]) || !strings.Contains(err.Error(), "[removed]") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A gateway may cut off what it writes down.
func TestNoErrorHoldsTheBeginningOfAToken(t *testing.T) {
	const token = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ0aWQiOiJhIiwic3ViIjoiPz8_Pj4-In0.c2lnbmF0dXJlL2NhbmFyeSt4"
	header, rest, _ := strings.Cut(token, ".")
	for name, said := range map[string]string{
		"in the header":           header[:len(header)-4],
		"after the header":        header + ".",
		"in the payload":          token[:len(header)+20],
		"in the signature":        token[:len(token)-6],
		"without a header":        rest[:len(rest)-6],
		"of the signature":        rest[strings.IndexByte(rest, '.')+1 : len(rest)-6],
		"in base64":               base64.StdEncoding.EncodeToString([]byte(token))[:40],
		"in hexadecimal, thrice":  strings.Repeat(hex.EncodeToString([]byte(token))[:60]+" ", 3),
		"whole, and then cut off": token + " " + token[:30],
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, played(answer(403, `{"error":{"code":"c","message":"got `+said+`"}}`)), token)
			_, err := c.Do(t.Context(), write)
			if err == nil || strings.Contains(err.Error(), said[8:16]) || !strings.Contains(err.Error(), "got [removed]") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is left of a text must be what was not the secret's.
func TestWithoutSecrets(t *testing.T) {
	spellings := graph.Spellings("s3cret+of+an+app/8Q~x")
	for said, want := range map[string]string{
		"":                            "",
		"s3cret+of+a":                 "s3cret+of+a", // too little to tell
		"s3cret+of+an":                "[removed]",
		"a s3cret+of+an+appendix":     "a [removed]endix",
		"s3cret%2Bof%2Ban%2Bap":       "[removed]",
		"s3cret+of+an s3cret+of+an+a": "[removed] [removed]",
		"s3cret+of+an+app/8Q~x, s3cret+of+an+app\\/8Q": "[removed], [removed]",
	} {
		if got := graph.WithoutSecrets(said, spellings); got != want {
			t.Errorf("%q: got %q, not %q", said, got, want)
		}
	}
}

func TestSpellings(t *testing.T) {
	const secret = `p+s/w~ "rd&<é`
	for name, said := range map[string]string{
		"unchanged":     secret,
		"in a form":     url.QueryEscape(secret),
		"in small":      strings.ToLower(url.QueryEscape(secret)),
		"in a path":     url.PathEscape(secret),
		"on a web page": html.EscapeString(secret),
		"in JSON":       `p+s/w~ \"rd\u0026\u003cé`,
		"in PHP's JSON": `p+s\/w~ \"rd\u0026\u003cé`,
		"hexadecimal":   strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"base64":        base64.StdEncoding.EncodeToString([]byte("client:" + secret)),
	} {
		for _, spelling := range graph.Spellings(secret) {
			said = strings.ReplaceAll(said, spelling, "")
		}
		// Of base64, the characters that the secret shares with its neighbours may be left.
		if said = strings.TrimSuffix(strings.TrimPrefix(said, "Y2xpZW50O"), "="); len(said) > 3 {
			t.Errorf("%s: %s is left", name, said)
		}
	}
}
