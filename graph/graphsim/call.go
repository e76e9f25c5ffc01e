package graphsim

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// call is one request on its way through the simulator.
type call struct {
	method   string
	path     string
	rawQuery string
	header   http.Header
	body     []byte
	base     string // scheme and host that the client used, for links

	id       string // request-id
	clientID string // client-request-id: the client's, or id
	route    route
	national bool
	claims   *claims
	now      time.Time     // when it was decided
	date     time.Time     // the same by Graph's clock
	strike   *strike       // the fault that strikes it, if any
	lag      time.Duration // reads show its effect only so much later
	crowded  bool          // it arrived while too many writes were in flight
	entry    *Request      // in the journal
}

// query returns the query options; any that is not among the allowed is refused.
func (c *call) query(allowed ...string) (url.Values, *odataError) {
	if c.rawQuery == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(c.rawQuery)
	if err != nil {
		return nil, badRequest("The query string is malformed.")
	}
	for name, values := range q {
		if !slices.Contains(allowed, name) || len(values) != 1 {
			return nil, badRequest("The query parameter '" + name + "' is not supported.")
		}
	}
	return q, nil
}

// units is what a request costs in resource units, as
// Graph's page of throttling limits counts: $select takes one off, $expand adds one.
func (c *call) units() int {
	n := 1
	if q, err := url.ParseQuery(c.rawQuery); err == nil && c.rawQuery != "" {
		if q.Has("$select") {
			n--
		}
		if q.Has("$expand") {
			n++
		}
	}
	return max(n, 1)
}

// asks reports whether the request has a query option.
func (c *call) asks(option string) bool {
	q, err := url.ParseQuery(c.rawQuery)
	return err == nil && q.Has(option)
}

// headers are those that every answer of Graph carries.
func (c *call) headers(a *answer) http.Header {
	a.set("Date", c.date.UTC().Format(http.TimeFormat))
	h := a.header
	if a.foreign {
		return h
	}
	if h["Request-Id"] == nil { // a fault may have said something else
		h["Request-Id"] = []string{c.id}
	}
	h["Client-Request-Id"] = []string{c.clientID}
	h["X-Ms-Ags-Diagnostic"] = []string{diagnostic}
	h["Strict-Transport-Security"] = []string{"max-age=31536000"}
	h["Cache-Control"] = []string{"no-cache"}
	if a.status < 400 {
		h["Odata-Version"] = []string{"4.0"}
		h["X-Ms-Resource-Unit"] = []string{strconv.Itoa(c.units())}
	}
	if a.status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"`}
	}
	if _, named := h["Content-Type"]; len(a.body) > 0 && !named {
		h["Content-Type"] = []string{contentType}
	}
	return h
}

const (
	diagnostic  = `{"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"SIM0000001"}}`
	contentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)
