//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// matrixRecipe is github-fleet.yml, of which each job has a folder of its own.
type matrixRecipe struct {
	*fleetRecipe
	// steps are the scripts by the name of their job and their own.
	steps map[string]step
	job   int
}

func newMatrixRecipe(t *testing.T) *matrixRecipe {
	t.Helper()
	needs(t, "git")
	r := &matrixRecipe{fleetRecipe: newFleetRecipe(t, "."), steps: map[string]step{}}
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Name, Run, Shell string
				Dir              string `yaml:"working-directory"`
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readRepo(t, "samples/schedule/github-fleet.yml")), &workflow); err != nil {
		t.Fatal(err)
	}
	for name, job := range workflow.Jobs {
		for _, s := range job.Steps {
			if s.Shell == "bash" { // as GitHub does it
				r.steps[name+"/"+s.Name] = step{[]string{"bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run}, s.Dir}
			}
		}
	}
	if len(r.steps) != 4 {
		t.Fatalf("the workflow has the steps %v", r.steps)
	}
	r.env = append(r.env, "GITHUB_RUN_ID=1", "GITHUB_STEP_SUMMARY="+filepath.Join(r.dir, "summary.md"))
	return r
}

// branch makes the repository with the branch of the evidence.
func (r *matrixRecipe) branch() {
	r.t.Helper()
	r.sh(".", `git init --quiet --bare --initial-branch=main origin.git
git clone --quiet origin.git first 2>&1
cd first
git config user.name Ada; git config user.email ada@localhost
`+setUp(r.t, "github-fleet.yml")+"cd ..; rm -rf first\n")
}

// begin makes the folder of a new job, as its checkouts do.
func (r *matrixRecipe) begin() (dir string) {
	r.t.Helper()
	r.job++
	dir = fmt.Sprintf("job-%d", r.job)
	r.sh(".", `mkdir "$1"; cp fleet.yaml partners.csv "$1"
git clone --quiet --depth 1 --branch evidence "file://$PWD/origin.git" "$1/.evidence"`, dir)
	r.program = filepath.Join(dir, ".bulksync/bin/bulksync")
	r.install("exec bulksync \"$@\"\n")
	return dir
}

// in runs a step in the folder of its job.
func (r *matrixRecipe) in(dir, name string, want int) ran {
	r.t.Helper()
	s := r.steps[name]
	s.dir = filepath.Join(dir, s.dir)
	return r.run(s, want)
}

// audit runs the jobs of the shards side by side: each begins before another one has
// kept its evidence.
func (r *matrixRecipe) audit(run string, wants ...int) {
	r.t.Helper()
	env := r.env
	defer func() { r.env = env }()
	var dirs []string
	for range wants {
		dirs = append(dirs, r.begin())
	}
	for i, want := range wants {
		r.env = append(env[:len(env):len(env)], "GITHUB_RUN_ID="+run, fmt.Sprintf("SHARD=%d/%d", i, len(wants)))
		r.in(dirs[i], "audit/Audit", want)
	}
	for _, dir := range dirs {
		r.in(dir, "audit/Keep the evidence", 0)
	}
}

// rollUp runs the job that says what came of all.
func (r *matrixRecipe) rollUp(run string, want int) (dir string) {
	r.t.Helper()
	env := r.env
	defer func() { r.env = env }()
	r.env = append(env[:len(env):len(env)], "GITHUB_RUN_ID="+run)
	dir = r.begin()
	r.in(dir, "roll-up/Roll up", want)
	r.in(dir, "roll-up/Verify the evidence", 0)
	return dir
}

// The jobs of all shards keep their evidence on one branch, and none is lost. A job
// that is run again goes on.
func TestTheMatrixKeepsEvidence(t *testing.T) {
	r := newMatrixRecipe(t)
	r.branch()
	differs, unread := r.inShard(0)
	r.synchronize(differs, false)
	r.Sims()[unread].Revoke()
	r.audit("1", exitIncomplete, exitDone, exitDone, exitDone)
	r.rollUp("1", exitIncomplete)
	r.env = append(r.env, fmt.Sprintf("TOKEN_%d=%s", unread, r.Sims()[unread].Token(canRead)))
	r.audit("1", exitDone, exitDone, exitDone, exitDone)
	dir := r.rollUp("1", exitDiffers)
	r.hasAudits(filepath.Join(dir, ".evidence", "fleet"), 1)
	if summary := r.sh(".", "cat summary.md"); !strings.Contains(summary, r.names[differs]) {
		t.Errorf("the summary is\n%s", summary)
	}
	r.rollUp("2", exitIncomplete) // it did not begin
	r.audit("2", exitDone, exitDone, exitDone, exitDone)
	r.hasAudits(filepath.Join(r.rollUp("2", exitDone), ".evidence", "fleet"), 2) // nothing is new
}

// Two runs at the same time would both continue a chain. The later push is refused.
func TestTheMatrixRefusesAFork(t *testing.T) {
	r := newMatrixRecipe(t)
	r.branch()
	r.audit("1", exitDone)
	r.env = append(r.env, "SHARD=0/1")
	one, other := r.begin(), r.begin()
	for run, dir := range map[string]string{"2": one, "3": other} {
		r.env = append(r.env, "GITHUB_RUN_ID="+run)
		r.in(dir, "audit/Audit", exitDone)
	}
	r.in(one, "audit/Keep the evidence", 0)
	got := r.in(other, "audit/Keep the evidence", 1)
	if !strings.Contains(got.stdout+got.stderr, "CONFLICT") {
		t.Errorf("it says %s%s", got.stdout, got.stderr)
	}
	r.hasAudits(filepath.Join(r.begin(), ".evidence", "fleet"), 2)
}

// Each exit code but 0 leaves a line in the run; a finding is the roll-up's to tell.
func TestTheMatrixSaysWhatToDo(t *testing.T) {
	r := newMatrixRecipe(t)
	r.branch()
	dir := r.begin()
	r.install("exit $CODE\n")
	r.sh(dir, `mkdir -p .evidence/fleet/tenants/one/evidence; printf '"run": "1"' > .evidence/fleet/fleet.json`)
	env := append(r.env, "SHARD=0/1")
	for _, c := range []struct {
		step       string
		code, want int
		says       string
	}{
		{"audit/Audit", 2, 0, "::notice::Something is new"}, {"audit/Audit", 4, 4, "::error::The folder belongs to another"},
		{"audit/Audit", 5, 5, "run this job again"}, {"audit/Audit", 143, 143, "interrupted"}, {"audit/Audit", 1, 1, "did not run (exit code 1)"},
		{"roll-up/Roll up", 0, 0, "::notice::Nothing is new"}, {"roll-up/Roll up", 2, 2, "::error::Something is new"},
		{"roll-up/Roll up", 5, 5, "::error::Not all tenants"}, {"roll-up/Roll up", 1, 1, "no roll-up (exit code 1)"},
		{"roll-up/Verify the evidence", 4, 4, "altered"}, {"roll-up/Verify the evidence", 1, 1, "could not be verified (exit code 1)"},
	} {
		r.env = append(env[:len(env):len(env)], fmt.Sprint("CODE=", c.code))
		if got := r.in(dir, c.step, c.want); !strings.Contains(got.stdout, c.says) {
			t.Errorf("%s, exit code %d: it says %q", c.step, c.code, got.stdout)
		}
	}
}
