package auth

// NewDefault is Default over a network of the test's own.
var NewDefault = newDefault
