package atomicfile

import "io/fs"

// WritableByOthers says nothing: the access list of a folder decides who may
// write to it, and what a user creates belongs to that user.
func WritableByOthers(fs.FileInfo) string { return "" }
