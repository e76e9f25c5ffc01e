package desired_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"golang.org/x/text/encoding/unicode"

	"bulksync/plan/desired"
)

const (
	idA = "aaaaaaaa-0000-4000-8000-00000000000a"
	idB = "bbbbbbbb-0000-4000-8000-00000000000b"
)

// ignorePositions compares rows by what they want.
var ignorePositions = cmp.Options{cmpopts.IgnoreUnexported(desired.Row{}), cmpopts.EquateComparable(desired.Values{})}

func readRows(t *testing.T, text string) *desired.Rows {
	t.Helper()
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(text), "partners.csv")
	if err != nil {
		t.Fatalf("ReadRows:\n%v", err)
	}
	return rows
}

// known resolves rows; domains get made-up tenant IDs.
func known(t interface{ Fatal(...any) }, r *desired.Rows) []desired.Row {
	tenants := map[string]string{}
	for _, domain := range r.Domains() {
		tenants[domain] = uuid.NewSHA1(uuid.NameSpaceDNS, []byte(domain)).String()
	}
	partners, err := r.Resolve("", tenants)
	if err != nil {
		t.Fatal(err)
	}
	return partners.Rows
}

// switchOf is what a row wants of its partner's synchronization.
func switchOf(r desired.Row) any {
	return r.Value(desired.IdentitySynchronization.Property(desired.PathSyncAllowed))
}

// rowProblems returns what ReadRows says about a file that it refuses.
func rowProblems(t *testing.T, text string) string {
	t.Helper()
	rows, err := desired.ReadRows(t.Context(), strings.NewReader(text), "partners.csv")
	if rows != nil {
		t.Errorf("got rows beside the error %v", err)
	}
	if problems := (desired.RowErrors)(nil); !errors.As(err, &problems) {
		t.Fatalf("error %v (%T) is not a RowErrors", err, err)
	}
	return err.Error()
}

func utf16(t *testing.T, order unicode.Endianness, mark unicode.BOMPolicy, text string) string {
	t.Helper()
	encoded, err := unicode.UTF16(order, mark).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func TestEachDialectReadsAsTheSameRows(t *testing.T) {
	want := []desired.Row{
		desired.With(desired.Row{Line: 2, TenantID: idA}, "displayName", "Zoë, Söhne; Co", "userSyncInbound.isSyncAllowed", true),
		desired.With(desired.Row{Line: 3, TenantID: idB}, "displayName", "Tab"),
	}
	comma := "tenantId,displayName,isSyncAllowed\n" + idA + ",\"Zoë, Söhne; Co\",yes\n" + idB + ",Tab,\n"
	crlf := strings.ReplaceAll(comma, "\n", "\r\n")
	semicolon := "tenantId;displayName;isSyncAllowed\n" + idA + ";\"Zoë, Söhne; Co\";yes\n" + idB + ";Tab;\n"
	tab := "tenantId\tdisplayName\tisSyncAllowed\n" + idA + "\tZoë, Söhne; Co\tyes\n" + idB + "\tTab\t\n"
	for _, test := range []struct {
		name, text string
		want       desired.Dialect
	}{
		{"commas", comma, desired.Dialect{Delimiter: ",", Encoding: "utf-8", Newline: "\n"}},
		{"semicolons", semicolon, desired.Dialect{Delimiter: ";", Encoding: "utf-8", Newline: "\n"}},
		{"tabs", tab, desired.Dialect{Delimiter: "\t", Encoding: "utf-8", Newline: "\n"}},
		{"Windows line ends", crlf, desired.Dialect{Delimiter: ",", Encoding: "utf-8", Newline: "\r\n"}},
		{"no line end at the end", strings.TrimSuffix(comma, "\n"), desired.Dialect{Delimiter: ",", Encoding: "utf-8", Newline: "\n"}},
		{"byte order mark", "\uFEFF" + comma, desired.Dialect{Delimiter: ",", Encoding: "utf-8-bom", Newline: "\n"}},
		{"byte order mark and quotes", "\uFEFF" + strings.Replace(comma, "tenantId", `"tenantId"`, 1), desired.Dialect{Delimiter: ",", Encoding: "utf-8-bom", Newline: "\n"}},
		{"UTF-16 little endian", utf16(t, unicode.LittleEndian, unicode.UseBOM, tab), desired.Dialect{Delimiter: "\t", Encoding: "utf-16le", Newline: "\n"}},
		{"UTF-16 big endian", utf16(t, unicode.BigEndian, unicode.UseBOM, crlf), desired.Dialect{Delimiter: ",", Encoding: "utf-16be", Newline: "\r\n"}},
		{"UTF-16 little endian without a mark", utf16(t, unicode.LittleEndian, unicode.IgnoreBOM, comma), desired.Dialect{Delimiter: ",", Encoding: "utf-16le", Newline: "\n"}},
		{"UTF-16 big endian without a mark", utf16(t, unicode.BigEndian, unicode.IgnoreBOM, comma), desired.Dialect{Delimiter: ",", Encoding: "utf-16be", Newline: "\n"}},
		{"a delimiter that is rarer than a quoted one", "tenantId;\"name\";\"isSyncAllowed\"\n" + idA + ";\"Zoë, Söhne; Co\";on\n" + idB + ";Tab;\n", desired.Dialect{Delimiter: ";", Encoding: "utf-8", Newline: "\n"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readRows(t, test.text)
			if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got.Input.Dialect); diff != "" {
				t.Errorf("dialect (-want +got):\n%s", diff)
			}
		})
	}
}

