package graph

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// removed replaces a secret.
const removed = "[removed]"

// shortest is the minimum length of a token or a password that is searched for.
// Anything shorter is no secret, and would be found in half of all words.
const shortest = 6

// beginning is how much of a secret's start is taken for the secret, since what repeats it may cut it
// off: 12 characters, or three quarters of a short one, but at least 8. Fewer would be found in other
// words, and give little away.
func beginning(secret string) string {
	return secret[:min(len(secret), max(8, min(12, len(secret)*3/4)))]
}

// secrets are what no answer and no error may repeat: the bearer token of a request, and the
// credentials for the proxy. Some gateways echo the headers that they received.
type secrets []string

// with returns the secrets and the value of an Authorization header, without
// its scheme.
func (s secrets) with(authorization string) secrets {
	token := authorization[strings.LastIndexByte(authorization, ' ')+1:]
	if len(token) < shortest {
		return s
	}
	s = append(s[:len(s):len(s)], Spellings(token)...)
	if parts := strings.Split(token, "."); len(parts) == 3 { // without its header, which anybody can guess
		s = append(s, parts[1]+"."+parts[2], parts[2])
	}
	return slices.DeleteFunc(s, func(form string) bool { return len(form) < shortest })
}

// Spellings are the forms in which a secret may come back: unchanged, as JSON encoders, URLs and
// web pages escape it, in hexadecimal digits, and in base64, on its own or within something longer.
func Spellings(secret string) []string {
	quoted, _ := json.Marshal(secret) // a string always marshals
	escaped, inURL := string(quoted[1:len(quoted)-1]), url.QueryEscape(secret)
	digits := hex.EncodeToString([]byte(secret))
	all := append([]string{
		secret, escaped, strings.ReplaceAll(escaped, "/", `\/`), strings.ReplaceAll(escaped, "+", `\u002B`),
		inURL, lowerEscapes.ReplaceAllStringFunc(inURL, strings.ToLower), url.PathEscape(secret), html.EscapeString(secret),
		digits, strings.ToUpper(digits),
	}, inBase64(secret)...)
	slices.Sort(all[1:])
	return slices.Compact(all)
}

var lowerEscapes = regexp.MustCompile(`%[0-9A-F]{2}`)

// inBase64 is what base64 makes of a secret at each of the three places that its first byte can
// have, without the characters at the ends that are not the secret's alone.
func inBase64(secret string) (all []string) {
	for before := range 3 {
		plain := []byte(strings.Repeat("x", before) + secret)
		first, last := (before*8+5)/6, len(plain)*8/6
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if coded := e.EncodeToString(plain)[first:last]; len(coded) >= shortest {
				all = append(all, coded)
			}
		}
	}
	return all
}

// ofProxy returns the credentials for the environment's proxy, if it is used for
// root.
func ofProxy(root string) (s secrets) {
	req, err := http.NewRequest(http.MethodGet, root, nil)
	if err != nil {
		return nil
	}
	proxy, err := http.ProxyFromEnvironment(req)
	if err != nil || proxy == nil || proxy.User == nil {
		return nil
	}
	password, _ := proxy.User.Password()
	basic := &http.Request{Header: http.Header{}}
	basic.SetBasicAuth(proxy.User.Username(), password)
	s = s.with(basic.Header.Get("Authorization"))
	if _, escaped, _ := strings.Cut(proxy.User.String(), ":"); len(password) >= shortest {
		s = append(append(s, Spellings(password)...), escaped)
	}
	return s
}

// WithoutSecrets is text without a secret in any of its spellings, and without the beginning of one
// that was cut off. No spelling may be empty.
func WithoutSecrets(text string, spellings []string) string {
	if !slices.ContainsFunc(spellings, func(s string) bool { return strings.Contains(text, beginning(s)) }) {
		return text // as nearly always
	}
	for _, whole := range spellings { // first, so that no beginning hides the rest
		text = strings.ReplaceAll(text, whole, removed)
	}
	var kept strings.Builder
	for {
		at, end := beginningIn(text, spellings)
		if at < 0 {
			kept.WriteString(text)
			return kept.String()
		}
		kept.WriteString(text[:at] + removed)
		text = text[end:]
	}
}

// beginningIn is where text first holds the beginning of a spelling, the longest if there are
// several; -1 if nowhere.
func beginningIn(text string, spellings []string) (at, end int) {
	at = -1
	for _, s := range spellings {
		head := beginning(s)
		i := strings.Index(text, head)
		if i < 0 || at >= 0 && i > at {
			continue
		}
		n := len(head)
		for n < len(s) && i+n < len(text) && s[n] == text[i+n] {
			n++
		}
		if i != at || i+n > end {
			at, end = i, i+n
		}
	}
	return at, end
}

// cut removes the secrets from text.
func (s secrets) cut(text string) string { return WithoutSecrets(text, s) }

// fromHeader removes them from the headers of an answer.
func (s secrets) fromHeader(h http.Header) {
	for _, values := range h {
		for i, v := range values {
			if clean := s.cut(v); clean != v {
				values[i] = clean
			}
		}
	}
}

func (s secrets) fromBody(body []byte) []byte {
	said := string(body)
	if clean := s.cut(said); clean != said {
		return []byte(clean)
	}
	return body
}

// fromError removes them from the text of err, and keeps err as the cause.
func (s secrets) fromError(err error) error {
	if err == nil {
		return nil
	}
	said := err.Error()
	if clean := s.cut(said); clean != said {
		return &redacted{clean, err}
	}
	return err
}

type redacted struct {
	said string
	err  error
}

func (r *redacted) Error() string { return r.said }

func (r *redacted) Unwrap() error { return r.err }

// withoutPassword is a URL as a message may show it.
func withoutPassword(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.User != nil {
		return u.Redacted()
	}
	at := strings.LastIndexByte(raw, '@')
	if at < 0 {
		return raw
	}
	if scheme, _, ok := strings.Cut(raw[:at], "//"); ok {
		return scheme + "//" + removed + raw[at:]
	}
	return removed + raw[at:]
}
