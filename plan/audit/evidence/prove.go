package evidence

import (
	"fmt"
	"slices"
)

// Status says what became of a check.
type Status string

// The statuses, the gravest first.
const (
	// Altered: something is not as it was written, or does not follow from the rest.
	Altered Status = "altered"
	// NotProved: a proof was asked for and could not be given.
	NotProved Status = "not-proved"
	// Outside: what a proof of these files cannot show. It takes nothing from it.
	Outside Status = "outside"
	// Proved: it was looked at, and it is so.
	Proved Status = "proved"
)

// Subject is what a check is about, in one word for programs.
type Subject string

// The subjects.
const (
	OfPlan      Subject = "plan"
	OfPolicy    Subject = "policy"
	OfDecisions Subject = "decisions"
	OfJournal   Subject = "journal"
	OfManifest  Subject = "manifest"
	OfFiles     Subject = "files"
	OfSignature Subject = "signature"
	OfRequests  Subject = "requests"
	OfFindings  Subject = "findings"
	OfReports   Subject = "reports"
	OfChain     Subject = "chain"
	OfIndex     Subject = "index"
)

// Check is one thing that was to be proved, and what came of it.
type Check struct {
	Subject Subject `json:"subject"`
	Status  Status  `json:"status"`
	// File is the file that it is about, with slashes; empty for more than one.
	File string `json:"file,omitempty"`
	// Says is a sentence for people, without the file's name.
	Says string `json:"says"`
}

// Checks are what a proof consists of, in the order in which it was made.
type Checks []Check

// Add adds a check.
func (c *Checks) Add(status Status, of Subject, file, format string, args ...any) {
	*c = append(*c, Check{Subject: of, Status: status, File: file, Says: fmt.Sprintf(format, args...)})
}

// Verdict is the gravest status of the checks: Altered, NotProved or Proved.
func (c Checks) Verdict() Status {
	for _, s := range []Status{Altered, NotProved} {
		if c.has(s) {
			return s
		}
	}
	return Proved
}

func (c Checks) has(s Status) bool {
	return slices.ContainsFunc(c, func(one Check) bool { return one.Status == s })
}

// Of returns the checks with a status.
func (c Checks) Of(s Status) (some Checks) {
	for _, one := range c {
		if one.Status == s {
			some = append(some, one)
		}
	}
	return some
}
