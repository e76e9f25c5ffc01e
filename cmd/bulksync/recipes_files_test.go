package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// schedule is the path of a file of samples/schedule.
func schedule(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "samples", "schedule", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// needs skips the test where a program is not installed.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
}

// systemd takes the units without a word, and finds that the services may do
// little.
func TestTheUnitsAreValidAndHardened(t *testing.T) {
	needs(t, "systemd-analyze")
	for _, name := range []string{"bulksync-audit", "bulksync-fleet@"} {
		dir := t.TempDir()
		// It wants to find the program, which is installed elsewhere than here.
		service := strings.ReplaceAll(readRepo(t, "samples/schedule/"+name+".service"), "=/opt/bulksync/audit.sh ", "="+schedule(t, "audit.sh")+" ")
		units := []string{filepath.Join(dir, name+".service"), filepath.Join(dir, name+".timer")}
		timer := readRepo(t, "samples/schedule/"+name+".timer")
		if err := errors.Join(os.WriteFile(units[0], []byte(service), 0o600), os.WriteFile(units[1], []byte(timer), 0o600)); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			append([]string{"verify", "--man=no"}, units...),
			{"security", "--offline=true", "--threshold=15", units[0]}, // in tenths; 100 is a service without any limit
		} {
			out, err := exec.CommandContext(t.Context(), "systemd-analyze", args...).CombinedOutput()
			if err != nil || args[0] == "verify" && len(out) > 0 {
				t.Errorf("systemd-analyze %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		}
	}
}

// PowerShell can parse the script, and what the pages show for it.
func TestPowerShellParses(t *testing.T) {
	needs(t, "pwsh")
	parses(t, "audit.ps1", schedule(t, "audit.ps1"))
	for _, page := range documentation(t) {
		for _, b := range readPage(t, page) {
			if b.lang == "powershell" {
				file := filepath.Join(t.TempDir(), "block.ps1")
				write(t, file, b.text)
				parses(t, page+", "+b.heading, file)
			}
		}
	}
}

func parses(t *testing.T, what, file string) {
	t.Helper()
	const parse = `$faults = $null
[void][System.Management.Automation.Language.Parser]::ParseFile($env:SCRIPT, [ref]$null, [ref]$faults)
$faults | ForEach-Object { "$_" }
exit $faults.Count`
	cmd := exec.CommandContext(t.Context(), "pwsh", "-NoProfile", "-NonInteractive", "-Command", parse)
	cmd.Env = append(os.Environ(), "SCRIPT="+file, noCache)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", what, err, out)
	}
}

// Windows PowerShell reads a script without a byte order mark in the code page
// of the machine.
func TestThePowerShellScriptIsASCII(t *testing.T) {
	text := readRepo(t, "samples/schedule/audit.ps1")
	if strings.ContainsFunc(text, func(r rune) bool { return r > 126 }) {
		t.Error("audit.ps1 is not ASCII")
	}
	for _, want := range []string{
		"audit $File --evidence $Store --fail-on new --require-readonly", "verify $Store", "-PSEdition Desktop", "$global:LASTEXITCODE = 1", "OutputEncoding", "\n    2 {", "\n    4 {", "\n    5 {", "130, 143",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("audit.ps1 has no %q", want)
		}
	}
}

// taskElements are the elements that the schema of Task Scheduler allows in each
// element that our task uses; for a trigger, in this order. The source is the
// Task Scheduler schema in Microsoft's documentation.
var taskElements = map[string][]string{
	"":                 {"Task"},
	"Task":             {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"},
	"RegistrationInfo": {"URI", "SecurityDescriptor", "Source", "Date", "Author", "Version", "Description", "Documentation"},
	"Triggers":         {"BootTrigger", "TimeTrigger", "CalendarTrigger"},
	"CalendarTrigger": {"Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "RandomDelay",
		"ScheduleByDay", "ScheduleByWeek", "ScheduleByMonth"},
	"ScheduleByWeek": {"WeeksInterval", "DaysOfWeek"},
	"DaysOfWeek":     {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"},
	"Principals":     {"Principal"},
	"Principal":      {"UserId", "LogonType", "GroupId", "DisplayName", "RunLevel", "ProcessTokenSidType", "RequiredPrivileges"},
	"Settings": {"AllowStartOnDemand", "RestartOnFailure", "MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries",
		"AllowHardTerminate", "StartWhenAvailable", "NetworkProfileName", "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled", "Hidden",
		"DeleteExpiredTaskAfter", "IdleSettings", "NetworkSettings", "ExecutionTimeLimit", "Priority", "RunOnlyIfIdle"},
	"Actions": {"Exec", "ComHandler"},
	"Exec":    {"Command", "Arguments", "WorkingDirectory"},
}

// Task Scheduler can import the task: it is ASCII, claims no encoding, and has
// the elements of the schema.
func TestTheTaskFollowsItsSchema(t *testing.T) {
	text := readRepo(t, "samples/schedule/bulksync-audit.xml")
	if strings.ContainsFunc(text, func(r rune) bool { return r > 126 }) || strings.Contains(text, "encoding=") {
		t.Error("the task is not ASCII, or claims an encoding")
	}
	dec := xml.NewDecoder(strings.NewReader(text))
	path, last := []string{""}, []int{0}
	values := map[string]string{}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			parent, name := path[len(path)-1], token.Name.Local
			at := slices.Index(taskElements[parent], name)
			if at < 0 || token.Name.Space != "http://schemas.microsoft.com/windows/2004/02/mit/task" {
				t.Errorf("%s must not have the element %v", parent, token.Name)
			}
			if parent == "CalendarTrigger" && at < last[len(last)-1] {
				t.Errorf("%s comes too late", name)
			}
			last[len(last)-1] = at
			path, last = append(path, name), append(last, 0)
		case xml.EndElement:
			path, last = path[:len(path)-1], last[:len(last)-1]
		case xml.CharData:
			values[path[len(path)-1]] += strings.TrimSpace(string(token))
		}
	}
	for name, want := range map[string]string{
		"Command": "powershell.exe", "MultipleInstancesPolicy": "IgnoreNew", "LogonType": "Password", "RunLevel": "LeastPrivilege",
	} {
		if values[name] != want {
			t.Errorf("%s is %q, want %q", name, values[name], want)
		}
	}
	if !strings.Contains(values["Arguments"], `-File C:\bulksync\audit.ps1 C:\bulksync\partners.csv C:\bulksync\evidence`) {
		t.Errorf("the arguments are %s", values["Arguments"])
	}
}

