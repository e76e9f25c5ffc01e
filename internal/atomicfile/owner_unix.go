//go:build unix

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// create creates a file for its owner alone.
func create(path string, flag int) (*os.File, error) {
	return os.OpenFile(path, flag|os.O_CREATE|os.O_EXCL, 0o600)
}

// mkdir makes a folder for its owner alone.
func mkdir(path string) error { return os.Mkdir(path, 0o700) }

// IsPrivate reports whether nobody but its owner can read a file or folder that was
// made here. A disk without modes, such as FAT, keeps nobody out.
func IsPrivate(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().Perm()&0o077 == 0 // nothing is known against what is not there
}

// writableByOthers says why other users may write to a file or folder, empty if they
// may not, and whether it is for its mode.
func writableByOthers(_ string, info fs.FileInfo) (mode bool, why string) {
	st, ok := info.Sys().(*syscall.Stat_t)
	switch mode = info.Mode().Perm()&0o022 != 0; {
	case ok && st.Uid != 0 && int(st.Uid) != os.Geteuid():
		return mode, "it belongs to another user"
	case mode && info.Mode()&fs.ModeSticky == 0:
		return mode, "other users may write to it"
	default:
		return mode, ""
	}
}
