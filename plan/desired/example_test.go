package desired_test

import (
	"context"
	"fmt"
	"strings"

	"bulksync/plan/desired"
)

// All that is wrong with a file is told at once, with line and column.
func ExampleReadRows() {
	const csv = `tenantId;displayName;inboundSync
0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01;Fabrikam;maybe
contoso;Contoso;true
`
	_, err := desired.ReadRows(context.Background(), strings.NewReader(csv), "partners.csv")
	fmt.Println(err)
	// Output:
	// partners.csv:2:47: userSyncInbound.isSyncAllowed is "maybe": use true/false, yes/no, on/off or 1/0
	// partners.csv:3:1: tenantId "contoso" is neither a GUID nor a domain name such as contoso.com
}

// A table is written for the spreadsheet that a German Excel would save: with a byte
// order mark, since not everything in it is ASCII.
func ExampleDialect_Write() {
	d := desired.Dialect{Delimiter: ";", Encoding: "utf-8", Newline: "\r\n"}
	var file strings.Builder
	err := d.Write(&file, [][]string{{"tenantId", "note"}, {"contoso.com", "Müller; Söhne"}})
	fmt.Printf("%q %v\n", file.String(), err)
	// Output:
	// "\ufefftenantId;note\r\ncontoso.com;\"Müller; Söhne\"\r\n" <nil>
}
