package report

import (
	"bulksync/execute/journal"
	"bulksync/plan"
)

// hint is the next thing to do about an outcome, or "" where its message and
// status say enough. The most telling evidence wins: how the change ended where
// no refusal explains it, Graph's code, then the HTTP status.
func hint(c *plan.Change, o *journal.Outcome, r *journal.Result) string {
	switch {
	case o.Status.Done(), o.Status == journal.Skipped:
		return ""
	case c.Reverts() && (o.Status == journal.Held || o.Status == journal.Failed):
		if h := undoHint(o); h != "" {
			return h
		}
	case o.Overwritten:
		return "see in the Entra audit log who changed it, then plan again if it is still wanted"
	case o.Status == journal.Held:
		return "plan again and look at the difference before you approve it"
	case o.Status == journal.Indeterminate:
		return "resume the run: the object is read before it is written again"
	case o.Status == journal.NotAttempted && r.Stopped != "" && !r.Interrupted:
		return "see to what stopped the run, then resume it"
	case o.Status == journal.NotAttempted:
		return "resume the run"
	}
	if h := codeHint(c, o.GraphCode); h != "" {
		return h
	}
	return httpHint(c, o.HTTPStatus)
}

// undoHint is the hint where a change that takes a run back did not succeed, if it
// is another than for a change of a file: such a plan cannot be made again from a
// file, and made from its run again it is the same.
func undoHint(o *journal.Outcome) string {
	switch {
	case o.Overwritten:
		return "see in the Entra audit log who changed it"
	case o.Status == journal.Held:
		return "an undo leaves alone what was changed after the run; look at it, and change it by a plan of its own"
	case o.GraphCode == "Directory_ConcurrencyViolation":
		return ""
	case o.HTTPStatus == 400 && o.GraphCode != "Authentication_ExpiredToken":
		return "Graph refused the request itself; see what its message says, and change the object by a plan of its own"
	case o.HTTPStatus == 404, o.HTTPStatus == 409:
		return "see what is there now, and in the Entra audit log who changed it"
	default:
		return ""
	}
}

// codeHint knows the codes that Graph's reference pages and the Entra
// troubleshooting pages show for cross-tenant access.
func codeHint(c *plan.Change, code string) string {
	switch code {
	case "Authorization_RequestDenied", "Authorization_IdentityNotFound":
		return forbiddenHint(c)
	case "insufficient_claims":
		return "Conditional Access asks for a stronger sign-in for this protected action; sign in again, then resume the run"
	case "InvalidAuthenticationToken", "Authentication_ExpiredToken":
		return "sign in again, to the home tenant and its cloud, then resume the run"
	case "Request_MultipleObjectsWithSameKeyValue":
		return "somebody else created it meanwhile; plan again to see what still differs"
	case "Directory_ConcurrencyViolation":
		return "other writers were busy in this tenant; resume the run when they are done, or with a lower --concurrency"
	case "Directory_QuotaExceeded":
		return "the tenant's object quota is used up; free some or ask Microsoft to raise it, then resume the run"
	case "Request_ResourceNotFound", "Directory_ObjectNotFound":
		return missingHint(c)
	}
	return ""
}

func httpHint(c *plan.Change, status int) string {
	switch {
	case status == 400:
		return "Graph refused the request itself; correct the row that its message speaks of and plan again"
	case status == 401:
		return codeHint(c, "InvalidAuthenticationToken")
	case status == 403:
		return forbiddenHint(c)
	case status == 404:
		return missingHint(c)
	case status == 409:
		return codeHint(c, "Request_MultipleObjectsWithSameKeyValue")
	case status == 429:
		return "Graph throttled the tenant for longer than the run waits; resume it later, or with a lower --max-rate"
	case status >= 500:
		return "Graph had a fault of its own; resume the run, and give Microsoft the request-id if it stays"
	}
	return ""
}

// forbiddenHint names what a write needs: a permission of the app or, for a
// person, a role beside it. One role that may write partners may not write
// their synchronization.
func forbiddenHint(c *plan.Change) string {
	h := "grant the app Policy.ReadWrite.CrossTenantAccess with admin consent; a person also needs the role Security Administrator"
	if c.Object == plan.IdentitySynchronization {
		h += " (a Teams Administrator can write partners, but not their identity synchronization)"
	}
	return h
}

// missingHint says what a write can have missed: its partner, or its object.
func missingHint(c *plan.Change) string {
	switch {
	case c.Object == plan.SyncTemplate:
		return "this cloud or tenant has no such template; plan again without --template"
	case c.Action == plan.Create && c.Object == plan.PartnerConfiguration:
		return "Graph knows no such tenant; check the tenant ID"
	default:
		return "the partner configuration or its policy is gone; plan again, with --create-partners if it is to be made anew"
	}
}
