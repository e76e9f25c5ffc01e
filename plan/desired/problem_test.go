package desired_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"bulksync/plan/desired"
)

func TestEachProblemNamesItsPositionAndTheWayOut(t *testing.T) {
	const head = "tenantId,displayName,isSyncAllowed,ensure\n"
	long := strings.Repeat("x", 257)
	for _, test := range []struct{ name, text, want string }{
		{"empty file", "", "1:1: the file is empty: it needs a header with a tenantId column and a row for each partner"},
		{"comments alone", "# a\n\n# b\n", "1:1: the file holds nothing but blank lines and comments: it needs a header with a tenantId column and a row for each partner"},
		{"header alone", head, "1:1: no rows below the header: the file needs one for each partner"},
		{"header and blank rows", head + ",,,\n\n", "1:1: no rows below the header: the file needs one for each partner"},
		{"no header", idA + ",Contoso\n", "1:1: no header: the first row already holds data; put a line above it that names the columns, such as tenantId,displayName"},
		{"workbook", "PK\x03\x04\x14\x00", "1:1: this looks like an .xlsx workbook or a zip archive: save the sheet as CSV UTF-8"},
		{"old workbook", "\xD0\xCF\x11\xE0\xA1\xB1", "1:1: this looks like an .xls workbook: save the sheet as CSV UTF-8"},
		{"web page", "<!DOCTYPE html>", "1:1: this looks like a web page or XML: export the table as CSV UTF-8"},
		{"zero byte", "tenantId\n" + idA + "\nx\x00y\n", "3:1: this is not text: the line holds a zero byte; save the file as CSV UTF-8"},
		{"old Macintosh below a comment", "# a title\rtenantId,note\r" + idA + ",x\r", "1:1: lines end in carriage returns alone, as on an old Macintosh: save the file as CSV UTF-8"},
		{"old Macintosh below a separator", "sep=;\rtenantId;note\r" + idA + ";x\r", "1:1: lines end in carriage returns alone, as on an old Macintosh: save the file as CSV UTF-8"},
		{"old Macintosh", "tenantId,note\r" + idA + ",x\r", "1:1: lines end in carriage returns alone, as on an old Macintosh: save the file as CSV UTF-8"},
		{"endless row", "tenantId\n\"" + strings.Repeat("x\n", 1<<19) + "\"\n", "2:1: the row that starts here is longer than 1024 KiB: is a quote left open?"},
		{"unknown column", "tenantId,isSyncAlowed\n" + idA + ",1\n", `1:10: unknown column "isSyncAlowed": the nearest known one is isSyncAllowed; rename the column or remove it`},
		{"far too wide", "tenantId" + strings.Repeat(",", 256) + "\n" + idA + "\n", "1:1: the header has 257 cells: at most 256 are read"},
		{"far too wide for a title", "Partners" + strings.Repeat(",", 256) + "\ntenantId\n", "1:1: the header is not on line 1: it seems to be on line 2; delete what stands above it, or begin those lines with #"},
		{"column twice", "tenantId,note,tenant_id\n" + idA + ",x,y\n", `1:15: column tenantId appears twice: "tenantId" and "tenant_id" mean the same`},
		{"no tenantId column", "note\nx\n", "1:1: no tenantId column: add one that holds the tenant ID or a domain name of each partner"},
		{"another delimiter", "tenantId|name\n" + idA + "|x\n", `1:1: the cell "tenantId|name" holds several names: the line stands in quotes as a whole, or its delimiter is not the one of the line; export the table again, with a comma, a semicolon or a tab`},
		{"a header in quotes", "\"tenantId,\"\"name\"\"\"\n\"" + idA + ",x\"\n", `1:1: the cell "tenantId,\"name\"" holds several names: the line stands in quotes as a whole, or its delimiter is not the one of the line; export the table again, with a comma, a semicolon or a tab`},
		{"part of a path", "tenantId,isMfaAccepted\n" + idA + ",1\n", `1:10: unknown column "isMfaAccepted": the nearest known one is inboundTrust.isMfaAccepted; rename the column or remove it`},
		{"misspelled part of a path", "tenantId,outboundAlowed\n" + idA + ",1\n", `1:10: unknown column "outboundAlowed": the nearest known one is automaticUserConsentSettings.outboundAllowed; rename the column or remove it`},
		{"misspelled tenantId", "name,tenantld,foo\nx,y,z\n", `1:6: unknown column "tenantld": the nearest known one is tenantId; rename the column or remove it`},
		{"Latin-1 in the header", "tenantId,soci\xe9t\xe9\n" + idA + ",x\ny,z\n", "1:14: byte 0xE9 is not valid UTF-8: save the file as CSV UTF-8"},
		{"comments below the header alone", "# a\n" + head + "# b\n#c,,,\n", "1:1: no rows below the header, only 2 comments: the file needs one for each partner"},
		{"carriage return alone in a row", "tenantId,note\n" + idA + ",x\r" + idB + "\n", `2:38: the cell "x\r` + idB + `" holds a carriage return alone: end every line alike, or quote the cell`},
		{"carriage return alone before a row", "tenantId,note\n" + idA + ",\rcontoso.com\n", `2:38: the cell "\rcontoso.com" holds a carriage return alone: end every line alike, or quote the cell`},
		{"carriage return alone in a comment", "tenantId\n# x\rcontoso.com\n" + idA + "\n", `2:1: the cell "# x\rcontoso.com" holds a carriage return alone: end every line alike, or quote the cell` + "\n" + `2:1: "# x\ncontoso.com" begins with #, and only a line of one cell is a comment: delete the row, or put one pair of quotes round all of the comment`},
		{"nameless column with a value", "tenantId,,note\n" + idA + ",x,y\n", `2:38: the cell "x" is in a column without a name: name the column or empty the cell`},
		{"too few cells", head + idA + ",Contoso\n", "2:1: the row has 2 cells and the header 4: a delimiter is missing or the row was cut short"},
		{"too few cells, and the next row", head + idA + ",Contoso\nx,,,\n", "2:1: the row has 2 cells and the header 4: a delimiter is missing or the row was cut short\n3:1: tenantId \"x\" is neither a GUID nor a domain name such as contoso.com"},
		{"twisted tenantId", "tennatId,name\nx,y\n", `1:1: unknown column "tennatId": the nearest known one is tenantId; rename the column or remove it`},
		{"too many cells", head + idA + ",Contoso, Inc.,true,present\n", "2:57: the row has 5 cells and the header 4: quote a cell that holds the delimiter"},
		{"quote in a cell", "tenantId,note\n" + idA + ",5\" pipe\nx,y\n", "2:38: a quote inside an unquoted cell: quote the whole cell and double the quotes inside it\n3:1: tenantId \"x\" is neither a GUID nor a domain name such as contoso.com"},
		{"quote in a name", head + idA + ",5\" pipe,,\n" + idB + ",#5\" pipe,,\n", "2:38: a quote inside an unquoted cell: quote the whole cell and double the quotes inside it\n3:38: a quote inside an unquoted cell: quote the whole cell and double the quotes inside it"},
		{"quote in a note that comes first", "note,tenantId\n#5\" pipe," + idA + "\n", "2:1: a quote inside an unquoted cell: quote the whole cell and double the quotes inside it"},
		{"quote in a formula after a space", head + idA + ", =A(\"x\") ,,\n", `2:38: displayName is "=A(\"x\")", a formula and not its value: paste the values in place of the formulas and save the file again`},
		{"open quote", "tenantId,note\n" + idA + ",\"x\ny\n", "2:38: the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read"},
		{"text after a quote", "tenantId,note\n" + idA + ",\"a \"b\" c\"\n", "2:38: the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read"},
		{"a row of broken lines", "tenantId,note\n" + strings.Repeat("x ,\"y\n\" ", 10_000), "2:4: the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read"},
		{"Latin-1", "tenantId,note\n" + idA + ",\xe9t\xe9\n", "2:38: byte 0xE9 is not valid UTF-8: save the file as CSV UTF-8"},
		{"Latin-1 in a row that is mended", "tenantId,note\n\"\xe9\" ,\"a\nb\"\n" + idA + ",c\n", "2:2: byte 0xE9 is not valid UTF-8: save the file as CSV UTF-8"},
		{"Latin-1 in a row that cannot be", "tenantId,note\n\xe9,\"a\n", "2:1: byte 0xE9 is not valid UTF-8: save the file as CSV UTF-8\n2:3: the quoted cell that starts here does not end in a quote and a delimiter: double the quotes inside it; the rows below were not read"},
		{"half a surrogate pair", "\xFF\xFEt\x00e\x00n\x00a\x00n\x00t\x00I\x00d\x00\n\x00x\x00\x00\xD8\n\x00", "2:2: this is not valid UTF-16: save the file as CSV UTF-8"},
		{"empty tenantId", "tenantId,note\n,x\n", "2:1: tenantId is empty: give the partner's tenant ID or one of its domain names"},
		{"short GUID", "tenantId\n" + idA[1:] + "\n", `2:1: tenantId "aaaaaaa-0000-4000-8000-00000000000a" is not a GUID: it has 31 hexadecimal digits, not 32, as in 8-4-4-4-12`},
		{"wrong digit", "tenantId\nAAAAAAAA-0000-4000-8000-0000000000OA\n", `2:1: tenantId "AAAAAAAA-0000-4000-8000-0000000000OA" is not a GUID: 'O' is not a hexadecimal digit`},
		{"nothing but wrong digits", "tenantId\nzzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz\n", `2:1: tenantId "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz" is not a GUID: 'z' is not a hexadecimal digit`},
		{"wrong hyphen", "tenantId\naaaaaaaa-00004-000-8000-00000000000a\n", `2:1: tenantId "aaaaaaaa-00004-000-8000-00000000000a" is not a GUID: character 14 is not a hyphen, as in 8-4-4-4-12 digits`},
		{"hyphens astray", "tenantId\n" + idA[:8] + idA[9:] + "\n", `2:1: tenantId "aaaaaaaa0000-4000-8000-00000000000a" is not a GUID: its hyphens are not placed as in 8-4-4-4-12 digits`},
		{"wrong brackets", "tenantId\n(" + idA + ")\n", `2:1: tenantId "(aaaaaaaa-0000-4000-8000-00000000000a)" is not a GUID: '(' is not a hexadecimal digit`},
		{"nil GUID", "tenantId\n00000000-0000-0000-0000-000000000000\n", `2:1: tenantId "00000000-0000-0000-0000-000000000000" names no tenant: it is the nil GUID`},
		{"invisible character inside", "tenantId\naaaaaaaa\u200b-0000-4000-8000-0000000000a\n", `2:1: tenantId "aaaaaaaa\u200b-0000-4000-8000-0000000000a" is not a GUID: '\u200b' is not a hexadecimal digit`},
		{"rewritten by a spreadsheet", "tenantId\n1.11E+31\n", `2:1: tenantId "1.11E+31" is a number: a spreadsheet made that of the tenant ID, and some of its digits are lost; format the column as text and enter the ID again`},
		{"URL", "tenantId\nhttps://contoso.com\n", `2:1: tenantId "https://contoso.com" is a URL: give the domain name alone`},
		{"e-mail", "tenantId\nann@contoso.com\n", `2:1: tenantId "ann@contoso.com" is an e-mail address: give the domain name alone`},
		{"IP address", "tenantId\n10.0.0.1\n", `2:1: tenantId "10.0.0.1" is neither a GUID nor a domain name: the last part is a number, as in an IP address`},
		{"endless domain", "tenantId\n" + strings.Repeat("é.", 127) + "\n", `2:1: tenantId "` + strings.Repeat("é.", 30) + `"… is neither a GUID nor a domain name: it has 254 characters`},
		{"domain with a space", "tenantId\ncon toso.com\n", `2:1: tenantId "con toso.com" is neither a GUID nor a domain name: idna: disallowed rune U+0020`},
		{"domain with an empty label", "tenantId\ncontoso..com\n", `2:1: tenantId "contoso..com" is neither a GUID nor a domain name: idna: invalid label "contoso..com"`},
		{"switch", head + idA + ",x,maybe,\n", `2:40: userSyncInbound.isSyncAllowed is "maybe": use true/false, yes/no, on/off or 1/0`},
		{"ensure", head + idA + ",x,,gone\n", `2:41: ensure is "gone": use present, absent or partner-absent`},
		{"long displayName", head + idA + "," + long + ",,\n", "2:38: displayName has 257 characters: at most 256 are allowed"},
		{"displayName of two lines", head + idA + ",\"a\nb\",,\n", `2:38: displayName is "a\nb": line breaks and control characters are not allowed`},
		{"long value", head + idA + ",," + long + ",\n", `2:39: userSyncInbound.isSyncAllowed is "` + long[:60] + `"…: use true/false, yes/no, on/off or 1/0`},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := "partners.csv:" + strings.ReplaceAll(test.want, "\n", "\npartners.csv:")
			if diff := cmp.Diff(want, rowProblems(t, test.text)); diff != "" {
				t.Errorf("problem (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPositionsAreThoseThatAnEditorShows(t *testing.T) {
	const bad = "maybe"
	for _, test := range []struct{ name, text, want string }{
		{"a byte order mark is no character", "\uFEFFtenantId,name,Foo\n" + idA + ",x,\n", "1:15"},
		{"the first cell after a byte order mark", "\uFEFFfoo,tenantId\n,\n", "1:1"},
		{"semicolons", "tenantId;name;isSyncAllowed\n" + idA + ";x;" + bad + "\n", "2:40"},
		{"characters, not bytes", "name,tenantId,isSyncAllowed\nÄÖÜ€😀," + idA + "," + bad + "\n", "2:44"},
		{"UTF-16", utf16(t, unicode.LittleEndian, unicode.UseBOM, "name\ttenantId\tisSyncAllowed\r\nÄÖÜ€😀\t"+idA+"\t"+bad+"\r\n"), "2:44"},
		{"a quoted cell starts at its quote", "tenantId,isSyncAllowed\n" + idA + ",\"" + bad + "\"\n", "2:38"},
		{"a cell with stray spaces starts at the first", "tenantId,isSyncAllowed\n" + idA + ",  " + bad + "\n", "2:38"},
		{"a quote after stray spaces", "tenantId , isSyncAllowed\n" + idA + ",\u00a0\"" + bad + "\" \n", "2:38"},
		{"after a quoted line break, in the row", "note,tenantId,isSyncAllowed\n\"ä\nöü\n\"," + idA + "," + bad + "\n", "4:40"},
		{"after a quoted line break, in the rows before", "note,tenantId,isSyncAllowed\r\n\"a\r\nb\"," + idA + ",\r\nc," + idB + "," + bad + "\r\n", "4:40"},
		{"after blank lines and comments", "# a\n\ntenantId,isSyncAllowed\n\n# b\n,,,\n" + idA + "," + bad + "\n", "7:38"},
		{"in a row that was cut to its columns", "# a\ntenantId,isSyncAllowed\n" + idA + "," + bad + ",,,\n", "3:38"},
		{"below a row that was cut to its columns", "tenantId,isSyncAllowed\n" + idA + ",,,,\n" + idB + "," + bad + "\n", "3:38"},
		{"below rows that lack nameless cells", "tenantId,isSyncAllowed,,\n" + idA + ",\n" + idB + "," + bad + "\n", "3:38"},
		{"in a row that lacks nameless cells", "tenantId,isSyncAllowed,,\n" + idA + "," + bad + "\n", "2:38"},
		{"in a line longer than any buffer", "note,tenantId,isSyncAllowed\n" + strings.Repeat("é", 100_000) + "," + idA + "," + bad + "\n", "2:100039"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := rowProblems(t, test.text)
			if !strings.HasPrefix(got, "partners.csv:"+test.want+": ") || strings.Contains(got, "\n") {
				t.Errorf("got %s, want one problem at %s", got, test.want)
			}
		})
	}
}

func TestAllProblemsAreReportedAtOnceInOrder(t *testing.T) {
	text := "tenantId,isSyncAllowed,Foo,note\n" +
		"x.,perhaps,,\n" +
		idA + ",true,,\n" +
		"\xff,true,,\n" +
		idB + ",true\n" +
		idA + ",no,,\n" +
		",true,,a\"b\n" +
		"y,true,,\"\n"
	want := []string{"1:24", "2:1", "2:4", "4:1", "5:1", "6:1", "7:8", "8:9"}
	var got []string
	for line := range strings.SplitSeq(rowProblems(t, text), "\n") {
		got = append(got, strings.Join(strings.SplitN(line, ":", 4)[1:3], ":"))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("positions (-want +got):\n%s", diff)
	}
}

func TestARowErrorCarriesItsValueAndItsCause(t *testing.T) {
	_, err := desired.ReadRows(t.Context(), strings.NewReader("tenantId,ensure\n"+idA+", gone \n"), "partners.csv")
	var problem *desired.RowError
	if !errors.As(err, &problem) {
		t.Fatalf("no RowError in %v", err)
	}
	want := desired.RowError{File: "partners.csv", Line: 2, Column: 38, Value: "gone", Err: problem.Err, TenantID: "aaaaaaaa-0000-4000-8000-00000000000a"}
	if diff := cmp.Diff(want, *problem, cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
		t.Errorf("problem (-want +got):\n%s", diff)
	}
	if !errors.Is(err, problem.Err) {
		t.Error("the cause is not found in the RowErrors")
	}
}

func TestRowErrorsPrintInOrderOfPosition(t *testing.T) {
	cause := errors.New("wrong")
	errs := desired.RowErrors{
		{File: "p.csv", Line: 3, Column: 1, Err: cause},
		{File: "p.csv", Line: 2, Column: 9, Err: cause},
		{File: "p.csv", Line: 2, Column: 1, Err: cause},
	}
	want := "p.csv:2:1: wrong\np.csv:2:9: wrong\np.csv:3:1: wrong"
	if got := errs.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if errs[0].Line != 3 {
		t.Error("printing changed the order of the slice")
	}
}
