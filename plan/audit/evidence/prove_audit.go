package evidence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"bulksync/graph"
	"bulksync/internal/seal"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// ProveOptions are what a proof needs to know.
type ProveOptions struct {
	// Tool is this program. What another version computed or rendered may differ
	// without having been altered.
	Tool plan.Tool
	// Build is what it was built from, which tells two versions of the same name
	// apart.
	Build string
	// Reports are the reports of an audit as this program writes them: the names of
	// their files, and how they are rendered.
	Reports func(a *audit.Audit, m *Manifest, requests []Request) []Report
	// Index renders the page of a store with this history; nil leaves the page out.
	Index func(path string, history []Entry) func(io.Writer) error
	// Signers must have signed each audit; nil demands no signature.
	Signers *Signers
}

// Signers says whose key may sign an audit.
type Signers = seal.Signers

// ReadSigners reads the text of an allowed_signers file of OpenSSH. Messages call the
// file name.
func ReadSigners(text, name string) (*Signers, error) { return seal.ReadSigners(text, name) }

// Report is a file that follows from an audit.
type Report struct {
	Name   string
	Render func(io.Writer) error
}

// AuditProof is what was proved of one audit.
type AuditProof struct {
	Folder string
	// SHA256 is that of the manifest; empty if there is none.
	SHA256 string
	// Manifest is nil if it cannot be read.
	Manifest *Manifest
	// Signer is the fingerprint of the key that signed the manifest; empty for none.
	Signer string
	Checks Checks

	// compared means that it says what is new since the audit before it, which is
	// before; nil for none.
	compared bool
	before   *audit.Link
}

// ProveAudit proves the audit in a folder: its sums and signature, its findings,
// computed again from the recorded answers and the input, and its reports. What is
// new in it is proved if the audit that it names as the one before is beside it. An
// error means that something could not be read, or the end of ctx.
func ProveAudit(ctx context.Context, dir string, o ProveOptions) (*AuditProof, error) {
	full, err := filepath.Abs(dir) // "." has no name of its own
	if err != nil {
		return nil, err
	}
	p := &prover{o: o, store: filepath.Dir(full)}
	proof, err := p.prove(ctx, filepath.Base(full))
	if err != nil {
		return nil, err
	}
	if m := proof.Manifest; m != nil {
		if !isNamed(m, proof.Folder) {
			proof.Checks.Add(Outside, OfFiles, "", "that it was always in a folder of this name: it was written as %s", folderName(m.FinishedAt, m.Result, 1))
		}
		proof.Checks.Add(Outside, OfChain, "", "that it is one of a chain: prove the store for that")
		unsigned := ""
		if proof.Signer == "" {
			unsigned = "it is not signed"
		}
		sayWho(&proof.Checks, "it", unsigned, unsigned == "" && o.Signers == nil)
	}
	return proof, nil
}

// sayWho says what signatures would prove of them, and what they do not: unsigned
// says which have none, if any; strange keys are those that nobody vouches for.
func sayWho(c *Checks, them, unsigned string, strange bool) {
	if unsigned != "" {
		c.Add(Outside, OfSignature, "", "who made %s: %s. Somebody who can write to the store can make an audit, and all that follow it, "+
			"anew with other answers of Graph. Only a signature shows that, or the SHA-256 of a later manifest that was kept elsewhere, "+
			"such as in a ticket", them, unsigned)
	}
	if strange {
		c.Add(Outside, OfSignature, "", "whose key signed %s: --signers names the keys that you trust", them)
	}
	c.Add(Outside, OfManifest, "", "when: the times are those of the machine that audited")
}

// isNamed reports whether a folder has the name that its manifest gives it.
func isNamed(m *Manifest, folder string) bool {
	name := folderName(m.FinishedAt, m.Result, 1)
	return folder == name || isAudit(folder) && strings.HasPrefix(folder, name+"-")
}

// prover proves audits of a store, one after the other.
type prover struct {
	o     ProveOptions
	store string
	// last is the audit that was computed last, and its folder: most often it is the
	// one before the next. It is what its JSON says.
	last       *audit.Audit
	lastFolder string
}

