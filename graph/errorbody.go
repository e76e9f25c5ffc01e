package graph

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"regexp"
	"strings"
	"unicode"
)

// decodeError reads an error body, and reports whether it has one of Graph's
// error codes, and so is certainly Graph's. It is lenient, because gateways
// answer with web pages and plain text, older services wrap the message, and
// members come in any order: members that cannot be read stay empty.
func decodeError(status int, header http.Header, body []byte, hide secrets) (e *Error, coded bool) {
	e = &Error{Status: status, RequestID: header.Get("Request-Id")}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	switch {
	case looksLikeHTML(header, body):
		e.Message = titleOf(body)
	case json.Valid(body):
		coded = e.fromJSON(body)
	case len(body) > 0 && body[0] != '{' && body[0] != '[':
		e.Message = string(body[:min(len(body), maxMessage+1)])
	}
	e.Code, e.Message = cleanID(hide.cut(e.Code)), printable(hide.cut(e.Message))
	e.RequestID = cleanID(hide.cut(e.RequestID))
	for i, d := range e.Details {
		e.Details[i] = Detail{cleanID(hide.cut(d.Code)), printable(hide.cut(d.Message)), printable(hide.cut(d.Target))}
	}
	e.Kind = kindOf(status, e.Code)
	return e, coded && e.Code != ""
}

// fromJSON fills e from any of the forms in which services write errors, and reports whether it is
// Graph's form.
func (e *Error) fromJSON(body []byte) (ours bool) {
	var wire struct {
		Error       json.RawMessage `json:"error"`
		OData       json.RawMessage `json:"odata.error"`
		Description text            `json:"error_description"`
		Code        text            `json:"code"`
		Message     text            `json:"message"`
	}
	_ = json.Unmarshal(body, &wire) // of another type: it stays empty
	for _, raw := range []json.RawMessage{wire.Error, wire.OData} {
		if len(raw) > 0 && raw[0] == '{' {
			e.fromObject(raw)
			return true
		}
	}
	var name text
	_ = json.Unmarshal(wire.Error, &name)
	e.Code = firstOf(string(name), string(wire.Code))
	e.Message = firstOf(string(wire.Description), string(wire.Message))
	return false
}

// fromObject reads the content of Graph's error member.
func (e *Error) fromObject(raw json.RawMessage) {
	var wire struct {
		Code       text        `json:"code"`
		Message    text        `json:"message"`
		Details    []Detail    `json:"details"`
		InnerError *innerError `json:"innerError"` // also matches innererror
	}
	_ = json.Unmarshal(raw, &wire) // what did not decode stays empty
	e.Code, e.Message, e.Details = string(wire.Code), string(wire.Message), wire.Details
	for in := wire.InnerError; in != nil; in = in.InnerError {
		e.RequestID = firstOf(e.RequestID, string(in.RequestID))
	}
}

type innerError struct {
	RequestID  text        `json:"request-id"`
	InnerError *innerError `json:"innerError"`
}

// text is a string, or an object that holds one as value, as OData 3 wrote
// messages. Anything else leaves it empty.
type text string

// UnmarshalJSON never fails, so that one odd member does not hide the others.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	var wrapped struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(b, &s) != nil && json.Unmarshal(b, &wrapped) == nil {
		s = wrapped.Value
	}
	*t = text(s)
	return nil
}

// looksLikeHTML reports whether an answer is a web page, by its content or its
// content type.
func looksLikeHTML(header http.Header, body []byte) bool {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	for _, c := range body {
		if c == '<' {
			return true
		}
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			break
		}
	}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	kind = strings.TrimSpace(kind)
	return strings.EqualFold(kind, "text/html") || strings.EqualFold(kind, "application/xhtml+xml")
}

var title = regexp.MustCompile(`(?is)<title[^>]*>(.{1,200}?)</title>`)

// titleOf is the title of a web page, if it is short: it says who answered.
func titleOf(page []byte) string {
	if m := title.FindSubmatch(page[:min(len(page), 64<<10)]); m != nil {
		return html.UnescapeString(string(m[1]))
	}
	return ""
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// maxMessage is how many bytes of a message are kept; Graph's are short.
const maxMessage = 2000

// printable makes a message safe to print: on one line, and without anything that a
// terminal would obey.
func printable(s string) string {
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + " ..."
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// maxID is how much of a request-id or an error code is kept.
const maxID = 128

// cleanID keeps what a request-id or a code can hold: printable ASCII. They are written unchanged
// to logs, journals and spreadsheets.
func cleanID(s string) string {
	clean := len(s) <= maxID
	for i := 0; i < len(s) && clean; i++ {
		clean = ' ' < s[i] && s[i] <= '~'
	}
	if clean {
		return s // nearly every one
	}
	s = strings.Map(func(r rune) rune {
		if ' ' < r && r <= '~' {
			return r
		}
		return ' '
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	return s[:min(len(s), maxID)]
}
