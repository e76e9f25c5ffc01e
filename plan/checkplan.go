package plan

import (
	"errors"
	"fmt"

	"bulksync/graph"
	"bulksync/plan/desired"
)

// check refuses a plan, each change of which is good by itself, that Build and
// Revert would never have written, or that a later step could not tell.
func (p *Plan) check() error {
	if err := p.checkHead(); err != nil {
		return err
	}
	if err := p.Input.Check(); err != nil {
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
	case !desired.IsCanonicalGUID(p.HomeTenant.ID):
		return fmt.Errorf("the home tenant %s is no tenant ID", desired.Quote(p.HomeTenant.ID))
	case p.CreatedAt.IsZero():
		return errors.New("it does not say when it was made")
	case len(p.Tool.Name) > desired.MaxName || len(p.Tool.Version) > desired.MaxName:
		return errors.New("the name or the version of the tool is too long")
	case !p.Read.Complete:
		return errors.New("the tenant was not read completely")
	case p.Read.Pages < 1 || p.Read.Partners < 0:
		return fmt.Errorf("the tenant was read in %d pages, with %d partners", p.Read.Pages, p.Read.Partners)
	case p.Template != nil:
		return desired.CheckSource("the template", p.Template.Name, p.Template.SHA256)
	default:
		return nil
	}
}
