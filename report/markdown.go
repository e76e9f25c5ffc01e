package report

import "io"

func writeMarkdown(w io.Writer, p *page) error { return nil }
