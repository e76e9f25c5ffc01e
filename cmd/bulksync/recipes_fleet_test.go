//go:build unix

package main

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
)

// fleetRecipe is a recipe that audits many home tenants.
type fleetRecipe struct {
	*recipe
	*graphsim.Farm
	names []string
}

// newFleetRecipe serves twelve home tenants, whose partner synchronizes as the CSV of
// all says, and writes their manifest into a folder of the recipe.
func newFleetRecipe(t *testing.T, folder string) *fleetRecipe {
	t.Helper()
	r := &fleetRecipe{recipe: newRecipe(t), Farm: graphsim.NewFarm(graphsim.FarmOf(graphsim.Config{Seed: 1}, 12))}
	server := httptest.NewServer(r.Farm)
	t.Cleanup(server.Close)
	manifest := "defaults:\n  csv: partners.csv\n  graphUrl: " + server.URL + "\ntenants:\n"
	for i, sim := range r.Sims() {
		r.names = append(r.names, fmt.Sprintf("adatum-%02d", i))
		r.synchronize(i, true)
		manifest += fmt.Sprintf("  - name: %s\n    tenantId: %s\n    accessTokenEnv: TOKEN_%d\n", r.names[i], sim.HomeTenant(), i)
		r.env = append(r.env, fmt.Sprintf("TOKEN_%d=%s", i, sim.Token(canRead)))
	}
	at := filepath.Join(r.dir, folder)
	err := errors.Join(os.MkdirAll(at, 0o700), os.WriteFile(filepath.Join(at, "fleet.yaml"), []byte(manifest), 0o600),
		os.WriteFile(filepath.Join(at, "partners.csv"), []byte("tenantId,isSyncAllowed,inboundConsent\n"+adatum+",true,true\n"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// synchronize lets the partner of a home tenant synchronize, or not.
func (r *fleetRecipe) synchronize(i int, allowed bool) {
	p := graphsim.Partner{TenantID: adatum, IdentitySynchronization: graphsim.SyncAllowed("Adatum", allowed)}
	p.AutomaticUserConsentSettings.InboundAllowed = &allowed
	r.Sims()[i].SetPartner(p)
}

// inShard are two of the tenants of a shard of four.
func (r *fleetRecipe) inShard(shard int) (first, second int) {
	r.t.Helper()
	var own []int
	for i, sim := range r.Sims() {
		if fleet.ShardOf(sim.HomeTenant(), 4) == shard {
			own = append(own, i)
		}
	}
	if len(own) < 2 {
		r.t.Fatalf("shard %d has %d tenants", shard, len(own))
	}
	return own[0], own[1]
}

// hasAudits requires that the store of each tenant below a folder has a number of audits.
func (r *fleetRecipe) hasAudits(dir string, want int) {
	r.t.Helper()
	for _, name := range r.names {
		if n := len(r.audits(filepath.Join(dir, "tenants", name, "evidence"))); n != want {
			r.t.Errorf("%s has %d audits, want %d", name, n, want)
		}
	}
}

// cronJob is what a cluster does with a CronJob.
type cronJob struct {
	Spec struct {
		Schedule                string
		StartingDeadlineSeconds int `yaml:"startingDeadlineSeconds"`
		JobTemplate             struct {
			Spec struct {
				CompletionMode        string `yaml:"completionMode"`
				Completions           int
				BackoffLimitPerIndex  int `yaml:"backoffLimitPerIndex"`
				ActiveDeadlineSeconds int `yaml:"activeDeadlineSeconds"`
				PodFailurePolicy      struct {
					Rules []struct {
						Action      string
						OnExitCodes struct{ Values []int } `yaml:"onExitCodes"`
					}
				} `yaml:"podFailurePolicy"`
				Template struct {
					Spec struct {
						Containers []struct{ Command, Args []string }
					}
				}
			}
		} `yaml:"jobTemplate"`
	}
}

// cronJobOf is a CronJob of fleet.yaml.
func cronJobOf(t *testing.T, name string) *cronJob {
	t.Helper()
	text, err := yaml.Marshal(kubernetes(t, "fleet.yaml")["CronJob/"+name])
	var job cronJob
	if err == nil {
		err = yaml.Unmarshal(text, &job)
	}
	if err != nil || len(job.Spec.JobTemplate.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("%+v: %v", job, err)
	}
	return &job
}

// pod is what a pod of a Job runs. Its volumes are folders of the recipe.
func (j *cronJob) pod(r *recipe, name string) step {
	c := j.Spec.JobTemplate.Spec.Template.Spec.Containers[0]
	all := slices.Concat(c.Command, c.Args)
	volumes := strings.NewReplacer("/input/", filepath.Join(r.dir, "input")+"/", "/fleet/", filepath.Join(r.dir, "fleet")+"/", "$(JOB_NAME)", name)
	for i, arg := range all {
		if arg != "/bin/sh" {
			all[i] = volumes.Replace(arg)
		}
	}
	return step{args: all}
}

// after is what the cluster does after an exit code, as its documentation says: the
// first rule that matches counts, and without one the pod is tried again.
func (j *cronJob) after(code int) string {
	if code == 0 {
		return "Complete"
	}
	for _, rule := range j.Spec.JobTemplate.Spec.PodFailurePolicy.Rules {
		if slices.Contains(rule.OnExitCodes.Values, code) {
			return rule.Action
		}
	}
	return "Count"
}

// index runs a pod of the Indexed Job.
func (r *fleetRecipe) index(s step, i, want int) ran {
	r.t.Helper()
	env := r.env
	defer func() { r.env = env }()
	r.env = append(env[:len(env):len(env)], fmt.Sprint("JOB_COMPLETION_INDEX=", i))
	return r.run(s, want)
}

// The Indexed Job tries again what may end otherwise, and no other exit code; a finding
// is no failure. The roll-up begins when the audit has ended for certain.
func TestTheIndexedJobIsSafe(t *testing.T) {
	audit, rollUp := cronJobOf(t, "fleet-audit"), cronJobOf(t, "fleet-roll-up")
	for code, want := range map[int]string{0: "Complete", 1: "FailIndex", 4: "FailIndex", 5: "Count", 130: "Count", 137: "Count", 143: "Count"} {
		if got := audit.after(code); got != want {
			t.Errorf("after %d: %s, want %s", code, got, want)
		}
	}
	job := audit.Spec.JobTemplate.Spec
	if job.CompletionMode != "Indexed" || job.BackoffLimitPerIndex < 1 || !slices.Contains(job.Template.Spec.Containers[0].Args, fmt.Sprintf("--shard=JOB_COMPLETION_INDEX/%d", job.Completions)) {
		t.Errorf("%+v", job)
	}
	var begins, ends int
	if _, err := fmt.Sscanf(rollUp.Spec.Schedule, "0 %d * * 1", &ends); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(audit.Spec.Schedule, "0 %d * * 1", &begins); err != nil {
		t.Fatal(err)
	}
	if last := audit.Spec.StartingDeadlineSeconds + job.ActiveDeadlineSeconds; last > 3600*(ends-begins) || last == 0 {
		t.Errorf("the audit may last %d seconds, and the roll-up begins after %d hours", last, ends-begins)
	}
}

// The pods have few rights, and share one volume.
func TestThePodsOfAFleetAreSafe(t *testing.T) {
	const (
		audit, rollUp = "CronJob/fleet-audit.spec", "CronJob/fleet-roll-up.spec"
		job           = ".jobTemplate.spec"
		pod           = job + ".template.spec"
	)
	wants := map[string]string{
		"Namespace/bulksync.metadata.labels.pod-security.kubernetes.io/enforce": "restricted",
		"PersistentVolumeClaim/fleet.spec.accessModes":                          "[ReadWriteMany]",
		audit + job + ".template.metadata.labels.azure.workload.identity/use":   "true",
		audit + job + ".podFailurePolicy.rules.0.onExitCodes.containerName":     "audit",
		audit + job + ".podFailurePolicy.rules.1":                               `{action: Ignore, onPodConditions: [{status: "True", type: DisruptionTarget}]}`,
		audit + pod + ".containers.0.name":                                      "audit",
		audit + pod + ".containers.0.env.0.name":                                "JOB_NAME",
		audit + pod + ".containers.0.env.0.valueFrom.fieldRef":                  "{fieldPath: 'metadata.labels[''batch.kubernetes.io/job-name'']'}",
	}
	for _, each := range []string{audit, rollUp} {
		wants[each+".concurrencyPolicy"] = "Forbid"
		wants[each+pod+".restartPolicy"] = "Never" // backoffLimitPerIndex needs it
		wants[each+pod+".automountServiceAccountToken"] = "false"
		wants[each+pod+".securityContext.runAsNonRoot"] = "true"
		wants[each+pod+".securityContext.fsGroupChangePolicy"] = "OnRootMismatch"
		wants[each+pod+".securityContext.seccompProfile.type"] = "RuntimeDefault"
		wants[each+pod+".containers.0.securityContext"] = "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}"
		wants[each+pod+".containers.0.resources.limits"] = "{memory: 256Mi}"
	}
	wants[audit+pod+".volumes.1.persistentVolumeClaim.claimName"] = "fleet"
	wants[rollUp+pod+".volumes.0.persistentVolumeClaim.claimName"] = "fleet"
	docs := kubernetes(t, "fleet.yaml")
	for path, want := range wants {
		if got := valueAt(docs, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// The pods of the Indexed Job audit every tenant once, also those that are killed and
// those that are tried again, and what is new is in the roll-up once.
func TestTheIndexedJobRuns(t *testing.T) {
	r := newFleetRecipe(t, "input")
	audit, rollUp := cronJobOf(t, "fleet-audit"), cronJobOf(t, "fleet-roll-up").pod(r.recipe, "")
	first := audit.pod(r.recipe, "fleet-audit-1")
	if err := os.Mkdir(filepath.Join(r.dir, "fleet"), 0o700); err != nil {
		t.Fatal(err)
	}
	differs, unread := r.inShard(0)
	alsoDiffers, hanging := r.inShard(1)
	r.synchronize(differs, false)
	r.synchronize(alsoDiffers, false)
	r.Sims()[unread].Revoke()
	r.Sims()[hanging].Inject(graphsim.Fault{Kind: graphsim.FaultSilent, Times: 99})
	if got := r.index(first, 0, exitIncomplete); audit.after(got.code) != "Count" {
		t.Errorf("an unread tenant is not tried again")
	}
	r.killed(first, 1, r.Sims()[hanging])
	r.Sims()[hanging].ClearFaults()
	r.env = append(r.env, fmt.Sprintf("TOKEN_%d=%s", unread, r.Sims()[unread].Token(canRead)))
	for i := range 4 {
		got := r.index(first, i, exitDone)
		if i < 2 != strings.Contains(got.stderr, "goes on with the run of ") {
			t.Errorf("shard %d says %s", i, got.stderr)
		}
	}
	got := r.run(rollUp, exitDiffers)
	if !strings.Contains(got.stdout, r.names[differs]) || !strings.Contains(got.stdout, r.names[alsoDiffers]) || strings.Count(got.stdout, "evidence: the store is proved\n") != 12 {
		t.Errorf("the roll-up says\n%s%s", got.stdout, got.stderr)
	}
	r.hasAudits("fleet/audit", 1)
	for i := range 4 {
		r.index(audit.pod(r.recipe, "fleet-audit-2"), i, exitDone)
	}
	r.run(rollUp, exitDone) // nothing is new
	r.hasAudits("fleet/audit", 2)
}

// The roll-up of an earlier audit is not taken for one of today, nor altered evidence
// for evidence.
func TestTheRollUpOfTheClusterRefuses(t *testing.T) {
	r := newFleetRecipe(t, "input")
	audit, rollUp := cronJobOf(t, "fleet-audit").pod(r.recipe, "fleet-audit-1"), cronJobOf(t, "fleet-roll-up").pod(r.recipe, "")
	r.run(rollUp, exitIncomplete) // no audit yet
	if err := os.Mkdir(filepath.Join(r.dir, "fleet"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		r.index(audit, i, exitDone)
	}
	r.run(rollUp, exitDone)
	manifest := r.audits("fleet/audit/tenants/" + r.names[0] + "/evidence")[0]
	r.sh(".", `printf ' ' >> "$1"`, manifest)
	r.run(rollUp, exitRefused)
	for i := range 4 {
		at := filepath.Join(r.dir, "fleet", "audit", "shards", fmt.Sprintf("%d-of-4.json", i))
		if err := os.Chtimes(at, time.Time{}, time.Now().Add(-48*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.run(rollUp, exitIncomplete); !strings.Contains(got.stderr, "no shard has begun") {
		t.Errorf("it says %s", got.stderr)
	}
	if err := os.Remove(filepath.Join(r.dir, "input", "fleet.yaml")); err != nil {
		t.Fatal(err)
	}
	r.index(audit, 0, exitCannotRun)
}

// killed starts a pod, and kills it when it has asked a tenant.
func (r *fleetRecipe) killed(s step, i int, asked *graphsim.Sim) {
	r.t.Helper()
	cmd := exec.Command(s.args[0], s.args[1:]...)
	cmd.Env = append(append(os.Environ(), noCache, fmt.Sprint("JOB_COMPLETION_INDEX=", i)), r.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for len(asked.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		r.t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}
