package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// down are the ways in which a sign-in host is down.
func down() map[string]graphsim.SignInFault {
	return map[string]graphsim.SignInFault{"silent": {}, "failing": {Status: 503}, "busy": {Status: 429}}
}

// The default chain gives a sign-in host up after the patience, and says that it may pass.
func TestTheDefaultChainDuringAnOutage(t *testing.T) {
	for name, fault := range down() {
		for _, patience := range []time.Duration{3 * time.Second, time.Minute} {
			t.Run(name+" for "+patience.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newSignInRig(t, auth.ByDefault, graphsim.SignInConfig{Secret: secretCanary})
					r.patience = patience
					r.env["AZURE_CLIENT_SECRET"] = secretCanary
					for name, value := range r.env {
						t.Setenv(name, value)
					}
					fault.Path = "/"
					r.Inject(fault)
					began := time.Now()
					_, err := r.signIn(t.Context())
					if took := time.Since(began); err == nil || !auth.MayPass(err) || took > patience || fault.Status == 0 && took < patience {
						t.Errorf("after %s: %v", took, err)
					}
					if want := map[bool]string{true: "check the network", false: "try again later"}[fault.Status == 0]; !strings.Contains(nextOf(err), want) {
						t.Errorf("the next step is %q", nextOf(err))
					}
				})
			})
		}
	}
}

// A machine without a metadata service, where nobody signed in, is no outage.
func TestAChainThatFindsNothingIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.ByDefault, graphsim.SignInConfig{})
		r.base = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") })
		if _, err := r.signIn(t.Context()); err == nil || auth.MayPass(err) {
			t.Error(err)
		}
	})
}

// A sign-in host that is down before a code is given is waited for as long as the patience says.
func TestADeviceCodeDuringAnOutage(t *testing.T) {
	for name, fault := range down() {
		for _, patience := range []time.Duration{3 * time.Second, 40 * time.Minute} {
			t.Run(name+" for "+patience.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newSignInRig(t, auth.ByDeviceCode, graphsim.SignInConfig{})
					var told []string
					r.patience, r.prompt = patience, func(message string) { told = append(told, message) }
					fault.Path = "/"
					said := "the sign-in host does not answer"
					if fault.Status != 0 {
						said = fmt.Sprintf("the sign-in host answered %d %s", fault.Status, http.StatusText(fault.Status))
					}
					r.Inject(fault)
					began := time.Now()
					_, err := r.signIn(t.Context())
					if took := time.Since(began); err == nil || !auth.MayPass(err) || took > patience || took < patience || strings.Contains(err.Error(), "entered") {
						t.Errorf("after %s: %v", took, err)
					}
					if len(told) > 1 || patience > time.Minute && (len(told) == 0 || told[0] != said+"; waiting for it, up to 40m0s") {
						t.Errorf("told %q", told)
					}
				})
			})
		}
	}
}

// One that is down while the code is being entered is waited for, and the code stays good.
func TestADeviceCodeSurvivesAnOutage(t *testing.T) {
	for name, fault := range down() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSignInRig(t, auth.ByDeviceCode, graphsim.SignInConfig{})
				enter, codes := entering(r, 40*time.Second), 0
				r.patience = 5 * time.Minute
				r.prompt = func(message string) {
					if userCode.MatchString(message) {
						codes++
					}
					enter(message)
					fault.Times = 3
					r.Inject(fault)
				}
				if _, err := r.signIn(t.Context()); err != nil || codes != 1 {
					t.Errorf("%d codes: %v", codes, err)
				}
			})
		})
	}
}

// The life of the code and an interrupt end the wait for a silent host as well.
func TestADeviceCodeEndsDuringAnOutage(t *testing.T) {
	for _, interrupted := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newSignInRig(t, auth.ByDeviceCode, graphsim.SignInConfig{CodeLifetime: 3 * time.Minute})
			ctx, stop := context.WithCancel(t.Context())
			r.patience = time.Hour
			r.prompt = func(message string) {
				if !userCode.MatchString(message) {
					return
				}
				r.Inject(graphsim.SignInFault{})
				if interrupted {
					time.AfterFunc(50*time.Second, stop)
				}
			}
			began := time.Now()
			_, err := r.signIn(ctx)
			took := time.Since(began)
			if interrupted && (!errors.Is(err, context.Canceled) || took != 50*time.Second) {
				t.Errorf("after %s: %v", took, err)
			}
			if !interrupted && (took != 3*time.Minute || err == nil || !strings.Contains(err.Error(), "code was not entered in time") || auth.MayPass(err)) {
				t.Errorf("after %s: %v", took, err)
			}
			stop()
		})
	}
}

// A host that asks to be left alone for a time is not asked for a token again before.
func TestARenewalKeepsTheWaitOfTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSignInRig(t, auth.BySecret, graphsim.SignInConfig{Secret: secretCanary, TokenLifetime: 10 * time.Minute})
		r.env["AZURE_CLIENT_SECRET"] = secretCanary
		s, err := r.signIn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		r.Inject(graphsim.SignInFault{Status: 429, RetryAfter: 90 * time.Second, Times: 1})
		send := s.Transport(roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		}))
		began, asked := time.Now(), len(r.Requests())
		for {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://graph.microsoft.com/", nil)
			_, err := send.RoundTrip(req)
			if err == nil {
				break
			}
			if n := len(r.Requests()) - asked; n != 1 || s.Trouble() != "the sign-in host answered 429 Too Many Requests" {
				t.Fatalf("after %s it was asked %d times: %q, %v", time.Since(began), n, s.Trouble(), err)
			}
			time.Sleep(5 * time.Second)
		}
		if took := time.Since(began); took < 90*time.Second || took > 95*time.Second || s.Trouble() != "" {
			t.Errorf("after %s: %q", took, s.Trouble())
		}
	})
}
