package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/natefinch/atomic"
)

const (
	errorSharing syscall.Errno = 32
	errorLocked  syscall.Errno = 33
)

// plain is an error of the system in the words that other systems have for it:
// those of Windows are in the language of its user, and longer.
func plain(err error) error {
	errno, ok := err.(syscall.Errno)
	if !ok {
		return err
	}
	switch errno {
	case errorSharing, errorLocked:
		return &systemError{errno, ErrInUse.Error()}
	case syscall.ERROR_FILE_NOT_FOUND, syscall.ERROR_PATH_NOT_FOUND:
		return &systemError{errno, "no such file or directory"}
	case syscall.ERROR_FILE_EXISTS, syscall.ERROR_ALREADY_EXISTS:
		return &systemError{errno, "file exists"}
	case syscall.ERROR_ACCESS_DENIED:
		return &systemError{errno, "permission denied"}
	case 39, 112: // ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL
		return &systemError{errno, "no space left on device"}
	case 123: // ERROR_INVALID_NAME
		return &systemError{errno, "Windows does not allow this name"}
	}
	return err
}

// systemError is an error of Windows in other words.
type systemError struct {
	errno syscall.Errno
	words string
}

// Error says what is wrong.
func (e *systemError) Error() string { return e.words }

// Is reports whether target is ErrInUse and this error is.
func (e *systemError) Is(target error) bool {
	return target == ErrInUse && (e.errno == errorSharing || e.errno == errorLocked)
}

// Unwrap returns the error of Windows.
func (e *systemError) Unwrap() error { return e.errno }

// firstWait is the first of the pauses between attempts to give a name, each
// twice as long as the one before; all of them take a second and a quarter.
const (
	firstWait = 10 * time.Millisecond
	lastWait  = 640 * time.Millisecond
)

// takeName gives a temporary file the name of an output. A file that is open in
// another program cannot be replaced here; a spreadsheet keeps its file open, and
// that is ErrInUse.
func takeName(temp, path string) error {
	held, again := false, true // the other program may close it before it is looked at
	err := patiently(func() error { return atomic.ReplaceFile(temp, path) }, func(err error) bool {
		open := isOpen(err, temp) || isOpen(err, path)
		busy := open || again
		held, again = held || open, open
		return busy
	})
	if err != nil && held {
		return ErrInUse
	}
	return err
}

// rename gives a folder its name. Windows refuses that, mostly as a denied access,
// while anything in the folder is open.
func rename(from, to string) error {
	return patiently(func() error { return os.Rename(from, to) }, func(err error) bool {
		return errors.Is(err, errorSharing) || errors.Is(err, syscall.ERROR_ACCESS_DENIED)
	})
}

// patiently calls do again for a while as long as something is busy. A virus scanner
// or an indexer opens new files for a moment.
func patiently(do func() error, busy func(error) bool) error {
	for wait := firstWait; ; wait *= 2 {
		if err := do(); err == nil || !busy(err) || wait > lastWait {
			return err
		}
		time.Sleep(wait)
	}
}

// isOpen reports whether a file could not be moved or replaced because somebody
// has it open. Windows often calls that a denied access, so the file is opened
// without sharing it, which fails as long as another handle is open.
func isOpen(err error, path string) bool {
	if errors.Is(err, errorSharing) || errors.Is(err, errorLocked) {
		return true
	}
	name, nameErr := syscall.UTF16PtrFromString(path)
	if nameErr != nil || !errors.Is(err, syscall.ERROR_ACCESS_DENIED) {
		return false
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ, 0, nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err == nil {
		syscall.CloseHandle(h)
	}
	return errors.Is(err, errorSharing)
}

// isRegular reports whether a file has a content of its own. So has one that the disk
// or a service keeps in its own way, such as OneDrive, a tiered share or a compressed
// disk, and that Go calls irregular. A junction is called that too, but is a folder.
func isRegular(info fs.FileInfo) bool {
	if info.Mode().Type() != fs.ModeIrregular {
		return info.Mode().IsRegular()
	}
	at, known := info.Sys().(*syscall.Win32FileAttributeData)
	return known && at.FileAttributes&syscall.FILE_ATTRIBUTE_DIRECTORY == 0
}
