package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// recipe is one of samples/schedule, laid out as its scheduler does, with a
// bulksync of the test's choice.
type recipe struct {
	t   *testing.T
	dir string
	// steps are what its scheduler runs in turn; the scripts of a pipeline by name.
	audit, verify, keep step
	// program is the path of bulksync.
	program string
	// clone is where a pipeline checks the evidence out, and branch of which branch.
	clone, branch string
	env           []string
}

// step is a script that a scheduler runs.
type step struct {
	args []string
	dir  string
}

// ran is how a step ended.
type ran struct {
	code           int
	stdout, stderr string
}

// run runs a step, and checks how it ends.
func (r *recipe) run(s step, want int) ran {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), s.args[0], s.args[1:]...)
	cmd.Dir = filepath.Join(r.dir, s.dir)
	cmd.Env = append(append(os.Environ(), noCache), r.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exited *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exited) {
		r.t.Fatal(err)
	}
	got := ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	if got.code != want {
		r.t.Errorf("exit code %d, want %d\n%s\n%s", got.code, want, got.stdout, got.stderr)
	}
	return got
}

// sh is a step that runs a command of the test itself, which must succeed.
func (r *recipe) sh(dir, script string, args ...string) string {
	r.t.Helper()
	return r.run(step{append([]string{"bash", "-euc", script, "bash"}, args...), dir}, 0).stdout
}

// install makes a script the bulksync of the recipe.
func (r *recipe) install(script string) {
	r.t.Helper()
	path := filepath.Join(r.dir, r.program)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700)); err != nil {
		r.t.Fatal(err)
	}
}

// newRecipe makes the folder of a recipe. The programs of the machine come last
// in its PATH.
func newRecipe(t *testing.T) *recipe {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("not for Windows")
	}
	needs(t, "bash")
	r := &recipe{t: t, dir: t.TempDir()}
	r.env = []string{
		"PATH=" + filepath.Join(r.dir, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + r.dir, "GIT_CONFIG_NOSYSTEM=1",
	}
	return r
}

// scriptRecipe is audit.sh as cron and systemd run it. It verifies by itself.
func scriptRecipe(t *testing.T, more ...string) *recipe {
	t.Helper()
	r := newRecipe(t)
	r.program = "bin/bulksync"
	r.audit = step{args: append([]string{schedule(t, "audit.sh"), "partners.csv", "store"}, more...)}
	return r
}

