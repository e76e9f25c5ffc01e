package rundir

import "io/fs"

// writableByOthers says nothing: the access list of a folder decides who may
// write to it, and what a user creates belongs to that user.
func writableByOthers(fs.FileInfo) string { return "" }
