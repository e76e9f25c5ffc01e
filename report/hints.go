package report

import "bulksync/execute"

// hint is the next thing to do about an outcome, or "" where its message and
// status say enough. The most telling evidence wins: an unknown outcome, Graph's
// code, the HTTP status, then how the change ended.
func hint(o *execute.Outcome) string {
	if o.Status.Done() {
		return ""
	}
	if o.Status == execute.Indeterminate {
		return statusHint(o.Status)
	}
	if h := codeHint(o.GraphCode); h != "" {
		return h
	}
	if h := httpHint(o.HTTPStatus); h != "" {
		return h
	}
	return statusHint(o.Status)
}

// codeHint knows the codes that Graph's reference pages and the Entra
// troubleshooting pages show for cross-tenant access.
func codeHint(code string) string {
	switch code {
	case "Authorization_RequestDenied", "Authorization_IdentityNotFound":
		return "grant the app Policy.ReadWrite.CrossTenantAccess with admin consent, or use a Security Administrator; a Teams Administrator cannot write identity synchronization"
	case "insufficient_claims":
		return "Conditional Access asks for a stronger sign-in for this protected action; sign in again and resume"
	case "InvalidAuthenticationToken", "Authentication_ExpiredToken":
		return "sign in again, to the home tenant and its cloud, and resume the run"
	case "Request_MultipleObjectsWithSameKeyValue":
		return "somebody else created it meanwhile; plan again to see what still differs"
	case "Directory_ConcurrencyViolation":
		return "other writers were busy in this tenant; try again with a lower --concurrency"
	case "Directory_QuotaExceeded":
		return "the tenant's object quota is used up; free some or ask Microsoft to raise it"
	case "Request_ResourceNotFound", "Directory_ObjectNotFound":
		return "the partner configuration is gone or the tenant does not exist; check the tenant ID and plan again, with --create-partners if it is to be made"
	}
	return ""
}

func httpHint(status int) string {
	switch {
	case status == 400:
		return "Graph refused the request itself; check the row that the message speaks of and plan again"
	case status == 401:
		return codeHint("InvalidAuthenticationToken")
	case status == 403:
		return codeHint("Authorization_RequestDenied")
	case status == 404:
		return codeHint("Request_ResourceNotFound")
	case status == 409:
		return codeHint("Request_MultipleObjectsWithSameKeyValue")
	case status == 429:
		return "Graph throttled the tenant for longer than the run waits; try again later or with a lower --max-rate"
	case status >= 500:
		return "Graph had a fault of its own; try again, and give Microsoft the request-id if it stays"
	}
	return ""
}

func statusHint(s execute.Status) string {
	switch s {
	case execute.Held:
		return "plan again and look at the difference before you approve it"
	case execute.Indeterminate:
		return "resume the run: the object is read before it is written again"
	case execute.NotAttempted:
		return "resume the run"
	}
	return ""
}