// githubRecipe is github-actions.yml with the folders that its actions make.
func githubRecipe(t *testing.T) *recipe {
	t.Helper()
	r := newRecipe(t)
	r.program, r.clone, r.branch = ".bulksync/bin/bulksync", ".evidence", "evidence"
	r.env = append(r.env, "GITHUB_STEP_SUMMARY="+filepath.Join(r.dir, "summary.md"), "GITHUB_RUN_ID=1")
	var workflow struct {
		Jobs struct {
			Audit struct {
				Steps []struct {
					Name, Run, Shell string
					Dir              string `yaml:"working-directory"`
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readRepo(t, "samples/schedule/github-actions.yml")), &workflow); err != nil {
		t.Fatal(err)
	}
	for _, s := range workflow.Jobs.Audit.Steps {
		if s.Shell == "bash" { // as GitHub does it
			r.take(s.Name, s.Run, s.Dir, "--noprofile", "--norc", "-eo", "pipefail")
		}
	}
	r.hasAll()
	return r
}

// azureRecipe is azure-pipelines.yml with the folders that its checkouts make.
func azureRecipe(t *testing.T) *recipe {
	t.Helper()
	r := newRecipe(t)
	r.program, r.clone, r.branch = "bulksync/bin/bulksync", "evidence", "main"
	r.env = append(r.env, "AGENT_TEMPDIRECTORY="+r.dir, "BUILD_SOURCESDIRECTORY="+r.dir, "BUILD_BUILDID=1")
	var pipeline struct {
		Steps []struct {
			Bash             string
			DisplayName      string `yaml:"displayName"`
			WorkingDirectory string `yaml:"workingDirectory"`
			Inputs           struct {
				InlineScript     string `yaml:"inlineScript"`
				WorkingDirectory string `yaml:"workingDirectory"`
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readRepo(t, "samples/schedule/azure-pipelines.yml")), &pipeline); err != nil {
		t.Fatal(err)
	}
	for _, s := range pipeline.Steps {
		if script := cmp.Or(s.Bash, s.Inputs.InlineScript); script != "" {
			dir := cmp.Or(s.WorkingDirectory, s.Inputs.WorkingDirectory)
			r.take(s.DisplayName, script, strings.TrimPrefix(dir, "$(Build.SourcesDirectory)/"), "--noprofile", "--norc")
		}
	}
	r.hasAll()
	return r
}

// take keeps a script of a pipeline under the name of its step.
func (r *recipe) take(name, script, dir string, options ...string) {
	s := step{append(append([]string{"bash"}, options...), "-c", script), dir}
	r.sh(".", `bash -n -c "$1"`, script)
	switch name {
	case "Audit":
		r.audit = s
	case "Verify the evidence":
		r.verify = s
	case "Keep the evidence":
		r.keep = s
	}
}

// hasAll makes the folders of the steps, and requires that there are three.
func (r *recipe) hasAll() {
	r.t.Helper()
	for _, s := range []step{r.audit, r.verify, r.keep} {
		if len(s.args) == 0 {
			r.t.Fatal("the pipeline lacks a step")
		}
		if err := os.MkdirAll(filepath.Join(r.dir, s.dir), 0o700); err != nil {
			r.t.Fatal(err)
		}
	}
}

// stub is a bulksync that ends as the variables AUDIT and VERIFY say. An audit
// makes the store.
const stub = `command=$1
for arg; do
  if [ "$last" = --evidence ]; then mkdir -p "$arg"; fi
  last=$arg
done
case $command in
audit) echo the report; exit $AUDIT ;;
verify) echo the proof; exit $VERIFY ;;
esac
`

// ends are the exit codes that a recipe tells apart, and what it says of them.
var ends = []struct {
	audit int
	says  string
}{
	{2, "is not as|Something is new"}, {4, "refused"}, {5, "not be read completely"}, {130, "interrupted"}, {143, "interrupted"},
	{1, "did not run (exit code 1)"}, {127, "did not run (exit code 127)"}, {134, "did not run (exit code 134)"},
}

// saysOne reports that a text has one of the words between bars.
func saysOne(text, words string) bool {
	for word := range strings.SplitSeq(words, "|") {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// The script is silent if there is nothing to look at, says what to do for every
// other exit code, and ends with that code.
func TestTheAuditScriptSaysWhatToDo(t *testing.T) {
	r := scriptRecipe(t)
	r.install(stub)
	env := r.env
	end := func(audit, verify, want int) ran {
		t.Helper()
		r.env = append(env, fmt.Sprint("AUDIT=", audit), fmt.Sprint("VERIFY=", verify))
		return r.run(r.audit, want)
	}
	if got := end(0, 0, 0); got.stderr != "" || got.stdout != "the proof\n" {
		t.Errorf("with nothing to look at, it says %q and %q", got.stdout, got.stderr)
	}
	for _, tc := range ends {
		got := end(tc.audit, 0, tc.audit)
		if !saysOne(got.stderr, tc.says) || !strings.Contains(got.stderr, "the report\n") || got.stdout != "the proof\n" {
			t.Errorf("exit code %d: it says %q and %q, want %q", tc.audit, got.stdout, got.stderr, tc.says)
		}
		// An altered store outranks what the audit says, but says no less.
		if got := end(tc.audit, 4, 4); !saysOne(got.stderr, tc.says) || !strings.Contains(got.stderr, "altered") {
			t.Errorf("exit code %d, then 4: it says %q", tc.audit, got.stderr)
		}
		if got := end(tc.audit, 1, tc.audit); !strings.Contains(got.stderr, "could not be verified (exit code 1)") {
			t.Errorf("exit code %d, then 1: it says %q", tc.audit, got.stderr)
		}
	}
	end(0, 1, 1)
	end(0, 4, 4)
}

// A wrong use is no drift, and a first audit that kept nothing has nothing to
// verify.
func TestTheAuditScriptWithoutAStore(t *testing.T) {
	r := scriptRecipe(t)
	r.install("exit 1\n")
	if got := r.run(r.audit, 1); strings.Contains(got.stderr, "verified") {
		t.Errorf("it says %q", got.stderr)
	}
	r.audit.args = r.audit.args[:2]
	r.run(r.audit, 1)
}

// The line of the crontab hands the environment to the script, and leaves to cron
// only what has to be looked at.
func TestTheCrontabMailsWhatMatters(t *testing.T) {
	r := scriptRecipe(t)
	r.install(stub)
	r.sh(".", `printf '#!/bin/sh\ncat > log\n' > bin/logger; chmod 700 bin/logger; printf 'AUDIT=2\nVERIFY=0\n' > audit.env`)
	text := strings.TrimSpace(readRepo(t, "samples/schedule/crontab"))
	line := regexp.MustCompile(`^0 6 \* \* 1  (.*)$`).FindStringSubmatch(text[strings.LastIndex(text, "\n")+1:])
	if line == nil || strings.Contains(line[1], "%") { // which cron takes for the end of the line
		t.Fatalf("the last line is no line of a crontab:\n%s", text)
	}
	command := strings.NewReplacer("/etc/bulksync/audit.env", "./audit.env", "/opt/bulksync/audit.sh", schedule(t, "audit.sh"),
		"/etc/bulksync/", "", "/var/lib/bulksync/", "").Replace(line[1])
	got := r.run(step{args: []string{"sh", "-c", command}}, 0)
	if got.stdout != "" || !strings.Contains(got.stderr, "is not as") {
		t.Errorf("cron mails %q and %q", got.stdout, got.stderr)
	}
	if log := r.sh(".", "cat log"); log != "the proof\n" {
		t.Errorf("the log holds %q", log)
	}
}

// The steps of a pipeline end with the code of bulksync, and each but 0 leaves
// an error in the run.
func TestThePipelinesSayWhatToDo(t *testing.T) {
	for name, make := range map[string]func(*testing.T) *recipe{"github": githubRecipe, "azure": azureRecipe} {
		t.Run(name, func(t *testing.T) {
			r := make(t)
			r.install(stub)
			r.env = append(r.env, "AUDIT=0", "VERIFY=0")
			env := r.env[:len(r.env):len(r.env)]
			for _, s := range []step{r.audit, r.verify} {
				if got := r.run(s, 0); strings.Contains(got.stdout, "error") {
					t.Errorf("with nothing to look at, it says %q", got.stdout)
				}
			}
			for _, tc := range ends {
				r.env = append(env, fmt.Sprint("AUDIT=", tc.audit))
				if got := r.run(r.audit, tc.audit); !saysOne(got.stdout, tc.says) || !saysOne(got.stdout, "::error::|type=error]") {
					t.Errorf("exit code %d: it says %q, want %q", tc.audit, got.stdout, tc.says)
				}
			}
			for code, says := range map[int]string{4: "altered", 1: "could not be verified (exit code 1)"} {
				r.env = append(env, fmt.Sprint("VERIFY=", code))
				if got := r.run(r.verify, code); !strings.Contains(got.stdout, says) || !saysOne(got.stdout, "::error::|type=error]") {
					t.Errorf("verify, exit code %d: it says %q, want %q", code, got.stdout, says)
				}
			}
		})
	}
}