// auditProof is the proof of one audit while it is made.
type auditProof struct {
	*AuditProof
	*prover
	ctx  context.Context
	dir  string
	text []byte          // of the manifest
	sums map[string]File // by name
	// altered are the files that are not as the manifest has them.
	altered  map[string]bool
	json     []byte // of the audit
	head     auditHead
	requests []Request
	// again is the audit, computed again; nil if it is another, or could not be.
	again *audit.Audit
	// sameJSON means that the JSON of again is that of the audit, byte for byte.
	sameJSON bool
}

// auditHead is what the proof takes from the JSON of an audit: to read its findings
// takes as long as to compute them.
type auditHead struct {
	FormatVersion int              `json:"formatVersion"`
	Tool          plan.Tool        `json:"tool"`
	CreatedAt     time.Time        `json:"createdAt"`
	HomeTenant    graph.HomeTenant `json:"homeTenant"`
	Result        audit.Result     `json:"result"`
	Earlier       *audit.Link      `json:"earlier"`
	History       *audit.History   `json:"history"`
}

// prove proves one audit of the store.
func (p *prover) prove(ctx context.Context, folder string) (*AuditProof, error) {
	a := &auditProof{
		AuditProof: &AuditProof{Folder: folder}, prover: p, ctx: ctx, dir: filepath.Join(p.store, folder),
		sums: map[string]File{}, altered: map[string]bool{},
	}
	err := a.run()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return a.AuditProof, err
}

func (p *auditProof) run() error {
	if ok, err := p.manifest(); !ok {
		return err
	}
	if err := p.files(); err != nil {
		return err
	}
	p.signature()
	if !p.readAudit() || !p.readRequests() {
		return nil
	}
	p.findings()
	from := p.again
	if from == nil {
		var err error
		if from, err = audit.Decode(bytes.NewReader(p.json)); err != nil {
			p.add(Altered, OfFindings, AuditName, "%v", err)
			return nil
		}
	}
	p.told(from)
	p.reports(from)
	return nil
}

// add adds a check.
func (p *auditProof) add(status Status, of Subject, file, format string, args ...any) {
	p.Checks.Add(status, of, file, format, args...)
}

// manifest reads the manifest. Without it nothing else is known.
func (p *auditProof) manifest() (ok bool, err error) {
	p.text, err = readFile(filepath.Join(p.dir, ManifestName), maxManifest)
	switch {
	case isUnread(err):
		return false, err
	case err != nil:
		p.add(Altered, OfManifest, ManifestName, "%s", p.says(err, ManifestName))
		return false, nil
	}
	p.SHA256 = seal.Sum(p.text)
	m, err := parseManifest(p.text)
	switch {
	case errors.Is(err, ErrFormat):
		p.add(NotProved, OfManifest, ManifestName, "%v", err)
	case err != nil:
		p.add(Altered, OfManifest, ManifestName, "it is broken: %v", err)
	default:
		p.Manifest = m
	}
	return p.Manifest != nil, nil
}

// says is an error about a file of the audit without its path.
func (p *auditProof) says(err error, name string) string {
	if errors.Is(err, os.ErrNotExist) {
		return "it is not there"
	}
	return strings.TrimPrefix(err.Error(), filepath.Join(p.dir, filepath.FromSlash(name))+": ")
}

