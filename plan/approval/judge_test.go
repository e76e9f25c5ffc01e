package approval_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/approval"
)

const (
	contoso = "90e29127-71ad-49c7-9ce8-db3f41ea06f1"
	home    = "7d2c1f0e-5a1b-4c0d-8e9f-0a1b2c3d4e5f"
	finger  = "sha256:4be1c0b1f2a94f0e8d7c6b5a49382716f5e4d3c2b1a09f8e7d6c5b4a39281706"
)

// noon is when the decisions are judged.
var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// signer is a person with a key.
type signer struct {
	*seal.Key
	line string // of the key, for a file of signers
}

func newSigner(t *testing.T) signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := seal.OpenKey(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line)))}
}

// by signs a file in a namespace.
func (s signer) by(t *testing.T, f approval.File, namespace string) approval.File {
	t.Helper()
	sig, err := s.Sign(f.Text, namespace)
	if err != nil {
		t.Fatal(err)
	}
	f.Signature = sig
	return f
}

// planFor is a plan with one partner and the template, and the approvals that its
// policy asks for.
func planFor(approvals *plan.Approvals) *plan.Plan {
	p := &plan.Plan{Fingerprint: finger, HomeTenant: graph.HomeTenant{ID: home}, Policy: *plan.BuiltInPolicy(), Changes: []plan.Change{
		{Seq: 1, Object: plan.SyncTemplate, Action: plan.Update},
		{Seq: 2, Object: plan.IdentitySynchronization, Action: plan.Update, Partner: plan.Partner{TenantID: contoso}},
	}}
	p.Policy.Approvals = approvals
	return p
}

// yes is an approval, made an hour ago.
func yes(by string) *approval.Decision {
	return &approval.Decision{
		FormatVersion: 1, PlanFingerprint: finger, HomeTenant: home, Decision: approval.Approve, By: by,
		At: noon.Add(-time.Hour), ExpiresAt: noon.Add(71 * time.Hour),
	}
}

// fileOf is a decision in a file, after an edit.
func fileOf(t *testing.T, d *approval.Decision, edit func(*approval.Decision)) approval.File {
	t.Helper()
	if edit != nil {
		edit(d)
	}
	text, err := d.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return approval.File{Name: d.By + ".json", Text: text}
}

// withText replaces text of a file.
func withText(t *testing.T, f approval.File, old, now string) approval.File {
	t.Helper()
	if !strings.Contains(string(f.Text), old) {
		t.Fatalf("no %q in %s", old, f.Text)
	}
	f.Text = []byte(strings.Replace(string(f.Text), old, now, 1))
	return f
}

// refusals requires the faults, one to a line.
func refusals(t *testing.T, name string, err error, want ...string) {
	t.Helper()
	var r *approval.Refusal
	if !errors.As(err, &r) {
		t.Errorf("%s: got %v", name, err)
		return
	}
	got := strings.Split(r.Error(), "\n")
	for i, line := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], line) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, r, strings.Join(want, "\n"))
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, r, strings.Join(want, "\n"))
	}
}

