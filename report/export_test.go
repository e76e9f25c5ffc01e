package report

// Code that is written for speed, or that cuts text by hand, for the tests that
// compare it with a plain version.
var (
	Escaped  = escaped
	IsUnsafe = isUnsafe
	Wrap     = wrap
	Hang     = hang
)
