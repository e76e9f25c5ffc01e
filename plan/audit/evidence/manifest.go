package evidence

import (
	"time"

	"bulksync/graph"
	"bulksync/plan"
	"bulksync/plan/audit"
)

// FormatVersion is the version of the manifest that this program writes, and the
// only one that it reads.
const FormatVersion = 1

// Namespace is that of the SSH signatures of manifests.
const Namespace = "bulksync-evidence"

// The names of the files of an audit that the store or the proof knows.
const (
	ManifestName  = "manifest.json"
	SumsName      = "SHA256SUMS"
	SignatureName = ManifestName + ".sig"
	InputDir      = "input"
	GraphDir      = "graph"
	RequestsName  = GraphDir + "/requests.jsonl"
	AuditName     = "audit.json"

	CSVName      = InputDir + "/partners.csv"
	TemplateName = InputDir + "/template.json"
	WaiversName  = InputDir + "/waivers.csv"
	PolicyName   = InputDir + "/policy.yaml"
)

// Manifest says what an audit of a store is, and what it consists of.
type Manifest struct {
	FormatVersion int `json:"formatVersion"`
	// Number counts the audits of the store from 1, in the order of the chain.
	Number     int              `json:"number"`
	Tool       plan.Tool        `json:"tool"`
	Build      string           `json:"build,omitempty"`
	Identity   Identity         `json:"identity"`
	HomeTenant graph.HomeTenant `json:"homeTenant"`
	StartedAt  time.Time        `json:"startedAt"`
	FinishedAt time.Time        `json:"finishedAt"`
	// ClockOffsetMs is how far this machine's clock was ahead of Graph's Date
	// header; nil if Graph sent none.
	ClockOffsetMs *int64       `json:"clockOffsetMs,omitempty"`
	Options       Options      `json:"options"`
	Result        audit.Result `json:"result"`
	Totals        audit.Totals `json:"totals"`
	News          News         `json:"news"`
	// Findings counts the open findings by kind and state.
	Findings []Count `json:"findings"`
	// Notified says what became of the notification; nil if there was nothing to
	// notify of, or nobody to notify.
	Notified *Notified `json:"notified,omitempty"`
	// Signer is the fingerprint of the key that signs the manifest; empty for none.
	Signer string `json:"signer,omitempty"`
	Files  []File `json:"files"`
	// Previous is the audit before this one; nil for the first of a chain. Broken
	// says why a chain begins although the store held audits.
	Previous *audit.Link `json:"previous"`
	Broken   *Break      `json:"broken,omitempty"`
}

// Identity is who audited.
type Identity struct {
	Kind            string   `json:"kind"`
	TenantID        string   `json:"tenantId,omitempty"`
	AppID           string   `json:"appId,omitempty"`
	AppName         string   `json:"appName,omitempty"`
	User            string   `json:"user,omitempty"`
	Roles           []string `json:"roles,omitempty"`
	Scopes          []string `json:"scopes,omitempty"`
	RoleTemplateIDs []string `json:"roleTemplateIds,omitempty"`
}

// Options are the settings of an audit that its findings depend on.
type Options struct {
	// CSV, Template, Waivers and Policy are the names that the files had; empty for
	// none.
	CSV             string       `json:"csv,omitempty"`
	Template        string       `json:"template,omitempty"`
	Waivers         string       `json:"waivers,omitempty"`
	Policy          string       `json:"policy,omitempty"`
	Scope           audit.Scope  `json:"scope"`
	FailOn          audit.FailOn `json:"failOn"`
	Who             bool         `json:"who,omitempty"`
	ReadTwice       bool         `json:"readTwice,omitempty"`
	RequireReadonly bool         `json:"requireReadonly,omitempty"`
}

// News counts what changed since the earlier audit, without notices among the open
// findings.
type News struct {
	New        int `json:"new"`
	Reopened   int `json:"reopened"`
	Continuing int `json:"continuing"`
	Fixed      int `json:"fixed"`
	Waived     int `json:"waived"`
}

// Count counts findings of one kind and state.
type Count struct {
	Kind  audit.Kind  `json:"kind"`
	State audit.State `json:"state"`
	N     int         `json:"n"`
}

// Notified says when a notification was sent, and why it was not if it failed. It
// never holds the address.
type Notified struct {
	At      time.Time `json:"at"`
	Problem string    `json:"problem,omitempty"`
}

// File is one file of an audit: its path below the folder, with slashes.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Break is an audit of the store that a chain does not continue.
type Break struct {
	Folder  string `json:"folder"`
	Problem string `json:"problem"`
}