// Everything that can be wrong with an unsigned decision.
func TestJudgeRefuses(t *testing.T) {
	const ada = "ada.json: "
	none := ada + "it has no "
	for name, tc := range map[string]struct {
		edit      func(*approval.Decision)
		old, text string
		want      []string
	}{
		"another plan":        {edit: func(d *approval.Decision) { d.PlanFingerprint = "sha256:00" }, want: []string{ada + `it is about another plan, "sha256:00"; this one is ` + finger}},
		"another tenant":      {edit: func(d *approval.Decision) { d.HomeTenant = contoso }, want: []string{ada + `it is about another home tenant, "` + contoso + `"; the plan is for ` + home}},
		"neither":             {edit: func(d *approval.Decision) { d.Decision = "maybe" }, want: []string{ada + `its decision is "maybe": neither approve nor reject`, "nobody approves the plan"}},
		"late":                {edit: func(d *approval.Decision) { d.ExpiresAt = noon.Add(-time.Second) }, want: []string{ada + "it expired at 2026-11-26 11:59:59 UTC; it is 2026-11-26 12:00:00 UTC now"}},
		"late at this moment": {edit: func(d *approval.Decision) { d.ExpiresAt = noon }, want: []string{ada + "it expired at 2026-11-26 12:00:00 UTC; it is"}},
		"late before it was":  {edit: func(d *approval.Decision) { d.At = d.ExpiresAt }, want: []string{ada + "it was made at 2026-11-29 11:00:00 UTC, more than 5m0s ahead"}},
		"expired when made":   {edit: func(d *approval.Decision) { d.ExpiresAt = d.At }, want: []string{ada + "it expired at 2026-11-26 11:00:00 UTC, before it was made"}},
		"from the future":     {edit: func(d *approval.Decision) { d.At = noon.Add(5*time.Minute + time.Second) }, want: []string{ada + "it was made at 2026-11-26 12:05:01 UTC, more than 5m0s ahead of this machine's clock, 2026-11-26 12:00:00 UTC"}},
		"no expiry":           {edit: func(d *approval.Decision) { d.ExpiresAt = time.Time{} }, want: []string{ada + "an approval needs expiresAt"}},
		"excepts a stranger":  {edit: func(d *approval.Decision) { d.Except = []approval.Exception{{TenantID: home}} }, want: []string{ada + `it excepts "` + home + `", which is no partner of the plan`}},
		"excepts twice": {edit: func(d *approval.Decision) {
			d.Except = []approval.Exception{{TenantID: contoso}, {TenantID: strings.ToUpper(contoso)}}
		}, want: []string{ada + `it excepts "` + contoso + `" twice`}},
		"no name":                    {old: `"by": "ada"`, text: `"by": ""`, want: []string{ada + "the name is empty"}},
		"a name with a space":        {old: `"by": "ada"`, text: `"by": "ada "`, want: []string{ada + `the name "ada " begins or ends with a space`}},
		"a name with a control":      {old: `"by": "ada"`, text: `"by": "ada\u001b[0m"`, want: []string{ada + "the name "}},
		"a name that is reversed":    {old: `"by": "ada"`, text: `"by": "a\u202eda"`, want: []string{ada + "the name "}},
		"a long name":                {old: `"by": "ada"`, text: `"by": "` + strings.Repeat("a", 201) + `"`, want: []string{ada + "the name is longer than 200 bytes"}},
		"an unknown member":          {old: `"by":`, text: `"until": 1, "by":`, want: []string{ada + `it has a member that no decision has: "until"`, "nobody approves the plan"}},
		"another letter case":        {old: `"by":`, text: `"By":`, want: []string{ada + `it has a member that no decision has: "By"`, "nobody approves the plan"}},
		"a member twice":             {old: `"by":`, text: `"by": "eve", "by":`, want: []string{ada + `the member "by" appears twice`, "nobody approves the plan"}},
		"another version":            {old: `"formatVersion": 1`, text: `"formatVersion": 2, "new": true`, want: []string{ada + "it has the format version 2; this program reads 1", "nobody approves the plan"}},
		"no version":                 {old: `"formatVersion": 1,`, want: []string{ada + "it has the format version 0", "nobody approves the plan"}},
		"a version in words":         {old: `"formatVersion": 1`, text: `"formatVersion": "1"`, want: []string{ada + "its member formatVersion is of the wrong type", "nobody approves the plan"}},
		"a time in words":            {old: `"at": "2026-11-26T11:00:00Z"`, text: `"at": "today"`, want: []string{ada + "its member at is of the wrong type", "nobody approves the plan"}},
		"a time before the calendar": {old: `"at": "2026-11-26T11:00:00Z"`, text: `"at": "0000-01-01T00:00:00+01:00"`, want: []string{ada + "it has a time that no calendar has"}},
		"a time after the calendar":  {old: `"expiresAt": "2026-11-29T11:00:00Z"`, text: `"expiresAt": "9999-12-31T23:59:59-01:00"`, want: []string{ada + "it has a time that no calendar has"}},
		"null":                       {old: `"by": "ada"`, text: `"by": null`, want: []string{ada + "its member by is of the wrong type", "nobody approves the plan"}},
		"no plan":                    {old: `"planFingerprint": "` + finger + `",`, want: []string{none + "planFingerprint", "nobody approves the plan"}},
		"no tenant":                  {old: `"homeTenant": "` + home + `",`, want: []string{none + "homeTenant", "nobody approves the plan"}},
		"no decision":                {old: `"decision": "approve",`, want: []string{none + "decision", "nobody approves the plan"}},
		"no by":                      {old: `"by": "ada",`, want: []string{none + "by", "nobody approves the plan"}},
		"no at":                      {old: `"at": "2026-11-26T11:00:00Z",`, want: []string{none + "at", "nobody approves the plan"}},
		"except is no list":          {old: `"by":`, text: `"except": {}, "by":`, want: []string{ada + "its member except is of the wrong type", "nobody approves the plan"}},
		"an exception in words":      {old: `"by":`, text: `"except": ["` + contoso + `"], "by":`, want: []string{ada + "its member except is of the wrong type", "nobody approves the plan"}},
		"an exception of nobody":     {old: `"by":`, text: `"except": [{"reason": "x"}], "by":`, want: []string{ada + "an exception has no tenantId", "nobody approves the plan"}},
		"an exception with more":     {old: `"by":`, text: `"except": [{"tenantId": "` + contoso + `", "x": 1}], "by":`, want: []string{ada + `an exception has a member that no exception has: "x"`, "nobody approves the plan"}},
		"an exception of null":       {old: `"by":`, text: `"except": [{"tenantId": null}], "by":`, want: []string{ada + "its member except[].tenantId is of the wrong type", "nobody approves the plan"}},
		"cut short":                  {old: "\n}\n", want: []string{ada + "it is cut short", "nobody approves the plan"}},
		"a list":                     {old: "{", text: "[", want: []string{ada + "it is not a decision", "nobody approves the plan"}},
		"something after it":         {old: "\n}\n", text: "\n}\n{}", want: []string{ada + "it is not a decision", "nobody approves the plan"}},
		"large":                      {old: "\n}\n", text: "\n}\n" + strings.Repeat("\n", 1<<20), want: []string{ada + "it is longer than 1048576 bytes", "nobody approves the plan"}},
		"an empty signature":         {old: "{", text: "{", want: []string{ada + "its signature: "}},
	} {
		f := fileOf(t, yes("ada"), tc.edit)
		if tc.old != "" {
			f = withText(t, f, tc.old, tc.text)
		}
		if name == "an empty signature" {
			f.Signature = []byte{}
		}
		got, err := approval.Judge(planFor(nil), []approval.File{f}, noon)
		if refusals(t, name, err, tc.want...); got != nil {
			t.Errorf("%s: %v comes with a refusal", name, got)
		}
	}
}

