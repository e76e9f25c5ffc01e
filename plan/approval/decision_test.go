package approval_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulksync/internal/seal"
	"bulksync/plan/approval"
)

// The bytes of a decision are always the same, and can be read back.
func TestDecisionFile(t *testing.T) {
	d := yes("ada")
	d.Ticket, d.Except = "CHG1 <&>", []approval.Exception{{TenantID: contoso, Reason: "ask first"}, {TenantID: approval.TemplateException}}
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "formatVersion": 1,
  "planFingerprint": "` + finger + `",
  "homeTenant": "` + home + `",
  "decision": "approve",
  "by": "ada",
  "at": "2026-11-26T11:00:00Z",
  "expiresAt": "2026-11-29T11:00:00Z",
  "ticket": "CHG1 <&>",
  "except": [
    {
      "tenantId": "` + contoso + `",
      "reason": "ask first"
    },
    {
      "tenantId": "template",
      "reason": ""
    }
  ]
}
`
	if string(text) != want {
		t.Errorf("got\n%s", text)
	}
	if got, err := approval.Decode(text); err != nil || !cmp.Equal(got, d) {
		t.Errorf("%v\n%s", err, cmp.Diff(d, got))
	}
}

// Whatever is read as a decision is written again with the same content, and a
// decision that is accepted can be kept in a journal.
func FuzzDecode(f *testing.F) {
	text, err := yes("ada").Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"formatVersion":1,"planFingerprint":"` + finger + `","homeTenant":"` + home + `","decision":"reject","by":"a","at":"2026-11-26T11:00:00+23:59","except":[]}`))
	f.Add([]byte("\ufeff{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := approval.Decode(text)
		if err != nil {
			return
		}
		again, err := d.Encode()
		if err != nil {
			t.Skip(err) // a time that no calendar has
		}
		if back, err := approval.Decode(again); err != nil || !cmp.Equal(back, d) {
			t.Errorf("%v\n%s", err, cmp.Diff(d, back))
		}
		if all, err := approval.Judge(planFor(nil), []approval.File{{Name: "d.json", Text: text}}, noon); err == nil {
			if _, err := seal.Marshal(all); err != nil {
				t.Error(err)
			}
		}
	})
}
