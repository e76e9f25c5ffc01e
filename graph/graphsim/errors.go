package graphsim

import "net/http"

// odataError is a refusal in the form of Graph's page on errors.
type odataError struct {
	status  int
	code    string
	message string
	detail  string // code of the single element of details, if any
}

// The error codes.
const (
	codeBadRequest   = "Request_BadRequest"
	codeNotFound     = "Request_ResourceNotFound"
	codeNoObject     = "Directory_ObjectNotFound"
	codeSameKey      = "Request_MultipleObjectsWithSameKeyValue"
	codeConcurrency  = "Directory_ConcurrencyViolation"
	codeExpiredPage  = "Directory_ExpiredPageToken"
	codeThrottled    = "TooManyRequests"
	codeUnauthorized = "InvalidAuthenticationToken"
	codeForbidden    = "Authorization_RequestDenied"
)

func badRequest(message string) *odataError {
	return &odataError{status: http.StatusBadRequest, code: codeBadRequest, message: message}
}

func unauthorized(message string) *odataError {
	return &odataError{status: http.StatusUnauthorized, code: codeUnauthorized, message: message}
}

func forbidden() *odataError {
	return &odataError{status: http.StatusForbidden, code: codeForbidden,
		message: "Insufficient privileges to complete the operation."}
}

// noAuditPermission and noAuditRole are what the audit log answers (field:
// microsoftgraph/microsoft-graph-explorer-v4 issue 3165, Entra page on errors of
// the reporting API).
func noAuditPermission() *odataError {
	return &odataError{status: http.StatusForbidden, code: "Authentication_MSGraphPermissionMissing",
		message: "Calling principal does not have required MSGraph permissions " + PermissionAudit}
}

func noAuditRole() *odataError {
	return &odataError{status: http.StatusForbidden, code: "Authentication_RequestFromUnsupportedUserRole",
		message: "User is not in the allowed roles"}
}

func notFound(id string) *odataError {
	return &odataError{status: http.StatusNotFound, code: codeNotFound,
		message: "Resource '" + id + "' does not exist or one of its queried reference-property objects are not present."}
}

// noObject is the answer to PATCH of a missing sync policy, in the words of the
// Entra tutorial; its status is not documented.
func noObject() *odataError {
	return &odataError{status: http.StatusNotFound, code: codeNoObject,
		message: "Unable to read the company information from the directory."}
}

func sameTenant() *odataError {
	return &odataError{status: http.StatusConflict, code: codeSameKey,
		message: "Another object with the same value for property tenantId already exists."}
}

func sameObject() *odataError {
	return &odataError{status: http.StatusConflict, code: codeSameKey, detail: "ConflictingObjects",
		message: "A conflicting object with one or more of the specified property values is present in the directory."}
}

func concurrency() *odataError {
	return &odataError{status: http.StatusConflict, code: codeConcurrency,
		message: "Error due to concurrent requests being made to the tenant. Please wait briefly and retry."}
}

func noMethod() *odataError {
	return &odataError{status: http.StatusMethodNotAllowed, code: codeBadRequest,
		message: "Specified HTTP method is not allowed for the request target."}
}

func noSegment(segment string) *odataError {
	return &odataError{status: http.StatusBadRequest, code: "BadRequest",
		message: "Resource not found for the segment '" + segment + "'."}
}

// appendError writes the body. The date has seconds and no zone, like Graph's.
func (c *call) appendError(b []byte, e *odataError) []byte {
	b = appendString(append(b, `{"error":{"code":`...), e.code)
	b = appendString(append(b, `,"message":`...), e.message)
	if e.detail != "" {
		b = appendString(append(b, `,"details":[{"code":`...), e.detail)
		b = appendString(append(b, `,"message":`...), e.message)
		b = append(b, `,"target":null}]`...)
	}
	b = append(b, `,"innerError":{"date":"`...)
	b = c.date.UTC().AppendFormat(b, "2006-01-02T15:04:05")
	b = appendString(append(b, `","request-id":`...), c.id)
	b = appendString(append(b, `,"client-request-id":`...), c.clientID)
	return append(b, "}}}"...)
}