// signature proves the signature of the manifest.
func (p *auditProof) signature() {
	armored, err := readFile(filepath.Join(p.dir, SignatureName), maxManifest)
	if errors.Is(err, os.ErrNotExist) {
		switch {
		case p.Manifest.Signer != "":
			p.add(Altered, OfSignature, SignatureName, "it is not there, and the manifest says that %s signed it", p.Manifest.Signer)
		case p.o.Signers != nil:
			p.add(NotProved, OfSignature, "", "the audit is not signed, and a signature is demanded")
		}
		return
	}
	var sig *seal.Signature
	if err == nil {
		sig, err = seal.ReadSignature(armored, p.text, Namespace)
	}
	switch {
	case err != nil:
		p.add(Altered, OfSignature, SignatureName, "%s", p.says(err, SignatureName))
		return
	case p.Manifest.Signer != "" && p.Manifest.Signer != sig.Fingerprint():
		p.add(Altered, OfSignature, SignatureName, "%s signed, and the manifest names %s", sig.Fingerprint(), p.Manifest.Signer)
		return
	}
	p.Signer = sig.Fingerprint()
	if p.o.Signers == nil {
		p.add(Proved, OfSignature, SignatureName, "the manifest is signed with %s", p.Signer)
		return
	}
	who, err := p.o.Signers.Whoever(Namespace, sig, p.Manifest.FinishedAt)
	if err != nil {
		p.add(NotProved, OfSignature, SignatureName, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		return
	}
	p.add(Proved, OfSignature, SignatureName, "the manifest is signed with %s, the key of %s", p.Signer, who)
}

// readAudit reads what the audit says of itself.
func (p *auditProof) readAudit() bool {
	if p.altered[AuditName] || p.altered[RequestsName] {
		p.add(NotProved, OfFindings, "", "the findings were not computed again, because what they are held against was altered")
		return false
	}
	var err error
	if p.json, err = p.read(AuditName, maxReport); err == nil {
		err = seal.Unmarshal(p.json, &p.head)
	}
	switch {
	case err != nil:
		p.add(Altered, OfFindings, AuditName, "%s", p.says(err, AuditName))
	case p.head.FormatVersion != plan.FormatVersion:
		p.add(NotProved, OfFindings, AuditName, "%v: it has %d, and this program reads %d", audit.ErrFormat, p.head.FormatVersion, plan.FormatVersion)
		return false
	default:
		p.compared, p.before = true, p.head.Earlier
	}
	return err == nil
}

// isOurs reports whether this very version made the audit.
func (p *auditProof) isOurs() bool {
	return p.Manifest.Tool == p.o.Tool && p.Manifest.Build == p.o.Build && p.head.Tool == p.o.Tool
}

// differs adds that something is not what this program makes of it. That is no
// sign of an altered file if another version made it: of its findings that leaves
// a doubt, but how it drew its reports cannot be told from the evidence.
func (p *auditProof) differs(of Subject, file, format string, args ...any) {
	said := fmt.Sprintf(format, args...)
	if p.isOurs() {
		p.add(Altered, of, file, "%s", said)
		return
	}
	status := NotProved
	if of == OfReports {
		status = Outside
	}
	p.add(status, of, file, "%s; %s %s made the audit, and this is %s, which may do it in another way",
		said, p.Manifest.Tool.Name, p.Manifest.Tool.Version, p.o.Tool.Version)
}

// reports renders the reports again, several at once. If the findings were computed
// again, they are rendered from that, so that not even the JSON of the audit is
// believed.
func (p *auditProof) reports(from *audit.Audit) {
	var all []Report
	made := map[string]bool{}
	for _, r := range p.o.Reports(from, p.Manifest, p.requests) {
		if _, there := p.sums[r.Name]; !there {
			p.differs(OfReports, r.Name, "it is not there, and the manifest does not name it")
		} else if !p.altered[r.Name] {
			all = append(all, r)
			made[r.Name] = true
		}
	}
	errs := make([]error, len(all))
	var rendering sync.WaitGroup
	for w := range min(runtime.GOMAXPROCS(0), len(all)) {
		rendering.Go(func() {
			for i := w; i < len(all); i += runtime.GOMAXPROCS(0) {
				errs[i] = p.sameReport(&all[i])
			}
		})
	}
	rendering.Wait()
	same := 0
	for i := range all {
		if errs[i] == nil {
			same++
		} else {
			p.differs(OfReports, all[i].Name, "made again, %s", p.says(errs[i], all[i].Name))
		}
	}
	for _, f := range p.Manifest.Files {
		if !made[f.Name] && !p.altered[f.Name] && !isInput(f.Name) {
			p.differs(OfReports, f.Name, "nothing says what it follows from")
		}
	}
	if same > 0 {
		p.add(Proved, OfReports, "", "%s: the same when made again", count(same, "report"))
	}
}

// sameReport renders one report again, unless it has been.
func (p *auditProof) sameReport(r *Report) error {
	if r.Name == AuditName && p.sameJSON {
		return nil
	}
	return CompareFile(p.ctx, filepath.Join(p.dir, filepath.FromSlash(r.Name)), r.Render)
}

// isInput reports whether a file is what an audit was made from. The requests say
// which answers there are.
func isInput(name string) bool {
	switch name {
	case CSVName, TemplateName, WaiversName, PolicyName:
		return true
	default:
		return strings.HasPrefix(name, GraphDir+"/")
	}
}
