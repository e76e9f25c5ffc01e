package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"bulksync/plan"
	"bulksync/plan/audit"
	"bulksync/plan/desired"
)

// wanted names the files that say what is wanted, for plan and audit alike.
type wanted struct {
	csv, template  string
	createPartners bool
}

func (w *wanted) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&w.template, "template", "", "`FILE.json` with the multitenant-organization identity-sync template; the CSV may be left out then")
}

// read reads the files. It asks nobody else. What the CSV wants is in the rows:
// they stand for partners once their domain names are resolved.
func (a *app) read(ctx context.Context, w wanted) (d plan.Desired, rows *desired.Rows, err error) {
	d.CreatePartners = w.createPartners
	if w.csv == "" && w.template == "" {
		return d, nil, hinted(errors.New("no file to read"), "name a CSV of partners, or a template with --template FILE.json")
	}
	if w.template != "" {
		if d.Template, err = readFile(ctx, a, w.template, func(r io.Reader) (*desired.Template, error) {
			return desired.ReadTemplate(r, inputName(w.template))
		}); err != nil {
			return d, nil, err
		}
	}
	if w.csv == "" {
		return d, nil, nil
	}
	if rows, err = readFile(ctx, a, w.csv, func(r io.Reader) (*desired.Rows, error) {
		return desired.ReadRows(ctx, r, inputName(w.csv))
	}); err != nil {
		var faulty *desired.RefusedRows
		if errors.As(err, &faulty) {
			a.notices(faulty.Notices)
		}
		return d, nil, err
	}
	a.notices(rows.Notices)
	return d, rows, nil
}

// notices tells what the author of a CSV should know.
func (a *app) notices(all []desired.Notice) {
	for _, n := range all {
		a.note("note: %s", n)
	}
}

// compared is what plan and audit share: what is wanted, what is there, and who
// asked.
type compared struct {
	input   audit.Input
	desired plan.Desired
	current *plan.Current
	tenant  *tenant
}

// compare reads the files and then the tenant. What can be refused without
// asking anybody is refused first. An error of reading the tenant comes with
// what is known by then.
func (a *app) compare(ctx context.Context, w wanted) (*compared, error) {
	d, rows, err := a.read(ctx, w)
	if err != nil {
		return nil, err
	}
	t, err := a.connect(ctx, demand{})
	if err != nil {
		return nil, err
	}
	c := &compared{input: inputOf(rows, d.Template), desired: d, tenant: t}
	needs := plan.Needs{Template: d.Template != nil && t.home.Cloud.HasTemplates()}
	if rows != nil {
		if needs.Domains = rows.Domains(); len(needs.Domains) == 0 {
			if c.desired.Partners, err = rows.Resolve(t.home.ID, nil); err != nil {
				return nil, err
			}
		}
	}
	end := a.tellOutage(t)
	c.current, err = plan.ReadCurrent(ctx, t.client, needs)
	end()
	a.noteRestarts(c.current.Restarts)
	if err != nil {
		return c, a.unread(t, err)
	}
	if len(needs.Domains) > 0 {
		if c.desired.Partners, err = rows.Resolve(t.home.ID, c.current.TenantIDs); err != nil {
			return c, err
		}
		a.notices(c.desired.Partners.Notices)
	}
	return c, nil
}

// inputOf identifies what is wanted.
func inputOf(rows *desired.Rows, t *desired.Template) audit.Input {
	if rows != nil {
		return audit.Input{Name: rows.Input.Name, SHA256: rows.Input.SHA256, Rows: rows.Input.Rows}
	}
	return audit.Input{Name: t.Name, SHA256: t.SHA256}
}

// noteBare tells that of some rows next to nothing was compared.
func (a *app) noteBare(rows int) {
	switch rows {
	case 0:
	case 1:
		a.note("note: 1 row names no property: only that the partner is there was looked at")
	default:
		a.note("note: %d rows name no property: only that the partner is there was looked at", rows)
	}
}

// noteRestarts tells why a list was read again.
func (a *app) noteRestarts(why []string) {
	for _, w := range why {
		a.note("the partners were read again from the beginning: %s", w)
	}
}
