package report

import "io"

func writeHTML(w io.Writer, p *page) error { return nil }
