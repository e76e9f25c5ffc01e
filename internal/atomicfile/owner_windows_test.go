package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

// Wine keeps no access lists, and says so of its disks. It makes a mode of one that is set: an account's rights
// become those of the owner and the group, Everyone's those of others, and no other
// group has any. Read back, it is a list made of that mode. So under Wine these tests
// see who beside the owner gets in, but neither that a list is protected, nor what a
// folder passes on, nor the groups but Everyone, nor a missing list; TestOwnerAlone and TestOpenTo look at
// these in the lists themselves.
func isWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}

func me(t *testing.T) string {
	t.Helper()
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		t.Fatal(err)
	}
	return user.User.Sid.String()
}

// The list lets in the account, the owner, the system and administrators, takes
// nothing from above, and a folder passes it on.
func TestOwnerAlone(t *testing.T) {
	for _, inherit := range []string{"", "OICI"} {
		sd, err := ownerAlone(inherit)
		if err != nil {
			t.Fatal(err)
		}
		want := "D:P"
		for _, who := range []string{me(t), "OW", "SY", "BA"} {
			want += "(A;" + inherit + ";FA;;;" + who + ")"
		}
		if got := strings.Replace(sd.String(), "S-1-3-4", "OW", 1); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// open makes a folder in which everyone may do anything, and passes that on.
func open(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	share(t, dir, "D:P(A;OICI;FA;;;WD)(A;OICI;FA;;;"+me(t)+")")
	return dir
}

func share(t *testing.T, path, list string) {
	t.Helper()
	sd, err := windows.SecurityDescriptorFromString(list)
	if err != nil {
		t.Fatal(err)
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		t.Fatal(err)
	}
	if err := windows.SetNamedSecurityInfo(path, windows.SE_FILE_OBJECT,
		windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil); err != nil {
		t.Fatal(err)
	}
}

// What is made here is for its owner alone, even in a folder for everyone.
func TestPrivateInAnOpenFolder(t *testing.T) {
	dir := open(t)
	in := func(name string) string { return filepath.Join(dir, name) }
	text := func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }
	if err := os.WriteFile(in("plain"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("replaced"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"plain", "replaced"} { // nothing but our own calls keeps others out
		if IsPrivate(in(name)) {
			t.Errorf("%s is private", name)
		}
	}
	f, err := Create(in("created"), 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	temp, err := MkdirTemp(dir, ".partial-*")
	_, errLock := MakeLock(in("lock"))
	if err := errors.Join(err, errLock, Replace(in("new"), text), Replace(in("replaced"), text), Mkdir(in("folder")), MkdirAll(in(`deep\er`)),
		ReplacePublic(in("public"), text)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"created", filepath.Base(temp), "lock", "new", "replaced", "folder", "deep", `deep\er`} {
		wantPrivate(t, in(name))
	}
	if IsPrivate(in("public")) {
		t.Error("what is for others is private")
	}
}

func wantPrivate(t *testing.T, path string) {
	t.Helper()
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION|windows.OWNER_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	dacl, _, err := sd.DACL()
	if err != nil || dacl == nil || len(openTo(dacl, ^uint32(0))) > 0 || !IsPrivate(path) {
		t.Errorf("%s is open: %v, %v", path, sd, err)
	}
	if control, _, err := sd.Control(); !isWine() && (err != nil || control&windows.SE_DACL_PROTECTED == 0) {
		t.Errorf("%s takes rights from above: %v, %v", path, sd, err)
	}
}

// A folder that a group of everybody may write to is refused, and says which.
func TestAFolderForEveryone(t *testing.T) {
	dir := open(t)
	err := CheckFolder("the store", dir)
	if unsafe := (*UnsafeError)(nil); !errors.As(err, &unsafe) || !unsafe.Writable || err.Error() != "the store "+dir+" is not safe: other users may write to it: Everyone" {
		t.Errorf("got %v", err)
	}
	own := filepath.Join(dir, "own")
	if err := errors.Join(Mkdir(own), CheckFolder("the store", own)); err != nil {
		t.Error(err)
	}
}

// Only groups of everybody count, by what they are allowed here.
func TestOpenTo(t *testing.T) {
	if who := openTo(nil, canWrite); !slices.Equal(who, []string{"Everyone"}) {
		t.Errorf("without a list %q may write", who)
	}
	for _, tc := range []struct {
		list, readers, writers string
	}{
		{"D:P", "", ""},
		{"D:(A;;FA;;;WD)", "Everyone", "Everyone"}, {"D:(A;;FR;;;WD)", "Everyone", ""}, {"D:(A;;GR;;;WD)", "Everyone", ""}, {"D:(A;;FX;;;WD)", "", ""},
		{"D:(A;OICI;0x1301bf;;;AU)", "Authenticated Users", "Authenticated Users"}, {"D:(A;OICIIO;FA;;;AU)", "", ""}, {"D:(D;;FA;;;WD)", "", ""},
		{"D:(A;;0x2;;;BU)", "", "Users"}, {"D:(A;;0x4;;;BU)", "", "Users"}, {"D:(A;;0x40;;;BU)", "", "Users"}, {"D:(A;;SD;;;BU)", "", "Users"},
		{"D:(A;;WD;;;BG)", "", "Guests"}, {"D:(A;;WO;;;AN)", "", "Anonymous"}, {"D:(A;;GW;;;IU)", "", "Interactive"}, {"D:(A;;GA;;;NU)", "Network", "Network"},
		{"D:(A;;0x110;;;WD)", "", ""}, // attributes alone
		{"D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;CO)(A;;FA;;;OW)(A;;FA;;;S-1-5-21-1-2-3-1001)(A;;FA;;;S-1-5-21-1-2-3-513)", "", ""},
		{"D:(A;;FR;;;BU)(A;;FA;;;SY)(A;;FA;;;WD)", "Users, Everyone", "Everyone"},
	} {
		sd, err := windows.SecurityDescriptorFromString(tc.list)
		if err != nil {
			t.Fatal(tc.list, err)
		}
		dacl, _, err := sd.DACL()
		if err != nil {
			t.Fatal(tc.list, err)
		}
		if readers, writers := strings.Join(openTo(dacl, canRead), ", "), strings.Join(openTo(dacl, canWrite), ", "); readers != tc.readers || writers != tc.writers {
			t.Errorf("%s: %q read, %q write", tc.list, readers, writers)
		}
	}
}

// A share that refuses a list gets none; what is there, or has no folder, is no such
// refusal.
func TestAShareThatRefusesLists(t *testing.T) {
	for _, tc := range []struct {
		first error
		want  []bool // with a list?
	}{
		{nil, []bool{true}}, {windows.ERROR_FILE_EXISTS, []bool{true}}, {windows.ERROR_PATH_NOT_FOUND, []bool{true}},
		{windows.ERROR_INVALID_OWNER, []bool{true, false}}, {windows.ERROR_ACCESS_DENIED, []bool{true, false}},
	} {
		var got []bool
		err := protect("x", "", func(_ *uint16, sa *windows.SecurityAttributes) error {
			got = append(got, sa != nil && sa.SecurityDescriptor != nil)
			if len(got) == 1 {
				return tc.first
			}
			return nil
		})
		if !slices.Equal(got, tc.want) || (err == nil) != (tc.first == nil || len(got) == 2) {
			t.Errorf("%v: %v, then %v", tc.first, got, err)
		}
	}
}

// A journal is only ever appended to.
func TestCreateToAppend(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	f, err := Create(path, os.O_APPEND)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("one"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(" two"); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "one two" {
		t.Errorf("%q, %v", text, err)
	}
	if err := f.Sync(); err != nil {
		t.Error(err)
	}
}

func TestExtended(t *testing.T) {
	long := strings.Repeat(`\folder-of-20-letters`, 13)
	for path, want := range map[string]string{
		`C:\x`: `C:\x`, `x`: `x`, `C:` + long: `\\?\C:` + long, `C:/` + long[1:] + `/../y`: `\\?\C:` + filepath.Dir(long) + `\y`,
		`\\host\share` + long: `\\?\UNC\host\share` + long, `\\?\C:` + long: `\\?\C:` + long,
	} {
		if got := extended(path); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// A path of more than 260 characters is no hindrance.
func TestALongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat(`\folder-of-20-letters`, 15))
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := errors.Join(MkdirAll(dir), Replace(filepath.Join(dir, "out"), func(w io.Writer) error { return nil })); err != nil {
		t.Fatal(err)
	}
	wantPrivate(t, filepath.Join(dir, "out"))
}
