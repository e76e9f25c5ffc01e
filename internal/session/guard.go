package session

import (
	"errors"
	"fmt"

	"bulksync/graph"
)

// The kinds of mismatch of a MismatchError.
var (
	ErrOtherTenant = errors.New("another home tenant")
	ErrOtherCloud  = errors.New("another cloud")
	ErrOtherHost   = errors.New("another Graph host")
)

// ErrNoTenant means that a token names no tenant.
var ErrNoTenant = errors.New("the token does not name its tenant, so changes could go to the wrong one")

// MismatchError is a session that is not where it should be.
type MismatchError struct {
	// What is ErrOtherTenant, ErrOtherCloud or ErrOtherHost.
	What error
	// Want is what was asked for, Have what the session has.
	Want, Have string
}

// Error names what is there and what was wanted.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("%v: %s, not %s", e.What, e.Have, e.Want)
}

// Unwrap returns What.
func (e *MismatchError) Unwrap() error { return e.What }

// SignInError is a sign-in that gave no usable token. Its text is that of its
// cause.
type SignInError struct{ err error }

// Error says why there is no token.
func (e *SignInError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *SignInError) Unwrap() error { return e.err }

// Guard refuses work that was prepared for another home tenant, cloud or host
// than the session's, with a *MismatchError. Rehearsals may move between
// loopback addresses.
func (s *Session) Guard(prepared graph.HomeTenant) error {
	switch {
	case prepared.ID != s.home.ID:
		return &MismatchError{ErrOtherTenant, prepared.ID, s.home.ID}
	case prepared.Cloud != s.home.Cloud:
		return &MismatchError{ErrOtherCloud, string(prepared.Cloud), string(s.home.Cloud)}
	case prepared.GraphURL != s.home.GraphURL && !(prepared.OnLoopback() && s.home.OnLoopback()):
		return &MismatchError{ErrOtherHost, prepared.GraphURL, s.home.GraphURL}
	default:
		return nil
	}
}
