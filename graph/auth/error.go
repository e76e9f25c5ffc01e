package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// Error says that there is no token, or one that must not be used. Its text is short and holds no
// secret; its cause is the library's long error.
type Error struct {
	msg    string
	err    error
	next   string
	passes bool
	// trouble is what the sign-in host did, if that may pass, and wait how long it asked to wait.
	trouble string
	wait    time.Duration
}

// MayPass reports whether the first sign-in failed for a reason that may pass by itself: the sign-in
// host gave no answer, was busy, or failed.
func MayPass(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.passes
}

// Trouble is what is wrong if MayPass, and how long the sign-in host asked to wait; 0 if it did not.
func Trouble(err error) (what string, wait time.Duration) {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e.trouble, e.wait
	}
	return "", 0
}

// Error says in one line why there is no token.
func (e *Error) Error() string { return e.msg }

// Next is what to do about it; empty if nothing in particular.
func (e *Error) Next() string { return e.next }

// Unwrap returns what the library said.
func (e *Error) Unwrap() error { return e.err }

// NonRetriable marks that another attempt cannot help, by the convention of the Azure
// libraries: the credential has already retried where it could.
func (*Error) NonRetriable() {}

// unavailable turns a credential's error into an Error, unless ctx ended. With renewal, a failure
// that may pass is not an Error: a run does not end because the sign-in host is unavailable for a
// moment.
func unavailable(ctx context.Context, err error, renewal bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if final := (*Error)(nil); errors.As(err, &final) {
		return final
	}
	msg := "no access token: " + condense(err.Error())
	if hidden := (*redacted)(nil); errors.As(err, &hidden) {
		msg = hidden.secrets.cut(msg) // again, since condense undoes the escapes of an answer
	}
	what, wait := troubleOf(err, msg)
	if renewal && passes(err) {
		return &passing{msg, what, wait}
	}
	e := &Error{msg: msg, err: err, next: advise(msg), passes: certainlyPasses(err), trouble: what, wait: wait}
	if down := (*outage)(nil); errors.As(err, &down) && down.silent() {
		e.next = "check the network, its DNS, and the proxy if there is one (HTTPS_PROXY): the sign-in host does not answer"
	}
	if own := (*assertionError)(nil); errors.As(err, &own) && own.next != "" {
		e.next = own.next
	}
	if e.passes && e.next == "" && e.wait > 0 {
		e.next = fmt.Sprintf("try again in %s, for which the host that was asked for a token asks, or let --outage be longer", e.wait.Round(time.Second))
	}
	if e.passes && e.next == "" {
		e.next = "try again later: the host that was asked for a token failed, or was busy"
	}
	return e
}

// passing is a failed renewal that may be tried again. It holds no cause: all errors of the library
// are marked as final.
type passing struct {
	msg, trouble string
	wait         time.Duration
}

// troubleOf is what the sign-in host did, or else what msg says, and how long it asked to wait.
func troubleOf(err error, msg string) (what string, wait time.Duration) {
	if down := (*outage)(nil); errors.As(err, &down) && !errors.As(err, new(*assertionError)) {
		return trouble(down.failure), down.wait
	} else if down != nil {
		wait = down.wait
	}
	return strings.TrimPrefix(msg, "no access token: "), wait
}

func (p *passing) Error() string { return p.msg }

// passes reports whether the sign-in host was not reached, or failed itself. If there was no
// answer, the library keeps no cause.
func passes(err error) bool {
	if own := (*assertionError)(nil); errors.As(err, &own) {
		return own.passes
	}
	var failed *azidentity.AuthenticationFailedError
	if !errors.As(err, &failed) {
		return errors.As(err, new(*outage)) || errors.As(err, new(net.Error))
	}
	if failed.RawResponse == nil {
		return true
	}
	return mayPass(failed.RawResponse.StatusCode)
}

// certainlyPasses is passes without the benefit of the doubt, which only a sign-in that has worked
// before deserves.
func certainlyPasses(err error) bool {
	var failed *azidentity.AuthenticationFailedError
	var own *assertionError
	switch {
	case errors.As(err, &own):
		return own.passes && own.remote
	case errors.As(err, new(*outage)):
		return true
	default:
		return errors.As(err, &failed) && failed.RawResponse != nil && mayPass(failed.RawResponse.StatusCode)
	}
}

// mayPass reports whether a status says that another attempt may help.
func mayPass(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// The library's messages have many lines: a chain lists each credential after one tab, with further
// lines after two, and a refusal shows the whole HTTP answer.
var (
	answer      = regexp.MustCompile(`(?s)^(\w+) authentication failed\..*?RESPONSE \d+: ([^\n]*)`)
	description = regexp.MustCompile(`"error_description":\s*("(?:[^"\\]|\\.)*")`)
	trace       = regexp.MustCompile(`\s*Trace ID: \S+\s+Correlation ID: (\S+)\s+Timestamp: [-\d:]+ [\d:.]+Z?`)
	seeAlso     = regexp.MustCompile(`\.?\s+(?:To troubleshoot, visit|See) https://aka\.ms/\S+`)
	call        = regexp.MustCompile(`(?s)^.*?http call\(\S+\)\(\w+\) error: reply status code was (\d+)`)
	raw         = regexp.MustCompile(`(?s)[\s.;,]*raw message was:.*`)
	jwt         = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*|\beyJ[\w-]{9,}`) // the second is one that was cut off early
)

// condense makes one sentence for each credential that was tried.
func condense(text string) string {
	if _, tried, ok := strings.Cut(text, "Attempted credentials:\n\t"); ok {
		text = tried
	}
	tried := strings.Split(strings.ReplaceAll(text, "\n\t\t", "\n"), "\n\t")
	for i, t := range tried {
		tried[i] = sentence(t)
	}
	return strings.Join(tried, "; ")
}

func sentence(text string) string {
	if m := answer.FindStringSubmatch(text); m != nil {
		why := "answered " + m[2]
		if d := description.FindStringSubmatch(text); d != nil {
			_ = json.Unmarshal([]byte(d[1]), &why) // otherwise the status has to do
		}
		text = m[1] + ": " + why
	} else if m := call.FindStringSubmatch(text); m != nil {
		code, _ := strconv.Atoi(m[1]) // digits
		why := strings.TrimSpace(fmt.Sprintf("the sign-in host answered %d %s", code, http.StatusText(code)))
		if d := description.FindStringSubmatch(text); d != nil {
			_ = json.Unmarshal([]byte(d[1]), &why)
		}
		text = why
	}
	text = raw.ReplaceAllString(text, "")
	text = secretField.ReplaceAllString(text, "$1=[removed]")
	text = seeAlso.ReplaceAllString(text, "")
	text = trace.ReplaceAllString(text, " (correlation ID $1)")
	text = withoutTokens(text)
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), ".")
	const limit = 600 // enough for the az login command that answers a challenge
	if len(text) > limit {
		text = fmt.Sprintf("%s... (%d more bytes)", strings.ToValidUTF8(text[:limit], ""), len(text)-limit)
	}
	return text
}
