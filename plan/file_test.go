package plan_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gowebpki/jcs"
	"pgregory.net/rapid"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/desired"
)

// sample is a plan with each action and object in it.
func sample(t testing.TB) *plan.Plan {
	d := wanted(t,
		fabrikam+`,"Fabrikam, ""Ltd"" <é>",false,false,,,CHG1`, contoso+",,true,,,,", "22222222-aaaa-4bbb-8ccc-000000000002,,,,,absent,",
		"33333333-aaaa-4bbb-8ccc-000000000003,New,,,,,", "44444444-aaaa-4bbb-8ccc-000000000004,,true,,,,")
	d.CreatePartners = true
	d.Template = wantedTemplate(t, `{"templateApplicationLevel":"none"}`)
	cur := currently(
		partner(t, fabrikam, syncOn+","+consents),
		partner(t, contoso, `"identitySynchronization":{"userSyncInbound":{"isSyncAllowed":true},"unknown":{"b":[1.50,1e2,9007199254740993],"a":"\u00e9\/\u2028"}}`),
		partner(t, "22222222-aaaa-4bbb-8ccc-000000000002", `"identitySynchronization":{"displayName":"Old"}`),
		partner(t, "44444444-aaaa-4bbb-8ccc-000000000004", `"isServiceProvider":true`),
	)
	cur.Template = &graph.Template{TemplateApplicationLevel: "newPartners", Raw: []byte(`{"templateApplicationLevel":"newPartners"}`)}
	return build(t, d, cur)
}