// The CronJob keeps its store, does not run twice at once, does not try again
// after drift or a refusal, and has few rights. make lint reads the manifests by
// the types of the Kubernetes API.
func TestTheCronJobIsSafe(t *testing.T) {
	docs := kubernetes(t, "audit.yaml")
	const (
		job       = "CronJob/audit.spec.jobTemplate.spec"
		pod       = job + ".template.spec"
		container = pod + ".containers.0"
	)
	for path, want := range map[string]string{
		"Namespace/bulksync.metadata.labels.pod-security.kubernetes.io/enforce":       "restricted",
		"ServiceAccount/audit.metadata.annotations.azure.workload.identity/client-id": "YOUR-CLIENT-ID",
		"CronJob/audit.spec.concurrencyPolicy":                                        "Forbid",
		job + ".backoffLimit":                                                         "2",
		job + ".podFailurePolicy.rules.0.action":                                      "FailJob",
		job + ".podFailurePolicy.rules.0.onExitCodes":                                 "{containerName: audit, operator: In, values: [2, 4]}",
		job + ".template.metadata.labels.azure.workload.identity/use":                 "true",
		pod + ".restartPolicy":                                                        "Never", // a podFailurePolicy needs it
		pod + ".serviceAccountName":                                                   "audit",
		pod + ".automountServiceAccountToken":                                         "false",
		pod + ".securityContext.runAsNonRoot":                                         "true",
		pod + ".securityContext.fsGroupChangePolicy":                                  "OnRootMismatch",
		pod + ".securityContext.seccompProfile.type":                                  "RuntimeDefault",
		pod + ".volumes.1.persistentVolumeClaim.claimName":                            "evidence",
		container + ".name":                                                           "audit",
		container + ".args":                                                           "[/input/partners.csv, /evidence/store, --auth, workload-identity]",
		container + ".securityContext":                                                "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, readOnlyRootFilesystem: true}",
		container + ".volumeMounts.1":                                                 "{mountPath: /evidence, name: evidence}",
		container + ".resources.limits.memory":                                        "512Mi",
		"PersistentVolumeClaim/evidence.spec.accessModes":                             "[ReadWriteOnce]",
	} {
		if got := valueAt(docs, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

// kubernetes are the documents of a file of samples/kubernetes, each under its kind and
// its name.
func kubernetes(t *testing.T, file string) map[string]any {
	t.Helper()
	docs := map[string]any{}
	dec := yaml.NewDecoder(strings.NewReader(readRepo(t, "samples/kubernetes/"+file)))
	for {
		var doc map[string]any
		err := dec.Decode(&doc)
		if err == io.EOF {
			return docs
		}
		if err != nil {
			t.Fatal(err)
		}
		docs[doc["kind"].(string)+"/"+valueAt(doc, "metadata.name")] = doc
	}
}

// valueAt is the value at a path of names and indexes, in one line of YAML; empty if
// there is none. A name may have dots itself.
func valueAt(v any, path string) string {
	switch node := v.(type) {
	case map[string]any:
		for name, below := range node {
			if path == name {
				return valueAt(below, "")
			}
			if rest, ok := strings.CutPrefix(path, name+"."); ok {
				return valueAt(below, rest)
			}
		}
	case []any:
		first, rest, _ := strings.Cut(path, ".")
		for i, below := range node {
			if first == string(rune('0'+i)) {
				return valueAt(below, rest)
			}
		}
	}
	if path != "" {
		return ""
	}
	var text yaml.Node
	if text.Encode(v) != nil {
		return ""
	}
	flow(&text)
	out, _ := yaml.Marshal(&text)
	return string(bytes.Trim(out, "\"\n"))
}

// flow puts a value on one line.
func flow(n *yaml.Node) {
	n.Style = yaml.FlowStyle
	for _, below := range n.Content {
		flow(below)
	}
}
