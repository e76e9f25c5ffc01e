package fleet

import (
	"errors"
	"regexp"
	"strings"
)

// folderName is what a tenant may be called: the same folder on every system, and
// nothing that a shell, a page or a log would have to quote.
var folderName = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$`)

// deviceName is what Windows takes for a device, whatever follows a dot.
var deviceName = regexp.MustCompile(`^(con|prn|aux|nul|(com|lpt)[0-9])(\..*)?$`)

// CheckName refuses a name that is not fit for a folder.
func CheckName(name string) error {
	switch {
	case !folderName.MatchString(name) || strings.Contains(name, ".."):
		return errors.New("a name has 1 to 63 of the characters a-z, 0-9, hyphen, dot and underscore, and begins and ends with a letter or digit")
	case deviceName.MatchString(name):
		return errors.New("it is a name that Windows keeps for a device")
	}
	return nil
}
