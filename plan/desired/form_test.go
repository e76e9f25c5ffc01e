package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// An export like a file has its columns, its spellings and its dialect.
func TestAnExportIsLikeTheFile(t *testing.T) {
	partners := map[string]graph.Partner{}
	for _, text := range []string{
		`{"tenantId":"1C8D6E2F-6D1A-4A1B-8B62-3A3B5D3A1B02","identitySynchronization":{"tenantId":"","displayName":"A;B","userSyncInbound":{"isSyncAllowed":false}},"inboundTrust":{"isMfaAccepted":true}}`,
		`{"tenantId":"0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01","isServiceProvider":true}`,
	} {
		p, err := graph.ParsePartner([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		partners[p.TenantID] = p
	}
	const remark = "# 0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01 belongs to a service provider or to Microsoft Support: bulksync never writes it"
	const head, id = "Ticket;Name;Tenant ID;inboundSync;", "1c8d6e2f-6d1a-4a1b-8b62-3a3b5d3a1b02"
	for _, c := range []struct{ name, like, want string }{
		{"a spreadsheet", "\ufeff" + head + "\r\n#x\r\nno row;;;;\r\n", "\ufeff" + head + "\r\n" + `;"A;B";` + id + ";false;\r\n" + remark + "\r\n"},
		{"a header alone", strings.ReplaceAll(head, ";", "\t"), strings.ReplaceAll(head, ";", "\t") + "\n\tA;B\t" + id + "\tfalse\t\n" + remark + "\n"},
		{"a header of two lines", "sep=;\n\"Tenant\nID\";\"Inbound\n\nSync\"\n", "Tenant ID;Inbound Sync\n" + id + ";false\n" + remark + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form, err := desired.ReadForm(t.Context(), strings.NewReader(c.like), "like.csv")
			if err != nil {
				t.Fatal(err)
			}
			x := desired.Exporter{Form: form, Owned: func(p *graph.Partner) bool { return p.IsServiceProvider }}
			var file strings.Builder
			out := x.Export(partners)
			if err := out.Write(&file); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, file.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(out.Notices) != 1 || !strings.Contains(out.Notices[0], "no column for some values of 1 partner: ") || !strings.Contains(out.Notices[0], "inboundTrust.isMfaAccepted") {
				t.Errorf("told %q", out.Notices)
			}
		})
	}
}

// A file without a header that says which tenants are meant is like nothing.
func TestAFormNeedsAHeader(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "name\n", "tenantId,nmae\n", "0b7b5c1e-5c0f-4f0a-9a51-2f2a4c2f0a01\n", "PK\x03\x04"} {
		if form, err := desired.ReadForm(t.Context(), strings.NewReader(text), "like.csv"); err == nil {
			t.Errorf("%q has the form %+v", text, form)
		}
	}
}
