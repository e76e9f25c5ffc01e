package report

import (
	"io"

	"bulksync/internal/seal"
	"bulksync/plan/audit"
)

// The bodies for Teams and Slack. Both have a kind of text that is shown as it is,
// a run of a rich text, and whatever came from a file or from Graph is in one.
// Nothing needs to be escaped then, and nothing can be forgotten.

// card is a part of a body: its members by name.
type card map[string]any

func encoder(v any) func(io.Writer) error {
	return func(w io.Writer) error { return seal.NewEncoder(w).Encode(v) }
}

// teams is the body for the workflow "Send webhook alerts to a channel" of Teams:
// a message with an adaptive card. Teams takes 28 KB, and counts two bytes for
// each character. Only TextBlock and FactSet know Markdown; a TextRun does not. A
// workflow shows cards up to version 1.4 (microsoft/AdaptiveCards#8965).
// See https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features.
func (n *notification) teams() any {
	body := []any{
		richText(card{"type": "TextRun", "text": n.title(), "weight": "bolder", "size": "large", "color": n.color()}),
		richText(card{"type": "TextRun", "text": n.Summary}),
	}
	if n.Problem != "" {
		body = append(body, richText(card{"type": "TextRun", "text": n.Problem}))
	}
	for i := range n.Findings {
		body = append(body, richText(card{"type": "TextRun", "text": n.Findings[i].line()}))
	}
	for _, s := range []string{n.rest(), n.origin()} {
		if s != "" {
			body = append(body, richText(card{"type": "TextRun", "text": s, "isSubtle": true}))
		}
	}
	return card{"type": "message", "attachments": []any{card{
		"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil,
		"content": card{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
			"msteams": card{"width": "Full"}, "body": body,
		},
	}}}
}

func richText(run card) card { return card{"type": "RichTextBlock", "inlines": []any{run}} }

// color is the tone of the result in an adaptive card.
func (n *notification) color() string {
	switch n.Result {
	case audit.Clean:
		return "good"
	case audit.Drift:
		return "warning"
	default:
		return "attention"
	}
}

// origin says what was compared with what, and when.
func (n *notification) origin() string { return n.Input.Name + ", " + n.CreatedAt }

// slack is the body for an incoming webhook of Slack. Its text is what a phone
// shows, and is parsed for markup: it holds only words of our own. An empty text
// would be refused with all the rest.
// See https://docs.slack.dev/reference/block-kit/blocks/rich-text-block.
func (n *notification) slack() any {
	section := func(text string, style card) card {
		element := card{"type": "text", "text": text}
		if style != nil {
			element["style"] = style
		}
		return card{"type": "rich_text_section", "elements": []any{element}}
	}
	elements := []any{section(n.title()+"\n", card{"bold": true}), section(n.Summary, nil)}
	if n.Problem != "" {
		elements = append(elements, section(n.Problem, nil))
	}
	if len(n.Findings) > 0 {
		var items []any
		for i := range n.Findings {
			items = append(items, section(n.Findings[i].line(), nil))
		}
		elements = append(elements, card{"type": "rich_text_list", "style": "bullet", "elements": items})
	}
	for _, s := range []string{n.rest(), n.origin()} {
		if s != "" {
			elements = append(elements, section(s, nil))
		}
	}
	return card{"text": "bulksync audit: " + n.Summary, "blocks": []any{card{"type": "rich_text", "elements": elements}}}
}
