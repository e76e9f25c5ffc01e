package desired

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"bulksync/graph"
)

// TemplateExport is the template of a tenant as the file that wants it as it is.
type TemplateExport struct {
	Notices []string // what is not in it

	body map[string]any
}

// ExportTemplate lays out a template. What its reader would not take is left out,
// with a notice.
func ExportTemplate(t *graph.Template) *TemplateExport {
	out := &TemplateExport{body: map[string]any{}}
	for i := range templateProperties {
		p := &templateProperties[i]
		v := p.Value(nil, t)
		if v == nil {
			continue
		}
		if err := p.CheckWanted(v); err != nil {
			out.Notices = append(out.Notices, fmt.Sprintf("the template's %s is not in the file, so it is not managed: %v", p.Path, err))
			continue
		}
		at, name := out.body, p.Path
		for {
			member, rest, below := strings.Cut(name, ".")
			if !below {
				break
			}
			if at[member] == nil {
				at[member] = map[string]any{}
			}
			at, name = at[member].(map[string]any), rest
		}
		at[name] = v
	}
	return out
}

// IsEmpty reports whether there is nothing to write: an empty template is no input.
func (e *TemplateExport) IsEmpty() bool { return len(e.body) == 0 }

// Write writes the template as indented JSON.
func (e *TemplateExport) Write(w io.Writer) error {
	text, err := json.MarshalIndent(e.body, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
