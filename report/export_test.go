package report

// What is written for speed, or cuts text by hand, for the tests that hold it
// against something plain.
var (
	Escaped  = escaped
	IsUnsafe = isUnsafe
	Wrap     = wrap
	Hang     = hang
)