// An unsigned approval is enough where the policy asks for nothing, up to the
// limits of its time.
func TestJudgeAccepts(t *testing.T) {
	for name, edit := range map[string]func(*approval.Decision){
		"as made":           nil,
		"a little ahead":    func(d *approval.Decision) { d.At = noon.Add(5 * time.Minute) },
		"nearly late":       func(d *approval.Decision) { d.ExpiresAt = noon.Add(time.Nanosecond) },
		"in another zone":   func(d *approval.Decision) { d.At = d.At.In(time.FixedZone("", -7200)) },
		"with other values": func(d *approval.Decision) { d.Ticket, d.Comment = "CHG1", "line\nline" },
		"with exceptions": func(d *approval.Decision) {
			d.Except = []approval.Exception{{TenantID: strings.ToUpper(contoso), Reason: "ask first"}, {TenantID: approval.TemplateException}}
		},
	} {
		d := yes("ada")
		f := fileOf(t, d, edit)
		for _, text := range [][]byte{f.Text, append([]byte("\ufeff"), f.Text...)} {
			f.Text = text
			got, err := approval.Judge(planFor(nil), []approval.File{f}, noon)
			want := approval.Approval{
				Decision: approval.Approve, By: "ada", At: d.At.UTC(), ExpiresAt: d.ExpiresAt, Ticket: d.Ticket, Comment: d.Comment, SHA256: sum(string(text)),
			}
			for _, e := range d.Except {
				want.Except = append(want.Except, approval.Exception{TenantID: strings.ToLower(e.TenantID), Reason: e.Reason})
			}
			if err != nil || len(got) != 1 || !cmp.Equal(got[0], want) {
				t.Errorf("%s: %v\n%s", name, err, cmp.Diff([]approval.Approval{want}, got))
			}
		}
	}
}

