package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bulksync/execute"
	"bulksync/graph"
	"bulksync/graph/graphsim"
	"bulksync/internal/fleet"
)

// simulate runs simulate until end is called, which returns its error. It says what was
// said.
func (h *home) simulate(t *testing.T, o simulateOptions) (said string, end func() error) {
	t.Helper()
	soft, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	h.env.out = w
	ended := make(chan error, 1)
	go func() {
		ended <- o.run(execute.Stops{Soft: soft, Hard: t.Context()}, h.env)
		w.Close()
	}()
	for lines := bufio.NewScanner(r); lines.Scan() && lines.Text() != "Ctrl-C ends it."; {
		said += lines.Text() + "\n"
	}
	return said, func() error { stop(); return <-ended }
}

// rehearsedFleet are options for a fleet with its files in a new folder.
func rehearsedFleet(t *testing.T, tenants int) simulateOptions {
	o := newSimulateOptions()
	o.tenants, o.partners, o.latency, o.fleet = tenants, 8, 0, filepath.Join(t.TempDir(), "rehearsal")
	return o
}

// readFleet reads the manifest in a folder.
func readFleet(t *testing.T, dir string) *fleet.Manifest {
	t.Helper()
	name := filepath.Join(dir, manifestName)
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := fleet.ReadManifest(f, name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// typed runs a line in a shell that has read the settings of a rehearsal, and whose own
// settings lead elsewhere.
func typed(t *testing.T, dir, line string) (out string, code int) {
	t.Helper()
	if userShell().power {
		t.Skip("the line is for a POSIX shell")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `. "$0" && `+line, filepath.Join(dir, settingsName))
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "BULKSYNC_ACCESS_TOKEN=real", "BULKSYNC_CLOUD=china", "BULKSYNC_TENANT="+killTenant(9), "NO_PROXY=*", "no_proxy=*")
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(text), cmd.ProcessState.ExitCode()
}

// A manifest, the CSVs that it names and the tokens beside it open each tenant: all are
// as wanted but those that the help names, and a fault strikes the one that it is for.
func TestAFleetIsRehearsed(t *testing.T) {
	h, o := newHome(t, graphsim.Config{}), rehearsedFleet(t, 12)
	o.faults, h.env.cloud = []string{"403,tenant=3"}, graph.USGov
	said, end := h.simulate(t, o)
	m := readFleet(t, o.fleet)
	var got []string
	for _, tenant := range m.Tenants {
		out, code := typed(t, o.fleet, `BULKSYNC_ACCESS_TOKEN="$`+tenant.Secrets["BULKSYNC_ACCESS_TOKEN"]+`" exec bulksync audit `+tenant.CSV+
			` --quiet --auth `+tenant.Auth+` --tenant `+tenant.TenantID+` --cloud `+string(tenant.Cloud)+` --graph-url `+tenant.GraphURL)
		first, _, _ := strings.Cut(out, "\n")
		switch {
		case code == exitDone && strings.HasPrefix(first, "Clean: "):
		case code == exitDiffers && strings.HasPrefix(first, "Drift: ") && strings.Contains(out, " of 2 partners are not as wanted"):
			got = append(got, tenant.Name+" differs")
		case code == exitIncomplete && strings.Contains(out, "403"):
			got = append(got, tenant.Name+" is forbidden")
		default:
			t.Errorf("%s: exit %d\n%s", tenant.Name, code, out)
		}
	}
	if all := strings.Join(got, ", "); len(m.Tenants) != 12 || all != "adatum-02 differs, adatum-03 is forbidden, adatum-07 differs, adatum-12 differs" {
		t.Errorf("%d tenants: %s", len(m.Tenants), all)
	}
	if m.Tenants[0].TenantID != graphsim.DefaultHomeTenant || m.Tenants[11].TenantID != graphsim.HomeOf(12).TenantID {
		t.Errorf("they are %+v", m.Tenants)
	}
	want := "Graph of 12 home tenants, 8 partners each, at " + m.Tenants[0].GraphURL + "\nIn another terminal:\n\n  . " + filepath.Join(o.fleet, settingsName) +
		"\n  bulksync fleet audit " + filepath.Join(o.fleet, manifestName) + " --out-dir " + filepath.Join(o.fleet, "audit") + "\n"
	if !strings.HasPrefix(said, want) {
		t.Errorf("it says\n%s, want\n%s", said, want)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// Without a manifest the token of each tenant is told; with one for a single tenant
// there is one all the same.
func TestSimulateTellsTokens(t *testing.T) {
	h, o := newHome(t, graphsim.Config{}), newSimulateOptions()
	o.tenants, o.partners, o.seed = 3, 2, 5
	said, end := h.simulate(t, o)
	if err := end(); err != nil {
		t.Error(err)
	}
	tokens := 0
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, typedHere("  export BULKSYNC_ACCESS_TOKEN=ey", "  $env:BULKSYNC_ACCESS_TOKEN = 'ey")) {
			home := graphsim.HomeOf(int64(5 + tokens))
			if tokens++; !strings.HasSuffix(line, "  # "+home.TenantID+", "+home.DisplayName+"\n") {
				t.Errorf("token %d: %s", tokens, line)
			}
		}
	}
	if tokens != 3 || !strings.HasPrefix(said, "Graph of 3 home tenants, 2 partners each, at http://127.0.0.1:") || !strings.Contains(said, "\n  bulksync doctor --graph-url http://127.0.0.1:") {
		t.Errorf("it says\n%s", said)
	}
	o = rehearsedFleet(t, 1)
	said, end = h.simulate(t, o)
	if err := end(); err != nil || len(readFleet(t, o.fleet).Tenants) != 1 || !strings.HasPrefix(said, "Graph of home tenant "+graphsim.DefaultHomeTenant+" (Adatum Corporation), 8 partners, at ") {
		t.Errorf("%v\n%s", err, said)
	}
}

// With a sign-in host each tenant has its own secret, and one for another tenant is
// refused. The other ways are the same for all.
func TestAFleetSignsInAtTheRehearsal(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("SSL_CERT_FILE is not followed here")
	}
	h, o := newHome(t, graphsim.Config{}), rehearsedFleet(t, 3)
	o.tls = o.fleet
	said, end := h.simulate(t, o)
	m := readFleet(t, o.fleet)
	for i, tenant := range m.Tenants {
		want, next := []int{exitDone, exitDiffers, exitDone}[i], m.Tenants[(i+1)%3]
		audit := "AZURE_TENANT_ID=" + tenant.TenantID + ` exec bulksync audit ` + tenant.CSV + ` --quiet --tenant ` + tenant.TenantID + ` --graph-url ` + tenant.GraphURL + ` --auth `
		own := `AZURE_CLIENT_ID=` + tenant.Settings["AZURE_CLIENT_ID"] + ` AZURE_CLIENT_SECRET="$` + tenant.Secrets["AZURE_CLIENT_SECRET"] + `" `
		for _, line := range []string{own + audit + tenant.Auth, audit + "certificate", audit + "workload-identity"} {
			if out, code := typed(t, o.fleet, line); code != want {
				t.Errorf("%s: exit %d, want %d\n%s", line, code, want, out)
			}
		}
		out, code := typed(t, o.fleet, `AZURE_CLIENT_SECRET="$`+next.Secrets["AZURE_CLIENT_SECRET"]+`" `+audit+"secret")
		if code != exitCannotRun || !strings.Contains(out, "AADSTS7000215") {
			t.Errorf("with the secret of %s: exit %d\n%s", next.Name, code, out)
		}
	}
	if !strings.HasPrefix(said, "Graph of 3 home tenants, 8 partners each, with their sign-in host, at https://127.0.0.1:") || !strings.Contains(said, "\n  bulksync fleet audit ") {
		t.Errorf("it says\n%s", said)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// A sign-in host of many tenants says how to reach one; a manifest in another folder has
// the same settings.
func TestSimulateTellsHowToSignInToAnother(t *testing.T) {
	h, o := newHome(t, graphsim.Config{}), rehearsedFleet(t, 2)
	dir := o.fleet
	o.tls, o.fleet = h.file("tls"), ""
	said, end := h.simulate(t, o)
	if err := end(); err != nil || !strings.Contains(said, "\n  "+typedHere("AZURE_TENANT_ID="+graphsim.HomeOf(2).TenantID+` AZURE_CLIENT_SECRET="$ADATUM_2_SECRET" `,
		"$env:AZURE_TENANT_ID = '"+graphsim.HomeOf(2).TenantID+"'; $env:AZURE_CLIENT_SECRET = $env:ADATUM_2_SECRET; ")+"bulksync doctor --auth secret ") {
		t.Errorf("%v\n%s", err, said)
	}
	o.fleet = dir
	_, end = h.simulate(t, o)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, dir := range []string{o.tls, o.fleet} {
		text, err := os.ReadFile(filepath.Join(dir, settingsName))
		if err != nil || !strings.Contains(string(text), typedHere("export ADATUM_2_SECRET=", "$env:ADATUM_2_SECRET = ")) {
			t.Errorf("%s: %v", text, err)
		}
		texts = append(texts, string(text))
	}
	if texts[0] != texts[1] {
		t.Errorf("the settings are\n%s\nand\n%s", texts[0], texts[1])
	}
}

// The files are their owner's. A rehearsal replaces those of another one, and nobody
// else's.
func TestAFleetReplacesOnlyARehearsal(t *testing.T) {
	h, o := newHome(t, graphsim.Config{}), rehearsedFleet(t, 2)
	for ; o.tenants < 5; o.tenants++ {
		if _, end := h.simulate(t, o); end() != nil {
			t.Fatal("it does not begin")
		}
		if n := len(readFleet(t, o.fleet).Tenants); n != o.tenants {
			t.Errorf("%d tenants, want %d", n, o.tenants)
		}
	}
	for _, name := range []string{settingsName, manifestName, "adatum-4.csv"} {
		info, err := os.Stat(filepath.Join(o.fleet, name))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
		other := o
		other.fleet = t.TempDir()
		own := filepath.Join(other.fleet, name)
		write(t, own, "mine")
		_, end := h.simulate(t, other)
		kept, _ := os.ReadFile(own)
		if err := end(); err == nil || !strings.Contains(err.Error(), own+" is there already, and is not a rehearsal's: name another folder with --fleet") || string(kept) != "mine" {
			t.Errorf("%s: %v; it holds %q", name, err, kept)
		}
		if all, _ := os.ReadDir(other.fleet); len(all) != 1 {
			t.Errorf("beside %s there is %v", name, all)
		}
	}
	blocked := filepath.Join(o.fleet, "adatum-1.csv")
	if err := errors.Join(os.Remove(blocked), os.Mkdir(blocked, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, end := h.simulate(t, o); end() == nil {
		t.Error("a CSV that cannot be written is no matter")
	}
	write(t, filepath.Join(o.fleet, manifestName), "tenants: []\n") // a real one, in the folder of a rehearsal
	if _, end := h.simulate(t, o); end() == nil {
		t.Error("a manifest that is not a rehearsal's is replaced")
	}
}

// What cannot be served is refused before anything is written.
func TestSimulateRefusesAFleet(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	for want, change := range map[string]func(*simulateOptions){
		"--tenants must be from 1 to 10000":                            func(o *simulateOptions) { o.tenants = 0 },
		"--tenants must be ":                                           func(o *simulateOptions) { o.tenants = 10_001 },
		"--state keeps one tenant":                                     func(o *simulateOptions) { o.state = h.file("state.json") },
		"--fleet needs at least 4 --partn":                             func(o *simulateOptions) { o.partners = 3 },
		`--fault "500,tenant=3": there is no tenant 3: --tenants is 2`: func(o *simulateOptions) { o.faults = []string{"500,tenant=3"} },
	} {
		o := rehearsedFleet(t, 2)
		change(&o)
		_, end := h.simulate(t, o)
		if err := end(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := os.Stat(o.fleet); err == nil {
			t.Errorf("%s: there is a folder", want)
		}
	}
}

// A port that something else listens on is refused with what to do.
func TestSimulateAtAPortThatIsTaken(t *testing.T) {
	l, err := listenOn("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := newHome(t, graphsim.Config{})
	o := rehearsedFleet(t, 2)
	o.listen = l.Addr().String()
	_, end := h.simulate(t, o)
	if x := (*exit)(nil); !errors.As(end(), &x) || x.code != exitCannotRun || !strings.Contains(x.hint, "--listen") {
		t.Errorf("%+v", x)
	}
}

// What simulate prints can be typed in any folder.
func TestTheSettingsAreNamedInFull(t *testing.T) {
	h, o := newHome(t, graphsim.Config{}), rehearsedFleet(t, 2)
	o.fleet = "rehearsal"
	t.Chdir(h.dir)
	said, end := h.simulate(t, o)
	if !strings.Contains(said, string(filepath.Separator)+filepath.Join(o.fleet, settingsName)+typedHere("\n", "')\n")) {
		t.Errorf("from another folder it cannot be typed:\n%s", said)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}
