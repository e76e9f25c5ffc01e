//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"bulksync/graph/graphsim"
)

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
