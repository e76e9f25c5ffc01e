package auth_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"bulksync/graph/auth"
)

func TestAReadyMadeTokenIsTakenAsPeoplePasteIt(t *testing.T) {
	want := token(claims{"tid": tenant})
	for name, pasted := range map[string]string{
		"as it is":               want,
		"with a newline":         " " + want + "\r\n",
		"with the word Bearer":   "Bearer " + want,
		"with the word, lower":   "bearer   " + want + "\n",
		"with space in front":    "\n Bearer " + want,
		"with a tab in front":    "\t" + want,
		"with a trailing return": want + "\r",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := auth.Static(pasted).GetToken(t.Context(), policy.TokenRequestOptions{})
			if err != nil || got.Token != want {
				t.Errorf("token differs, error %v", err)
			}
		})
	}
}

func TestAReadyMadeTokenEndsWhenItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exp := time.Now().Add(time.Hour).UTC()
		cred := auth.Static(token(claims{"exp": exp.Unix()}))
		got, err := cred.GetToken(t.Context(), policy.TokenRequestOptions{})
		if err != nil || !got.ExpiresOn.Equal(exp) {
			t.Fatalf("got expiry %v, error %v; want %v", got.ExpiresOn, err, exp)
		}
		time.Sleep(time.Hour)
		_, err = cred.GetToken(t.Context(), policy.TokenRequestOptions{})
		if err == nil || !strings.Contains(err.Error(), "expired at "+exp.Format(time.RFC3339)) {
			t.Errorf("got %v, want an error with the time", err)
		}
	})
}

func TestAReadyMadeTokenThatCannotServeIsAnErrorWithoutIt(t *testing.T) {
	for name, tc := range map[string]struct {
		token string
		opts  policy.TokenRequestOptions
		want  string
	}{
		"empty":                  {" \n", policy.TokenRequestOptions{}, "is empty"},
		"the word alone":         {"Bearer ", policy.TokenRequestOptions{}, "is empty"},
		"two lines":              {canary + "\n" + canary, policy.TokenRequestOptions{}, "on one line"},
		"quoted":                 {`"` + canary + `"`, policy.TokenRequestOptions{}, "no token has"},
		"expired":                {token(claims{"exp": 1}), policy.TokenRequestOptions{}, "expired at 1970-01-01T00:00:01Z"},
		"Graph wants a new one":  {token(claims{}), policy.TokenRequestOptions{Claims: "{}"}, "get a fresh one"},
		"an opaque one, as well": {canary, policy.TokenRequestOptions{Claims: "{}"}, "get a fresh one"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := auth.Static(tc.token).GetToken(t.Context(), tc.opts)
			if tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want an error that says %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("the error quotes the token: %v", err)
			}
		})
	}
}

func TestNoVerbPrintsTheTokenOfACredential(t *testing.T) {
	cred := auth.Static(canary)
	session, err := auth.Acquire(t.Context(), auth.Static(token(claims{"tid": tenant})), scope)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "cred", cred, "session", session)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "cred", cred, "session", session)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&log, verb+verb, cred, session)
	}
	if strings.Contains(log.String(), canary) || strings.Contains(log.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the token was printed:\n%s", log.String())
	}
}
