package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// create creates a file for its owner alone.
func create(path string, flag int) (f *os.File, err error) {
	var access uint32 = windows.GENERIC_WRITE
	switch {
	case flag&os.O_APPEND != 0: // without the right to write anywhere else
		access = windows.FILE_GENERIC_WRITE &^ windows.FILE_WRITE_DATA
	case flag&os.O_RDWR != 0:
		access |= windows.GENERIC_READ
	}
	err = protect(path, "", func(name *uint16, sa *windows.SecurityAttributes) error {
		h, err := windows.CreateFile(name, access, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, sa,
			windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
		if err == nil {
			f = os.NewFile(uintptr(h), path)
		}
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return f, nil
}

// mkdir makes a folder for its owner alone. What is made in it by other means gets
// the same access list.
func mkdir(path string) error {
	if err := protect(path, "OICI", windows.CreateDirectory); err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

// protect makes something with an access list of its own. A share can refuse one
// that names accounts it does not know: there the folder's own has to do, and
// IsPrivate says whether it does.
func protect(path, inherit string, do func(name *uint16, sa *windows.SecurityAttributes) error) error {
	name, err := windows.UTF16PtrFromString(extended(path))
	if err != nil {
		return err
	}
	sd, err := ownerAlone(inherit)
	if err != nil {
		return err
	}
	sa := &windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(*sa))
	err = do(name, sa)
	if err == nil || errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return do(name, nil)
}

// ownerAlone is the access list of what is for its owner alone; the system and
// administrators could take it anyway, and backups need them. It is protected: a
// folder above passes nothing on. The account stands beside the owner because the
// owner of what an elevated process makes is the group of administrators, and the
// owner beside the account because a share may know the account by another name.
func ownerAlone(inherit string) (*windows.SECURITY_DESCRIPTOR, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, err
	}
	list := "D:P"
	for _, who := range []string{user.User.Sid.String(), "OW", "SY", "BA"} {
		list += fmt.Sprintf("(A;%s;FA;;;%s)", inherit, who)
	}
	return windows.SecurityDescriptorFromString(list)
}

// maxPath is the longest path that older versions of Windows take as it is; that of
// a folder must leave room for a short name.
const maxPath = 248

// extended is a path in the form that may be longer, if it has to be.
func extended(path string) string {
	full, err := filepath.Abs(path)
	switch {
	case err != nil, len(full) < maxPath, strings.HasPrefix(full, `\\?\`), strings.HasPrefix(full, `\\.\`):
		return path
	case strings.HasPrefix(full, `\\`):
		return `\\?\UNC` + full[1:]
	default:
		return `\\?\` + full
	}
}

// IsPrivate reports whether nobody but its owner can read a file or folder that was
// made here. A disk or a share without access lists, such as FAT, keeps nobody out.
func IsPrivate(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true // nothing is known against it
	}
	defer f.Close()
	list, err := listOf(f)
	return err == nil && len(openTo(list, canRead)) == 0
}

// writableByOthers says why other users may write to a file or folder, empty if they
// may not, and whether it is for its access list. Where there are no access lists,
// none can be refused. Who owns it does not matter: on a share that can be another
// account of the same person.
func writableByOthers(path string, _ fs.FileInfo) (list bool, why string) {
	f, err := os.Open(path)
	if err != nil {
		return false, ""
	}
	defer f.Close()
	dacl, err := listOf(f)
	if err != nil || dacl == nil && !keepsLists(f) {
		return false, ""
	}
	if who := openTo(dacl, canWrite); len(who) > 0 {
		return true, "other users may write to it: " + strings.Join(who, ", ")
	}
	return false, ""
}

// keepsLists reports whether the disk or the share of a file keeps access lists.
func keepsLists(f *os.File) bool {
	var flags uint32
	err := windows.GetVolumeInformationByHandle(windows.Handle(f.Fd()), nil, 0, nil, nil, &flags, nil, 0)
	return err == nil && flags&windows.FILE_PERSISTENT_ACLS != 0
}

// listOf is the access list of a file or folder; nil lets everyone do anything.
func listOf(f *os.File) (*windows.ACL, error) {
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return nil, err
	}
	dacl, _, err := sd.DACL()
	if errors.Is(err, windows.ERROR_OBJECT_NOT_FOUND) {
		return nil, nil // the disk keeps none
	}
	return dacl, err
}

// The rights that let somebody read a file or list a folder, and those that let them
// change it, put something into it or take something away.
const (
	canRead  = windows.FILE_READ_DATA | windows.GENERIC_READ | windows.GENERIC_ALL
	canWrite = windows.FILE_WRITE_DATA | windows.FILE_APPEND_DATA | deleteChild |
		windows.DELETE | windows.WRITE_DAC | windows.WRITE_OWNER | windows.GENERIC_WRITE | windows.GENERIC_ALL

	deleteChild = 0x40
)

// openTo names the groups of everybody that an access list gives one of these rights.
// A single account or a group of the organization was let in on purpose.
func openTo(list *windows.ACL, rights uint32) (who []string) {
	if list == nil {
		return []string{"Everyone"}
	}
	for i := range uint32(list.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if windows.GetAce(list, i, &ace) != nil || ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE ||
			ace.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 || uint32(ace.Mask)&rights == 0 {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart)).String()
		for _, g := range everybody() {
			if g.sid == sid {
				who = append(who, g.name)
			}
		}
	}
	return who
}

// Everybody names these groups in the way of icacls.
func Everybody() (names []string) {
	for _, g := range everybody() {
		names = append(names, "*"+g.sid)
	}
	return names
}

type group struct{ sid, name string }

// everybody are the groups that hold all users of a machine or a domain, or anybody
// who reaches it.
func everybody() []group {
	return []group{
		{"S-1-1-0", "Everyone"}, {"S-1-5-11", "Authenticated Users"}, {"S-1-5-32-545", "Users"}, {"S-1-5-32-546", "Guests"},
		{"S-1-5-7", "Anonymous"}, {"S-1-5-4", "Interactive"}, {"S-1-5-2", "Network"},
	}
}