func TestASeparatorLineDecidesTheDelimiter(t *testing.T) {
	for _, line := range []string{"sep=;", "SEP=;", `"sep=;"`} {
		got := readRows(t, line+"\r\ntenantId;note\r\n"+idA+";a,b\r\n")
		want := []desired.Row{{Line: 3, TenantID: idA, Note: "a,b"}}
		if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
	want := `partners.csv:1:1: delimiter "|" is not supported: use a comma, a semicolon or a tab`
	if got := rowProblems(t, "sep=|\ntenantId|note\n"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHeadersAreKnownByEachOfTheirNames(t *testing.T) {
	want := []desired.Row{desired.With(desired.Row{Line: 2, TenantID: idA, Note: "CHG1"}, "displayName", "Contoso", "userSyncInbound.isSyncAllowed", true, "automaticUserConsentSettings.inboundAllowed", false, "automaticUserConsentSettings.outboundAllowed", true)}
	for _, header := range []string{
		"tenantId,displayName,userSyncInbound.isSyncAllowed,automaticUserConsentSettings.inboundAllowed,automaticUserConsentSettings.outboundAllowed,ensure,note",
		"tenant id,name,isSyncAllowed,inboundConsent,outboundConsent,ensure,ticket",
		"tenant_id,partner,inboundSync,inboundConsent,outboundConsent,ensure,comment",
		"partnerTenantId,Display Name,INBOUND_SYNC,Inbound Consent,outbound_consent,Ensure,Comment",
		" TENANTID ,\u00a0displayname\u200b,\"issyncallowed\",inboundconsent,outboundconsent,ENSURE,NOTE",
	} {
		got := readRows(t, header+"\n"+idA+",Contoso,true,false,true,present,CHG1\n")
		if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", header, diff)
		}
	}
}

func TestTrustHasAColumnForEachClaim(t *testing.T) {
	want := []desired.Row{desired.With(desired.Row{Line: 2, TenantID: idA}, "inboundTrust.isMfaAccepted", true,
		"inboundTrust.isCompliantDeviceAccepted", false, "inboundTrust.isHybridAzureADJoinedDeviceAccepted", true)}
	for _, header := range []string{
		"tenantId,inboundTrust.isMfaAccepted,inboundTrust.isCompliantDeviceAccepted,inboundTrust.isHybridAzureADJoinedDeviceAccepted",
		"tenantId,mfaTrust,Device Trust,hybrid_trust",
	} {
		got := readRows(t, header+"\n"+idA+",yes,no,1\n")
		if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", header, diff)
		}
	}
	problem := rowProblems(t, "tenantId,mfaTrust\n"+idA+",maybe\n")
	if want := `partners.csv:2:38: inboundTrust.isMfaAccepted is "maybe": use true/false, yes/no, on/off or 1/0`; problem != want {
		t.Errorf("got  %s\nwant %s", problem, want)
	}
}

func TestSwitchesAreReadInEachOfTheirWords(t *testing.T) {
	for word, want := range map[string]bool{
		"true": true, "TRUE": true, "Yes": true, "1": true, "on": true, "\u00a0on ": true,
		"false": false, "FALSE": false, "No": false, "0": false, "off": false, "OFF": false,
	} {
		got := switchOf(known(t, readRows(t, "tenantId,isSyncAllowed\n"+idA+","+word+"\n"))[0])
		if got != want {
			t.Errorf("%q: got %v, want %v", word, got, want)
		}
	}
	if got := switchOf(known(t, readRows(t, "tenantId,isSyncAllowed\n"+idA+", \n"))[0]); got != nil {
		t.Errorf("empty: got %v, want not managed", got)
	}
}

func TestTenantIDsAreReadInEachOfTheirForms(t *testing.T) {
	for _, form := range []string{
		idA, strings.ToUpper(idA), "{" + idA + "}", "urn:uuid:" + idA, "URN:UUID:" + idA,
		strings.ReplaceAll(idA, "-", ""), "  " + idA + "\u00a0", "\ufeff" + idA + "\u200b", `"` + idA + `"`, ` "` + idA + `" `,
	} {
		if got := known(t, readRows(t, "tenantId\n"+form+"\n"))[0].TenantID; got != idA {
			t.Errorf("%q: got %q", form, got)
		}
	}
}

func TestDomainsAreReadInOneSpelling(t *testing.T) {
	for form, want := range map[string]string{
		"contoso.com":              "contoso.com",
		"Contoso.OnMicrosoft.com ": "contoso.onmicrosoft.com",
		"bücher.example":           "xn--bcher-kva.example",
		"XN--BCHER-KVA.example":    "xn--bcher-kva.example",
		"3m.com":                   "3m.com",
	} {
		if got := readRows(t, "tenantId\n"+form+"\n").Domains(); len(got) != 1 || got[0] != want {
			t.Errorf("%q: got the domains %q", form, got)
		}
	}
}

func TestBlankLinesAndCommentsAreNoRows(t *testing.T) {
	got := readRows(t, "# partners of 2026\n\n  \t\ntenantId;note;;\n;;;\n\u00a0\n  # b\n"+idA+";\"first\n# not a comment\n\nlast\";;\n;;;;;;\n#"+idB+"\n"+idB+";# a note\n")
	want := []desired.Row{
		{Line: 8, TenantID: idA, Note: "first\n# not a comment\n\nlast"},
		{Line: 14, TenantID: idB, Note: "# a note"},
	}
	if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	wantInput := desired.Input{
		Rows: 2, Header: []string{"tenantId", "note", "", ""}, Lines: []int{8, 14},
		Cells: [][]string{{idA, "first\n# not a comment\n\nlast", "", ""}, {idB, "# a note", "", ""}},
	}
	if diff := cmp.Diff(wantInput, got.Input, cmpopts.IgnoreFields(desired.Input{}, "Name", "SHA256", "Dialect")); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
}

func TestCarriageReturnsInQuotesOrAtAnEdgeAreKept(t *testing.T) {
	got := readRows(t, "tenantId,note\n"+idA+",\"a\rb\r\nc\"\n"+"\r"+idB+",x\r\r\n")
	want := []desired.Row{{Line: 2, TenantID: idA, Note: "a\nb\nc"}, {Line: 4, TenantID: idB, Note: "x"}}
	if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// Text copied from dialogs and chats comes with marks of text direction.
func TestMarksOfDirectionAtAnEdgeAreStray(t *testing.T) {
	got := readRows(t, "\u200etenantId\u200f,name,isSyncAllowed\n\u202d"+idA+"\u202c,\u2068Contoso\u2069,\u200etrue\n\u200e# x\n")
	want := []desired.Row{desired.With(desired.Row{Line: 2, TenantID: idA}, "displayName", "Contoso", "userSyncInbound.isSyncAllowed", true)}
	if diff := cmp.Diff(want, known(t, got), ignorePositions); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestTheInputIsKeptAsItCame(t *testing.T) {
	text := "\uFEFFname , tenantId\r\n Contoso,{" + strings.ToUpper(idA) + "}\r\nContoso, " + idA + "\u00a0\r\n"
	sum := sha256.Sum256([]byte(text))
	want := desired.Input{
		Name: "partners.csv", SHA256: hex.EncodeToString(sum[:]), Rows: 2, Header: []string{"name ", " tenantId"},
		Cells:   [][]string{{" Contoso", "{" + strings.ToUpper(idA) + "}"}, {"Contoso", " " + idA + "\u00a0"}},
		Lines:   []int{2, 3},
		Dialect: desired.Dialect{Delimiter: ",", Encoding: "utf-8-bom", Newline: "\r\n"},
	}
	got := readRows(t, text)
	if diff := cmp.Diff(want, got.Input); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	if rows := known(t, got); len(rows) != 1 {
		t.Errorf("%d rows, want the two merged into one", len(rows))
	}
}

func TestAFileOfTenantIDsAloneManagesNothing(t *testing.T) {
	got := readRows(t, "tenantId\n"+idA+"\n")
	if diff := cmp.Diff([]desired.Row{{Line: 2, TenantID: idA}}, known(t, got), ignorePositions); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestAbsentMakesSyncAllowedANotice(t *testing.T) {
	got := readRows(t, "tenantId,ensure,isSyncAllowed\n"+idA+",Absent,true\n"+idB+",absent,false\n")
	if rows := known(t, got); len(rows) != 2 || !rows[0].Absent {
		t.Errorf("rows are %+v", rows)
	}
	want := []desired.Notice{{File: "partners.csv", Line: 2, Column: 45, Message: "ensure=absent removes the policy; isSyncAllowed is not used"}}
	if diff := cmp.Diff(want, got.Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	if got, want := got.Notices[0].String(), "partners.csv:2:45: ensure=absent removes the policy; isSyncAllowed is not used"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestReadingStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	text := "tenantId\n" + strings.Repeat("# "+strings.Repeat("x", 100)+"\n", 2000)
	_, err := desired.ReadRows(ctx, &callReader{strings.NewReader(text), cancel}, "partners.csv")
	if !errors.Is(err, context.Canceled) || err.Error() != "reading partners.csv: context canceled" {
		t.Errorf("got %v", err)
	}
}

// callReader calls a function each time it is read.
type callReader struct {
	r    io.Reader
	call func()
}

func (c *callReader) Read(p []byte) (int, error) {
	c.call()
	return c.r.Read(p)
}

func TestABrokenReaderIsNoRowError(t *testing.T) {
	for _, text := range []string{"", "tenantId", "sep=;\n", "\"tenant\n", "tenantId\n" + idA + "\nx"} {
		broken := io.MultiReader(strings.NewReader(text), &failingReader{})
		_, err := desired.ReadRows(t.Context(), broken, "partners.csv")
		if !errors.Is(err, io.ErrClosedPipe) || errors.As(err, new(desired.RowErrors)) {
			t.Errorf("after %q: got %v", text, err)
		}
	}
}

type failingReader struct{}

func (*failingReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