// One rejection refuses, whoever else approves, and Inspect still shows it.
func TestOneRejectionRefuses(t *testing.T) {
	no := yes("eve")
	no.Decision, no.ExpiresAt, no.Comment = approval.Reject, time.Time{}, "too early"
	files := []approval.File{fileOf(t, yes("ada"), nil), fileOf(t, no, nil)}
	p := planFor(nil)
	_, err := approval.Judge(p, files, noon)
	refusals(t, "rejected", err, "eve.json: the plan was rejected by eve: too early")
	if got, err := approval.Inspect(p, files, noon.AddDate(0, 0, 1)); err != nil || len(got) != 2 || got[1].Decision != approval.Reject {
		t.Errorf("inspected: %v, %v", got, err)
	}
	if _, err := approval.Inspect(p, files, noon.AddDate(1, 0, 0)); !errors.As(err, new(*approval.Refusal)) {
		t.Errorf("a late approval is shown: %v", err)
	}
	no.Except, no.ExpiresAt, no.PlanFingerprint = []approval.Exception{{TenantID: contoso}}, noon, "sha256:00"
	_, err = approval.Judge(p, []approval.File{files[0], fileOf(t, no, nil)}, noon)
	refusals(t, "a rejection with more", err, "eve.json: it is about another plan", "eve.json: a rejection has no expiresAt",
		"eve.json: a rejection has no exceptions", "eve.json: the plan was rejected by eve")
	_, err = approval.Judge(p, nil, noon)
	refusals(t, "no files", err, "nobody approves the plan")
}

// Everything that can be wrong with signatures, where the policy asks for two.
func TestJudgeSignatures(t *testing.T) {
	ada, bob, eve := newSigner(t), newSigner(t), newSigner(t)
	lines := []string{
		"ada " + ada.line, "bob " + bob.line, "shared1,shared2 " + eve.line, `other namespaces="git" ` + eve.line,
		`old valid-before="20261126110000Z" ` + eve.line, `ended valid-before="20261126113000Z" ` + eve.line, `new valid-after="20261126113000Z" ` + eve.line,
	}
	text := strings.Join(lines, "\n") + "\n"
	p := planFor(&plan.Approvals{Required: 2, Signers: text, SignersName: "allowed_signers", SignersSHA256: sum(text)})
	p.Policy.Name = "policy.yaml"
	signed := func(s signer, by string) approval.File {
		return s.by(t, fileOf(t, yes(by), nil), approval.NamespaceDecision)
	}
	first := signed(ada, "ada")
	got, err := approval.Judge(p, []approval.File{first, signed(bob, "bob")}, noon)
	if err != nil || got[0].Key != ada.Fingerprint() || got[1].Key != bob.Fingerprint() {
		t.Fatalf("%v, %v", got, err)
	}
	const sig = ": its signature: "
	for name, tc := range map[string]struct {
		second approval.File
		want   []string
	}{
		"unsigned":               {fileOf(t, yes("bob"), nil), []string{"bob.json: it is not signed, and the policy policy.yaml asks for signatures: bob.json.sig is not there"}},
		"altered after it":       {withText(t, signed(bob, "bob"), `"by": "bob"`, `"by": "bob", "ticket": "CHG2"`), []string{"bob.json" + sig}},
		"a blank more":           {withText(t, signed(bob, "bob"), "{\n", "{ \n"), []string{"bob.json" + sig}},
		"another namespace":      {bob.by(t, fileOf(t, yes("bob"), nil), "file"), []string{"bob.json" + sig}},
		"somebody else's key":    {signed(eve, "bob"), []string{"bob.json" + sig + "the key " + eve.Fingerprint() + " is not one of"}},
		"a key under no name":    {signed(newSigner(t), "bob"), []string{"bob.json" + sig + "the key SHA256:"}},
		"an unknown name":        {signed(bob, "carl"), []string{"carl.json" + sig + `allowed_signers names no signer "carl"`}},
		"a name like another":    {signed(bob, "BOB"), []string{"BOB.json" + sig + `allowed_signers names no signer "BOB"`}},
		"a namespace of others":  {signed(eve, "other"), []string{"other.json" + sig}},
		"expired when used":      {signed(eve, "old"), []string{"old.json" + sig}},
		"expired since":          {signed(eve, "ended"), []string{"ended.json" + sig}},
		"not valid when used":    {signed(eve, "new"), []string{"new.json" + sig}},
		"the same twice":         {signed(ada, "ada"), []string{`ada.json: it is by "ada", as ada.json is: each person decides once`}},
		"one key, two names":     {signed(ada, "bob"), []string{"bob.json" + sig, "bob.json: it is signed with the key " + ada.Fingerprint() + ", as ada.json is"}},
		"a signature of nothing": {approval.File{Name: "bob.json", Text: fileOf(t, yes("bob"), nil).Text, Signature: []byte("yes")}, []string{"bob.json" + sig}},
		"RSA with SHA-1":         {weak(t, fileOf(t, yes("bob"), nil)), []string{"bob.json" + sig}},
	} {
		_, err := approval.Judge(p, []approval.File{first, tc.second}, noon)
		refusals(t, name, err, tc.want...)
	}
	_, err = approval.Judge(p, []approval.File{signed(eve, "shared1"), signed(eve, "shared2")}, noon)
	refusals(t, "two names of one key", err, "shared2.json: it is signed with the key "+eve.Fingerprint()+", as shared1.json is: each person has a key of their own")
	_, err = approval.Judge(p, []approval.File{first}, noon)
	refusals(t, "too few", err, "the policy policy.yaml asks for 2 approvals, and there is 1")
	no := yes("bob")
	no.Decision, no.ExpiresAt = approval.Reject, time.Time{}
	_, err = approval.Judge(p, []approval.File{first, signed(bob, "bob"), bob.by(t, fileOf(t, no, nil), approval.NamespaceDecision)}, noon)
	refusals(t, "rejected", err, `bob.json: it is by "bob"`, "bob.json: the plan was rejected by bob")
	if _, err := approval.Judge(planFor(nil), []approval.File{signed(newSigner(t), "anybody")}, noon); err != nil {
		t.Errorf("a signature that nobody asks for: %v", err)
	}
	_, err = approval.Judge(planFor(nil), []approval.File{bob.by(t, fileOf(t, yes("bob"), nil), "file")}, noon)
	refusals(t, "a wrong signature that nobody asks for", err, "bob.json"+sig)
	p.Policy.Approvals.Signers = "ada\n"
	_, err = approval.Judge(p, []approval.File{first, signed(bob, "bob")}, noon)
	refusals(t, "broken signers", err, "the signers of the policy cannot be read: allowed_signers:1: ")
}