func encoded(t testing.TB, p *plan.Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := p.Encode(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(text []byte) (*plan.Plan, error) { return plan.Decode(bytes.NewReader(text)) }

// independent computes a plan file's fingerprint with nothing but the library for
// RFC 8785, from the whole text at once.
func independent(t testing.TB, text []byte) string {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	delete(members, "fingerprint")
	var whole bytes.Buffer
	sep := "{"
	for name, raw := range members {
		fmt.Fprintf(&whole, "%s%q:%s", sep, name, raw)
		sep = ","
	}
	whole.WriteString("}")
	canonical, err := jcs.Transform(whole.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// resealed is a plan file with an edit in it and a fingerprint that matches.
func resealed(t testing.TB, text []byte, old, new string) []byte {
	t.Helper()
	if bytes.Count(text, []byte(old)) == 0 {
		t.Fatalf("the plan has no %s", old)
	}
	text = bytes.Replace(text, []byte(old), []byte(new), 1)
	i := bytes.LastIndex(text, []byte(`"sha256:`))
	return append(bytes.Clone(text[:i]), `"`+independent(t, text)+`"}`...)
}

func TestAPlanFileIsOneChangeALine(t *testing.T) {
	p := sample(t)
	lines := strings.Split(string(encoded(t, p)), "\n")
	var got []string
	for _, l := range lines {
		got = append(got, l[:min(len(l), 14)])
	}
	want := []string{`{`, `"formatVersion`, `"tool": {"name`, `"createdAt": "`, `"homeTenant": `, `"summary": {"c`, `"read": {"page`, `"policy": {"na`, `"input": {"nam`, `"template": {"`, `"changes": [`}
	for _, c := range p.Changes {
		want = append(want, (`{"action":"` + string(c.Action))[:14])
	}
	want = append(want, `],`, `"fingerprint":`, `}`, ``)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPlanComesBackFromItsFileAsItWas(t *testing.T) {
	alone := currently()
	alone.Template = &graph.Template{TemplateApplicationLevel: "newPartners", Raw: []byte(`{"templateApplicationLevel":"newPartners"}`)}
	for name, p := range map[string]*plan.Plan{
		"every action":   sample(t),
		"template alone": build(t, plan.Desired{Template: wantedTemplate(t, `{"templateApplicationLevel":"none"}`)}, alone),
	} {
		got, err := plan.Decode(iotest.OneByteReader(bytes.NewReader(encoded(t, p))))
		if diff := cmp.Diff(p, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Fatalf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		if diff := cmp.Diff(string(encoded(t, p)), string(encoded(t, got))); diff != "" {
			t.Errorf("%s: the file again (-first +second):\n%s", name, diff)
		}
	}
}

func TestTheFingerprintIsTheHashOfTheCanonicalFile(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := anyPlan(t, 8).Draw(rt, "plan")
		text := encoded(t, p)
		if want := independent(t, text); p.Fingerprint != want {
			rt.Errorf("got %s, want %s, for\n%s", p.Fingerprint, want, text)
		}
		got, err := decode(text)
		if diff := cmp.Diff(p, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			rt.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}

// A plan of several batches, the last of them not full.
func TestALongPlanComesBackInOrder(t *testing.T) {
	p := wholePlan(t, 1000).Example(1)
	text := encoded(t, p)
	if want := independent(t, text); p.Fingerprint != want || len(p.Changes) < 600 {
		t.Errorf("%d changes: got %s, want %s", len(p.Changes), p.Fingerprint, want)
	}
	got, err := decode(text)
	if diff := cmp.Diff(p, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = decode(resealed(t, text, `"seq":555}`, `"seq":7}`))
	if !errors.Is(err, plan.ErrAltered) || !strings.Contains(err.Error(), "change 555 has the number 7") {
		t.Errorf("got %v", err)
	}
}

// anyPlan plans random rows, at most that many and at least half as many, against
// random partners; all of them or a part.
func anyPlan(t testing.TB, most int) *rapid.Generator[*plan.Plan] { return planOf(t, most, chooseAny) }

// wholePlan is anyPlan of all rows.
func wholePlan(t testing.TB, most int) *rapid.Generator[*plan.Plan] {
	return planOf(t, most, func(*rapid.T, *plan.Desired) {})
}

func planOf(t testing.TB, most int, choose func(*rapid.T, *plan.Desired)) *rapid.Generator[*plan.Plan] {
	cell := rapid.SampledFrom([]string{"", "true", "false"})
	return rapid.Custom(func(rt *rapid.T) *plan.Plan {
		var lines []string
		var there []graph.Partner
		for i := range rapid.IntRange(most/2, most).Draw(rt, "rows") {
			id := fmt.Sprintf("90e29127-71ad-49c7-9ce8-%012x", i)
			name := rapid.SampledFrom([]string{"", "Fabrikam", `"Müller & ""Söhne"""`, "\u2028x", "😀"}).Draw(rt, "name")
			lines = append(lines, strings.Join([]string{id, name, cell.Draw(rt, "sync"), cell.Draw(rt, "mfa"), cell.Draw(rt, "device"), "", cell.Draw(rt, "in"), cell.Draw(rt, "out"),
				rapid.SampledFrom([]string{"", "", "absent", "partner-absent"}).Draw(rt, "ensure"), "note"}, ","))
			if members := rapid.SampledFrom(states).Draw(rt, "there"); members != "-" {
				p := partner(t, id, members)
				p.Problem = rapid.SampledFrom([]string{"", "", "", "", "displayName is a number"}).Draw(rt, "problem")
				there = append(there, p)
			}
		}
		r, err := desired.ReadRows(t.Context(), strings.NewReader(allColumns+strings.Join(lines, "\n")), "partners.csv")
		if err != nil {
			rt.Skip(err)
		}
		d, cur := resolved(t, r, nil), currently(there...)
		d.CreatePartners = rapid.Bool().Draw(rt, "create")
		if rapid.Bool().Draw(rt, "with a template") {
			d.Template = wantedTemplate(t, rapid.SampledFrom([]string{`{"templateApplicationLevel":""}`, `{"templateApplicationLevel":"newPartners","userSyncInbound":{"isSyncAllowed":true}}`}).Draw(rt, "template"))
			live, err := graph.ParseTemplate([]byte(rapid.SampledFrom([]string{`{"templateApplicationLevel":"none"}`, `{"templateApplicationLevel":"newPartners, unknownFutureValue","userSyncInbound":{"isSyncAllowed":true}}`}).Draw(rt, "level")))
			if err != nil {
				rt.Fatal(err)
			}
			cur.Template = &live
		}
		choose(rt, &d)
		return build(t, d, cur)
	})
}

// chooseAny may choose a part of the input.
func chooseAny(rt *rapid.T, d *plan.Desired) {
	if !rapid.Bool().Draw(rt, "a part") {
		return
	}
	limit := rapid.IntRange(0, 3).Draw(rt, "limit")
	var names, only []string
	for i := range d.Partners.Rows {
		names = append(names, d.Partners.Rows[i].TenantID)
	}
	if d.Template != nil {
		names = append(names, plan.TemplateChoice)
	}
	if len(names) > 0 && (limit == 0 || rapid.Bool().Draw(rt, "by name")) {
		only = rapid.SliceOfN(rapid.SampledFrom(names), 1, 4).Draw(rt, "only")
	}
	if missing := d.Choose(only, limit); len(missing) > 0 {
		rt.Fatalf("not in the input: %v", missing)
	}
}

// whole are the members of a partner whose removal loses something.
const whole = `"b2bCollaborationInbound":{"applications":{"accessType":"blocked","targets":null}},"b2bDirectConnectOutbound":null,` +
	`"protectedContentSharing":{"inboundAllowed":true},"isInMultiTenantOrganization":true,` + trusts + "," + syncOn + "," + consents

// states are the members of partners that plans are made against; "-" is no partner.
var states = []string{
	"-", "", inherits, syncOn, syncOn + "," + consents, `"isServiceProvider":true`, `"isServiceProvider":true,` + syncOn,
	`"automaticUserConsentSettings":{"InboundAllowed":true,"outboundAllowed":null,"other":[1e2]}`,
	trusts, `"inboundTrust":{"IsMfaAccepted":null,"isCompliantDeviceAccepted":true,"other":{}},` + consents,
	whole,
	`"identitySynchronization":{"displayName":null,"userSyncInbound":null}`, `"identitySynchronization":{"tenantId":"x"}`,
	`"identitySynchronization":{"displayName":"","UserSyncInbound":{"isSyncAllowed":false,"new":null}},` + consents,
}

// A plan file with one byte changed is refused, unless it says the very same
// thing in another spelling.
func TestAnEditOfOneByteIsRefusedOrMeansNothing(t *testing.T) {
	text := encoded(t, sample(t))
	made, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		edit := bytes.Clone(text)
		i := rapid.IntRange(0, len(text)-1).Draw(rt, "at")
		edit[i] = rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\"{}[],:0 \n\\tfeE"))).Draw(rt, "byte")
		got, err := decode(edit)
		if err != nil {
			return
		}
		if diff := cmp.Diff(made, got, sameJSON); diff != "" {
			rt.Errorf("byte %d, %q in place of %q, is accepted (-made +read):\n%s", i, edit[i], text[i], diff)
		}
	})
}

// sameJSON compares what is kept as text by what it says.
var sameJSON = cmp.Comparer(func(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	x, err1 := jcs.Transform(a)
	y, err2 := jcs.Transform(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
})

func TestASpellingOfJSONDoesNotMatter(t *testing.T) {
	var indented bytes.Buffer
	p := sample(t)
	if err := json.Indent(&indented, encoded(t, p), "", "\t"); err != nil {
		t.Fatal(err)
	}
	got, err := decode(indented.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(encoded(t, p)), string(encoded(t, got))); diff != "" && got.Fingerprint != p.Fingerprint {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatANewerProgramAddsIsCoveredAndPassedOver(t *testing.T) {
	text := resealed(t, encoded(t, sample(t)), `"tool": {`, `"added": {"z":1,"a":[]}, "tool": {"more":true,`)
	if _, err := decode(text); err != nil {
		t.Errorf("got %v", err)
	}
	if _, err := decode(bytes.Replace(text, []byte(`"z":1`), []byte(`"z":2`), 1)); !errors.Is(err, plan.ErrAltered) {
		t.Errorf("an edit of it: got %v", err)
	}
}

// The fingerprint has members in the order of their names, wherever they are in
// the text. A text that does not seek is read once all the same.
func TestAMemberBeforeTheChangesMayComeAfterThem(t *testing.T) {
	text := encoded(t, sample(t))
	late := resealed(t, text, "],\n\"fingerprint\"", "],\n\"approvals\":[2,1.0],\"zone\":{\"b\":1,\"a\":2},\"fingerprint\"")
	both := resealed(t, late, `{`, `{"able":"\u0061",`)
	for name, text := range map[string][]byte{"after": late, "before and after": both} {
		skip := bytes.NewReader(append([]byte("skipped"), text...))
		skip.Seek(7, io.SeekStart)
		for how, r := range map[string]io.Reader{"a file": skip, "a pipe": iotest.HalfReader(bytes.NewReader(text))} {
			if got, err := plan.Decode(r); err != nil || len(got.Changes) == 0 {
				t.Errorf("%s, in %s: %v", name, how, err)
			}
		}
		if _, err := decode(bytes.Replace(text, []byte(`[2,1.0]`), []byte(`[1,2.0]`), 1)); !errors.Is(err, plan.ErrAltered) {
			t.Errorf("%s, altered: %v", name, err)
		}
	}
}

// Each of these plans has a matching fingerprint, so that only the rules can
// refuse it.
func TestACraftedPlanIsRefused(t *testing.T) {
	text := encoded(t, sample(t))
	for _, c := range []struct{ name, old, new, says string }{
		{"another body", `"body":{"displayName":"New"}`, `"body":{"displayName":"Other"}`, "the request does not follow from the fields"},
		{"more in the body", `"body":{"templateApplicationLevel":"none"}`, `"body":{"templateApplicationLevel":"none","userSyncInbound":{"isSyncAllowed":true}}`, "change 1: the request does not follow from the fields"},
		{"another path", `"path":"` + synced, `"path":"` + partners + "/" + contoso + "/identitySynchronization", "change 2: the request does not follow from the fields"},
		{"another verb", `"method":"PATCH","path":"` + synced, `"method":"PUT","path":"` + synced, "the request does not follow"},
		{"a request of a no-op", `{"action":"no-op",`, `{"action":"no-op","request":{"method":"DELETE","path":"/x"},`, "no-op identitySynchronization has the wrong request"},
		{"a request that is missing", `"request":{"method":"PATCH","path":"` + template + `","body":{"templateApplicationLevel":"none"}},`, ``, "update template has the wrong request"},
		{"a tenant that is a path", `"partner":{"tenantId":"` + fabrikam, `"partner":{"tenantId":"../default`, `"../default" is not a tenant ID`},
		{"a tenant in capitals", `"partner":{"tenantId":"` + fabrikam, `"partner":{"tenantId":"` + strings.ToUpper(fabrikam), "is not a tenant ID"},
		{"an unknown action", `"action":"update"`, `"action":"replace"`, "no such change: replace template"},
		{"an unknown object", `"object":"template"`, `"object":"default"`, "no such change: update default"},
		{"an unknown property", `"path":"displayName"`, `"path":"b2bCollaborationInbound"`, `the field "b2bCollaborationInbound" is unknown or out of place`},
		{"a property that is an object", `"after":"none"`, `"after":{"none":1}`, "holds a value of the wrong type"},
		{"a member that no plan has", `"tool": {`, `"töol": {}, "tool": {`, `a plan has no member "töol"`},
		{"another number", `"seq":2`, `"seq":3`, "change 2 has the number 3"},
		{"another summary", `"blocked":1`, `"blocked":0`, "the summary does not count the changes"},
		{"a type that no plan has", `"row":2`, `"row":"2"`, `change 2: json: cannot unmarshal JSON string into Go int within "/row"`},
		{"a member in other letter case", `"seq":2`, `"Seq":2`, "change 2 has the number 0"},
		{"a member that no plan has so", `"rows":5`, `"rows":"5"`, `member "input": json: cannot unmarshal JSON string into Go int within "/rows"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode(resealed(t, text, c.old, c.new))
			said := strings.Replace(fmt.Sprint(err), "unable to", "cannot", 1) // the library says either, at random
			if !errors.Is(err, plan.ErrAltered) || !strings.Contains(said, c.says) {
				t.Errorf("got %v\nwant %s", err, c.says)
			}
		})
	}
}

func TestAFileThatIsNoPlanSaysSo(t *testing.T) {
	text := string(encoded(t, sample(t)))
	for _, c := range []struct {
		name, text string
		is         error
		says       string
	}{
		{"empty", "", nil, "not a plan, or cut short: unexpected EOF"},
		{"a CSV", columns, nil, "not a plan, or cut short: invalid character"},
		{"a list", "[]", nil, "not a plan: it is not a JSON object"},
		{"another JSON", `{"name":"x"}`, nil, "not a plan: it has no formatVersion"},
		{"cut short after a line", text[:strings.Index(text, "\n{\"action\":\"no-op")], nil, "not a plan, or cut short: unexpected EOF"},
		{"cut short within a change", text[:strings.Index(text, `"seq":3`)], nil, "not a plan, or cut short: unexpected EOF"},
		{"cut short at its end", strings.TrimSuffix(text, "}\n"), nil, "not a plan, or cut short: unexpected EOF"},
		{"two plans", text + text, nil, "not a plan: there is text after its end"},
		{"changes that are no list", `{"formatVersion":1,"changes":{}}`, nil, "not a plan: its changes are not a list"},
		{"a version in words", `{"formatVersion":"one"}`, nil, `not a plan: its formatVersion is "one"`},
		{"a newer format", strings.Replace(text, `"formatVersion": 1`, `"formatVersion": 2`, 1), plan.ErrFormat, "the plan has another format version: it has 2, this program reads 1"},
		{"a newer format of another shape", `{"changes":[7],"formatVersion":3}`, plan.ErrFormat, "it has 3"},
		{"an altered fingerprint", strings.Replace(text, "sha256:", "sha512:", 1), plan.ErrAltered, "the plan was altered after it was made: it says sha512:"},
		{"no fingerprint", `{"formatVersion":1}`, plan.ErrAltered, "it says , its content is sha256:"},
		{"a member twice", strings.Replace(text, `"tool": {`, `"read": {}, "tool": {`, 1), plan.ErrAltered, `the member "read" appears twice`},
		{"the changes twice", strings.Replace(text, `"tool": {`, `"changes": [], "tool": {`, 1), plan.ErrAltered, `the member "changes" appears twice`},
		{"a member of a change twice", strings.Replace(text, `"seq":2`, `"seq":9,"seq":2`, 1), plan.ErrAltered, `the member "changes/1/seq" appears twice`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := decode([]byte(c.text))
			if p != nil || err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v\nwant %s", err, c.says)
			}
			if c.is == nil && (errors.Is(err, plan.ErrAltered) || errors.Is(err, plan.ErrFormat)) {
				t.Errorf("%v is taken for a plan", err)
			}
		})
	}
	if _, err := plan.Decode(iotest.ErrReader(os.ErrPermission)); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	end := io.MultiReader(strings.NewReader(text), iotest.ErrReader(os.ErrPermission))
	if _, err := plan.Decode(end); !errors.Is(err, os.ErrPermission) {
		t.Errorf("a file that cannot be read to its end: %v", err)
	}
}

func TestAFileThatCannotBeWrittenIsAnError(t *testing.T) {
	if err := sample(t).Encode(failingWriter{}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, os.ErrClosed }

// FuzzDecodePlan checks that a text is refused or is a plan whose fingerprint and
// requests are right. Run it with -fuzzminimizetime 1x: work on several cores
// makes coverage vary, and the fuzzer would minimize forever.
func FuzzDecodePlan(f *testing.F) {
	text := encoded(f, sample(f))
	f.Add(text)
	f.Add(resealed(f, text, `"seq":2`, `"seq":3`))
	f.Add([]byte(`{"formatVersion":1,"changes":[],"fingerprint":""}`))
	f.Add([]byte(`{"formatVersion":1,"changes":[{"seq":1,"object":"template","action":"update"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decode(text)
		if err != nil {
			return
		}
		if p.Fingerprint != independent(t, text) {
			t.Errorf("%s: %s does not fit", text, p.Fingerprint)
		}
		for i, q := range requestsIn(t, text) {
			sameBody := cmp.Comparer(func(a, b json.RawMessage) bool { return seal.Same(a, b) })
			if diff := cmp.Diff(q, p.Changes[i].Request(), sameBody); diff != "" {
				t.Errorf("change %d (-file +sent):\n%s", i+1, diff)
			}
		}
	})
}

// requestsIn are the requests that a plan file shows.
func requestsIn(t *testing.T, text []byte) []*plan.Request {
	t.Helper()
	r, _, err := desired.DecodeText(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Changes []struct {
			Request *plan.Request `json:"request"`
		} `json:"changes"`
	}
	if err := seal.Unmarshal(plain, &file); err != nil {
		t.Fatal(err)
	}
	all := make([]*plan.Request, len(file.Changes))
	for i, c := range file.Changes {
		all[i] = c.Request
	}
	return all
}
