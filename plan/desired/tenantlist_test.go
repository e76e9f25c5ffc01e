package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/plan/desired"
)

func tenantList(t *testing.T, text string) (names []string, err error) {
	list, err := desired.ReadTenantList(t.Context(), strings.NewReader(text), "pilot.csv")
	for _, n := range list {
		names = append(names, n.String())
	}
	return names, err
}

// A list of tenants is a column of lines, or the tenantId column of any CSV.
func TestReadTenantList(t *testing.T) {
	want := []string{idA, "contoso.com", idB}
	for name, text := range map[string]string{
		"lines":                  idA + "\ncontoso.com\n" + idB + "\n",
		"comments, blanks, CRLF": "# pilot\r\n\r\n" + idA + "\r\n# and\r\n Contoso.com \r\n" + strings.ToUpper(idB),
		"a CSV":                  "name,Tenant ID,wave\nA," + idA + ",1\nC,contoso.com,1\nB,{" + idB + "},2\n",
		"cut short rows":         "tenantId;name;wave\n" + idA + ";A;1\ncontoso.com;C\n" + idB + "\n",
		"failed.csv":             "\uFEFFtenantId,isSyncAllowed,reason\n" + idA + ",true,\"sync failed\nbadly\"\ncontoso.com,true,\n" + idB + ",,\n",
		"a header alone on top":  "partnerTenantId\n" + idA + "\ncontoso.com\n" + idB + "\n",
		"lines with a name":      idA + ",A\ncontoso.com,C\n" + idB + ",B\n",
	} {
		got, err := tenantList(t, text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// What names no tenant is an error with its place, all of them at once.
func TestReadTenantListRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "pilot.csv:1:1: the file is empty",
		"# nothing\n":                    "pilot.csv:1:1: the file holds nothing but blank lines and comments",
		"tenantId\n":                     "pilot.csv:1:1: no row below the header",
		"name,id\nA," + idA + "\n":       "pilot.csv:1:1: no tenantId column",
		idA + "\nContoso\n#N/A,\n":       "pilot.csv:2:1: tenantId \"Contoso\" is neither a GUID nor a domain name such as contoso.com",
		"tenantId,name\n" + idA + "\n,B": "pilot.csv:3:1: tenantId is empty",
		"PK\x03\x04":                     "pilot.csv:1:1: this looks like an .xlsx workbook",
	} {
		if names, err := tenantList(t, text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v and %v, want %s", text, names, err, want)
		}
	}
	if _, err := tenantList(t, idA+"\nContoso\n2 rows\n"); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("not both problems: %v", err)
	}
}