// weak signs with RSA and SHA-1, as old programs do.
func weak(t *testing.T, f approval.File) approval.File {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha512.Sum512(f.Text)
	data := append([]byte("SSHSIG"), ssh.Marshal(struct{ Namespace, Reserved, Algorithm, Hash string }{
		approval.NamespaceDecision, "", "sha512", string(hash[:])})...)
	old, err := s.(ssh.AlgorithmSigner).SignWithAlgorithm(nil, data, ssh.KeyAlgoRSA)
	if err != nil {
		t.Fatal(err)
	}
	f.Signature = sshsig.Armor(&sshsig.Signature{
		Version: 1, PublicKey: s.PublicKey(), Namespace: approval.NamespaceDecision, HashAlgorithm: sshsig.HashSHA512, Signature: old})
	return f
}

// A name that is written in another way is no other person, even where a pattern
// of the signers allows both and the keys differ.
func TestTheSameNameInAnotherForm(t *testing.T) {
	one, two := newSigner(t), newSigner(t)
	text := "* " + one.line + "\n* " + two.line + "\n"
	p := planFor(&plan.Approvals{Required: 2, Signers: text, SignersName: "allowed_signers", SignersSHA256: sum(text)})
	first := one.by(t, fileOf(t, yes("Andr\u00e9 Roux"), nil), approval.NamespaceDecision)
	for _, name := range []string{"Andr\u00e9 Roux", "andr\u00c9 roux", "Andre\u0301 Roux", "Andr\u00e9  Roux", "Andr\u00e9 \uff32oux"} {
		second := two.by(t, fileOf(t, yes(name), nil), approval.NamespaceDecision)
		_, err := approval.Judge(p, []approval.File{first, second}, noon)
		if err == nil || !strings.HasSuffix(err.Error(), "each person decides once") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}
