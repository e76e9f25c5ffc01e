//go:build unix

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// WritableByOthers says who else may write to a file or folder; empty if nobody
// may. Root may do anything anyway.
func WritableByOthers(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return "it belongs to another user"
	case info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
		return "other users may write to it"
	default:
		return ""
	}
}
