package plan

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"bulksync/graph"
)

// check refuses a plan, each change of which is good by itself, that Build and
// Revert would never have written, or that a later step could not tell.
func (p *Plan) check() error {
	if err := p.checkHead(); err != nil {
		return err
	}
	if err := p.Input.check(); err != nil {
		return fmt.Errorf("the input: %w", err)
	}
	return p.checkChanges()
}

// checkHead refuses what would not let the plan be told from others, or the
// tenant be found that it is for.
func (p *Plan) checkHead() error {
	cloud, err := graph.ParseCloud(string(p.HomeTenant.Cloud))
	if err != nil || cloud != p.HomeTenant.Cloud {
		return fmt.Errorf("the home tenant is in no cloud: %q", p.HomeTenant.Cloud)
	}
	if _, err := graph.CheckRoot(p.HomeTenant.GraphURL); err != nil {
		return fmt.Errorf("the home tenant: %w", err)
	}
	switch {
	case !isCanonicalGUID(p.HomeTenant.ID):
		return fmt.Errorf("the home tenant %s is no tenant ID", quoteValue(p.HomeTenant.ID))
	case p.CreatedAt.IsZero():
		return errors.New("it does not say when it was made")
	case len(p.Tool.Name) > maxName || len(p.Tool.Version) > maxName:
		return errors.New("the name or the version of the tool is too long")
	case !p.Read.Complete:
		return errors.New("the tenant was not read completely")
	case p.Read.Pages < 1 || p.Read.Partners < 0:
		return fmt.Errorf("the tenant was read in %d pages, with %d partners", p.Read.Pages, p.Read.Partners)
	case p.Template != nil:
		return checkSource("the template", p.Template.Name, p.Template.SHA256)
	default:
		return nil
	}
}

// checkSource refuses a file that is not named, or not by its hash.
func checkSource(what, name, sum string) error {
	if name == "" || len(name) > maxName {
		return fmt.Errorf("%s has no name, or one that is too long", what)
	}
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != 32 || strings.ToLower(sum) != sum {
		return fmt.Errorf("%s has no SHA-256: %s", what, quoteValue(sum))
	}
	return nil
}

// check refuses an input whose rows could not be found or written again. An input
// without rows is that of a template alone, or names a run that is taken back.
func (in *Input) check() error {
	if in.isListed() {
		return in.checkRows()
	}
	switch {
	case in.Rows < 0:
		return fmt.Errorf("it counts %d rows", in.Rows)
	case in.Dialect != Dialect{}:
		return errors.New("it has a dialect and no rows")
	case len(in.Name) > maxName || len(in.SHA256) > maxName:
		return errors.New("its name or its hash is too long")
	default:
		return nil
	}
}

// isListed reports whether the input holds rows, and not only their number.
func (in *Input) isListed() bool { return len(in.Header)+len(in.Cells)+len(in.Lines) > 0 }

func (in *Input) checkRows() error {
	d := in.Dialect
	switch {
	case len(in.Header) == 0:
		return errors.New("it has no header")
	case in.Rows < 1 || in.Rows != len(in.Cells) || in.Rows != len(in.Lines):
		return fmt.Errorf("it counts %d rows, and has the cells of %d and the lines of %d", in.Rows, len(in.Cells), len(in.Lines))
	case !slices.Contains([]string{",", ";", "\t"}, d.Delimiter) || !slices.Contains([]string{"\n", "\r\n"}, d.Newline),
		!slices.Contains([]string{utf8Plain, utf8BOM, utf16LE, utf16BE}, d.Encoding):
		return fmt.Errorf("nothing is written in the dialect %q", d)
	}
	last := 1 // the header stands above all rows
	for i, line := range in.Lines {
		if line <= last {
			return fmt.Errorf("row %d is on line %d, after line %d", i+1, line, last)
		}
		if last = line; len(in.Cells[i]) != len(in.Header) {
			return fmt.Errorf("line %d has %d cells below a header of %d", line, len(in.Cells[i]), len(in.Header))
		}
	}
	return checkSource("it", in.Name, in.SHA256)
}
