package approval_test

import (
	"fmt"
	"log"
	"time"

	"bulksync/plan"
	"bulksync/plan/approval"
)

// ExampleJudge lets one person approve a plan for three days, and somebody else reject
// it. A command would read the files, and their signatures, beside the plan.
func ExampleJudge() {
	const home = "aaaaaaaa-0000-4000-8000-000000000001"
	p := &plan.Plan{Fingerprint: "sha256:1f3c", Policy: *plan.BuiltInPolicy()}
	p.HomeTenant.ID = home
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	decision := func(by string, v approval.Verdict) approval.File {
		d := approval.Decision{FormatVersion: approval.FormatVersion, PlanFingerprint: p.Fingerprint, HomeTenant: home, Decision: v, By: by, At: at}
		if v == approval.Approve {
			d.ExpiresAt = at.Add(72 * time.Hour)
		}
		text, err := d.Encode()
		if err != nil {
			log.Fatal(err)
		}
		return approval.File{Name: by + ".json", Text: text}
	}

	yes, no := decision("ada", approval.Approve), decision("grace", approval.Reject)
	approvals, err := approval.Judge(p, []approval.File{yes}, at.Add(time.Hour))
	fmt.Println(len(approvals), err)
	_, err = approval.Judge(p, []approval.File{yes, no}, at.Add(time.Hour))
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// grace.json: the plan was rejected by grace
}
