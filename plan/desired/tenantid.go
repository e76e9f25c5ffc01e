package desired

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/net/idna"

	"bulksync/internal/words"
)

// parseTenant reads a tenantId cell, which names the tenant by its ID or by one
// of its domains. It sets exactly one of id and domain.
func parseTenant(cell string) (id, domain string, err error) {
	switch {
	case IsCanonicalGUID(cell):
		return cell, "", nil
	case cell == "":
		return "", "", errEmptyTenantID
	case cell[0] == '#':
		return "", "", hashed(cell)
	case isMadeNumber(cell):
		return "", "", numberForID.errorf("tenantId %s is a number: a spreadsheet made that of the tenant ID, and some of its digits are lost; format the column as text and enter the ID again", Quote(cell))
	case strings.ContainsAny(cell, "./@。"):
		domain, err = parseDomain(cell)
		return "", domain, err
	case isPlainName(cell):
		return "", "", badTenantID.errorf("tenantId %s is neither a GUID nor a domain name such as contoso.com", Quote(cell))
	default:
		id, err = ParseTenantID(cell)
		return id, "", err
	}
}

// isPlainName reports whether a cell is no attempt at a GUID or a domain name: it is
// too short for a GUID, and has letters that none has.
func isPlainName(cell string) bool {
	return len(cell) < 30 && !strings.ContainsAny(cell, "#./@。") && strings.IndexFunc(cell, func(r rune) bool { return r > 'f' && r <= 'z' || r > 'F' && r <= 'Z' || r >= utf8.RuneSelf }) >= 0
}

// hashed refuses a cell that begins with #, as if its row were a comment.
func hashed(cell string) error {
	return hashRow.errorf("%s begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment", Quote(cell))
}

const (
	nilGUID   = "00000000-0000-0000-0000-000000000000"
	urnPrefix = "urn:uuid:"
)

// IsCanonicalGUID reports whether s is a tenant ID in canonical form: lower-case,
// with hyphens, and not the nil GUID. It is the fast path for the usual cell,
// which ParseTenantID would return unchanged.
func IsCanonicalGUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' || s == nilGUID {
		return false
	}
	return isLowerHex(s[:8]) && isLowerHex(s[9:13]) && isLowerHex(s[14:18]) && isLowerHex(s[19:23]) && isLowerHex(s[24:])
}

func isLowerHex(s string) bool {
	// A bit for each of 0-9 and a-f, less '0': letters and digits take the same
	// path, which matters because GUIDs are random.
	const digits = 0x3FF | 0x3F<<('a'-'0')
	for i := range len(s) {
		if uint64(digits)>>(s[i]-'0')&1 == 0 {
			return false
		}
	}
	return true
}

// ParseTenantID reads a tenant ID in the forms in which people write a GUID: any
// letter case, in braces, as urn:uuid:, or 32 digits without hyphens. It returns
// the canonical form, lower-case with hyphens.
func ParseTenantID(cell string) (string, error) {
	digits := cell
	if strings.HasPrefix(digits, "{") && strings.HasSuffix(digits, "}") {
		digits = digits[1 : len(digits)-1]
	} else if n := len(urnPrefix); len(digits) > n && strings.EqualFold(digits[:n], urnPrefix) {
		digits = digits[n:]
	}
	if len(digits) != 32 && len(digits) != 36 {
		return "", malformedGUID(cell, digits)
	}
	switch id, err := uuid.Parse(digits); {
	case err != nil:
		return "", malformedGUID(cell, digits)
	case id == uuid.Nil:
		return "", badTenantID.errorf("tenantId %s names no tenant: it is the nil GUID", Quote(cell))
	default:
		return id.String(), nil
	}
}

// malformedGUID says what keeps digits, a part of cell, from being a GUID.
func malformedGUID(cell, digits string) error {
	for i, r := range []rune(digits) {
		hyphen := len(digits) == 36 && (i == 8 || i == 13 || i == 18 || i == 23)
		switch hex := strings.ContainsRune("0123456789abcdefABCDEF", r); {
		case !hex && r != '-':
			return badTenantID.errorf("tenantId %s is not a GUID: %q is not a hexadecimal digit", Quote(cell), r)
		case hyphen && hex:
			return badTenantID.errorf("tenantId %s is not a GUID: character %d is not a hyphen, as in 8-4-4-4-12 digits", Quote(cell), i+1)
		}
	}
	n := len(digits) - strings.Count(digits, "-")
	if n == 32 {
		return badTenantID.errorf("tenantId %s is not a GUID: its hyphens are not placed as in 8-4-4-4-12 digits", Quote(cell))
	}
	return badTenantID.errorf("tenantId %s is not a GUID: it has %s, not 32, as in 8-4-4-4-12", Quote(cell), words.Count(n, "hexadecimal digit"))
}

// domainProfile is the IDNA2008 look-up profile with the length and letter
// rules of host names.
var domainProfile = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// maxDomain is the longest domain name that DNS knows, in characters.
const maxDomain = 253

// parseDomain returns the domain in lower-case ASCII, international names as
// punycode, so that one domain has one spelling.
func parseDomain(cell string) (string, error) {
	if strings.Contains(cell, "://") || strings.Contains(cell, "/") {
		return "", badTenantID.errorf("tenantId %s is a URL: give the domain name alone", Quote(cell))
	}
	if strings.Contains(cell, "@") {
		return "", badTenantID.errorf("tenantId %s is an e-mail address: give the domain name alone", Quote(cell))
	}
	if n := utf8.RuneCountInString(cell); n > maxDomain {
		return "", badTenantID.errorf("tenantId %s is neither a GUID nor a domain name: it has %d characters", Quote(cell), n)
	}
	domain, err := domainProfile.ToASCII(cell)
	if err == nil {
		err = checkLabels(domain)
	}
	if err != nil {
		return "", badTenantID.errorf("tenantId %s is neither a GUID nor a domain name: %w", Quote(cell), err)
	}
	return domain, nil
}

// checkLabels refuses what IDNA accepts but no registry would.
func checkLabels(domain string) error {
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	if last == domain {
		return errors.New("a domain name has a dot")
	}
	if strings.Trim(last, "0123456789") == "" {
		return errors.New("the last part is a number, as in an IP address")
	}
	return nil
}
