package graphsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// BodyForm is the form of the error body that a fault sends along with a status.
// Graph's own is the zero form; 502 is a gateway's page then. The others come
// from older services, sign-in hosts and whatever stands between.
type BodyForm string

// The forms. All but none, html and text keep the code and the message.
const (
	BodyBOM           BodyForm = "bom"            // Graph's, after a byte order mark
	BodyOData         BodyForm = "odata"          // {"odata.error":{"code":…,"message":{"lang":…,"value":…}}}
	BodyObjectMessage BodyForm = "object-message" // {"error":{"code":…,"message":{"lang":…,"value":…}}}
	BodyOAuth         BodyForm = "oauth"          // {"error":code,"error_description":message}
	BodyText          BodyForm = "text"           // the message alone, as text/plain
	BodyHTML          BodyForm = "html"           // a page
	BodyNone          BodyForm = "none"           // nothing
	BodyEcho          BodyForm = "echo"           // Graph's, with the request's credentials in message and request-id
	BodyEscapes       BodyForm = "escapes"        // Graph's, with what moves a terminal in code, message and request-id
)

// bodyForms is in the order in which messages list them.
var bodyForms = []BodyForm{BodyBOM, BodyOData, BodyObjectMessage, BodyOAuth, BodyText, BodyHTML, BodyNone, BodyEcho, BodyEscapes}

// write gives a refusal its body. Left without one, it gets Graph's.
func (f BodyForm) write(c *call, a *answer) {
	e := a.refusal
	lang := map[string]string{"lang": "en", "value": e.message}
	a.header = http.Header{}
	switch f {
	case BodyBOM:
		a.body = c.appendError([]byte("\ufeff"), e)
	case BodyOData:
		a.body = mustJSON(map[string]any{"odata.error": map[string]any{"code": e.code, "message": lang, "requestId": c.id}})
	case BodyObjectMessage:
		a.body = mustJSON(map[string]any{"error": map[string]any{"code": e.code, "message": lang}})
	case BodyOAuth:
		a.body = mustJSON(map[string]any{"error": e.code, "error_description": e.message, "correlation_id": c.clientID})
	case BodyText:
		a.body = []byte(e.message)
		a.setType("text/plain")
	case BodyNone:
		a.body = []byte{}
	case BodyEcho:
		told := credentials(c.header)
		a.tell(c, "", told, told)
	case BodyEscapes:
		a.tell(c, escapes, escapes, "\u009b2J"+strings.Repeat("x", 200))
	case BodyHTML:
		a.body = statusPage(e.status)
		a.setType("text/html")
	default:
		if e.status == http.StatusBadGateway { // a gateway answers, not Graph
			BodyHTML.write(c, a)
		}
	}
}

// tell adds to the code, the message and the request-id of a refusal.
func (a *answer) tell(c *call, code, message, id string) {
	e := *a.refusal
	e.code += code
	e.message += message
	a.refusal = &e
	a.set("Request-Id", c.id+id)
}

// credentials are what a proxy in debug mode tells back of a request.
func credentials(h http.Header) (told string) {
	for _, name := range []string{"Authorization", "Proxy-Authorization"} {
		if v := h.Get(name); v != "" {
			told += " " + name + ": " + v
		}
	}
	return told
}

// escapes clear a terminal, name its window, turn the direction of writing and
// begin a line that looks like another's.
const escapes = "\x1b[2J\x1b]0;title\a\u202e\u009b31m\r\nbulksync: all changes succeeded"

// statusPage is what a gateway shows for a status.
func statusPage(status int) []byte {
	title := fmt.Sprintf("%d %s", status, http.StatusText(status))
	return fmt.Appendf(nil, "<html><head><title>%s</title></head>\r\n<body><center><h1>%s</h1></center></body></html>\r\n", title, title)
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of strings always marshal
	}
	return b
}
