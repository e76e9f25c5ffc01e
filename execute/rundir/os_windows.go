package rundir

import "io/fs"

// writableByOthers says nothing: who may write to a folder stands in its access
// list, and what a user makes is that user's.
func writableByOthers(fs.FileInfo) string { return "" }
