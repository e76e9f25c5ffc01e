package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bulksync/graph"
	"bulksync/graph/auth"
	"bulksync/graph/graphsim"
)

// rehearsalRig is a rehearsal of signing in, and the program in processes of
// their own, which trust its authority.
type rehearsalRig struct {
	*rehearsal
	sim *graphsim.Sim
	// work is the folder in which the program works.
	work string
	said bytes.Buffer // by all processes
}

func newRehearsalRig(t *testing.T, cloud graph.Cloud) *rehearsalRig {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("SSL_CERT_FILE is not followed here")
	}
	h := newHome(t, graphsim.Config{})
	h.env.cloud = cloud
	farm := graphsim.NewFarm([]graphsim.Config{{Partners: 4, Cloud: cloud}})
	sim := farm.Sims()[0]
	work := t.TempDir()
	o := newSimulateOptions()
	o.tls = filepath.Join(work, "rehearsal")
	r, stop, err := h.env.rehearse(t.Context(), farm, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	rig := &rehearsalRig{rehearsal: r, sim: sim, work: work}
	csv := "tenantId,isSyncAllowed\n"
	for _, p := range sim.Partners() {
		if p.TenantID != graphsim.SupportTenant {
			csv += p.TenantID + ",true\n"
		}
	}
	if err := os.WriteFile(filepath.Join(rig.work, "partners.csv"), []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	return rig
}

// command is the program after the settings of the rehearsal were read by a
// shell whose own settings lead elsewhere; more settings follow.
func (r *rehearsalRig) command(ctx context.Context, settings []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", `. "$0" && export "$@"; exec bulksync $ARGS`, r.file(settingsName)}, settings...)...)
	cmd.Dir = r.work
	cmd.Env = append(os.Environ(), "ARGS="+strings.Join(args, " "), "NO_PROXY=*", "no_proxy=*",
		"BULKSYNC_ACCESS_TOKEN=real", "BULKSYNC_CLOUD=china", "BULKSYNC_TENANT="+killTenant(9), "IDENTITY_ENDPOINT=http://127.0.0.1:1/real", "IDENTITY_HEADER=real")
	return cmd
}

var toldCode = regexp.MustCompile(`open https://127\.0\.0\.1:\d+/devicelogin in a browser and enter the code (\w+)\n`)

// run runs the program to its end, and enters the codes that it tells.
func (r *rehearsalRig) run(t *testing.T, settings []string, args ...string) error {
	t.Helper()
	cmd := r.command(t.Context(), settings, args...)
	cmd.Stdout = &r.said
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var read sync.WaitGroup
	var errs bytes.Buffer
	read.Go(func() {
		for lines := bufio.NewReader(stderr); ; {
			line, err := lines.ReadString('\n')
			errs.WriteString(line)
			if m := toldCode.FindStringSubmatch(line); m != nil {
				r.host.Enter(m[1])
			}
			if err != nil {
				return
			}
		}
	})
	read.Wait()
	err = cmd.Wait()
	r.said.Write(errs.Bytes())
	if err != nil {
		return fmt.Errorf("%w\n%s", err, errs.String())
	}
	return nil
}

// noSecrets looks for every secret in all that was said and written.
func (r *rehearsalRig) noSecrets(t *testing.T) {
	t.Helper()
	key, err := os.ReadFile(r.file(appPairName))
	if err != nil {
		t.Fatal(err)
	}
	secrets := append(r.host.Secrets(), "rehearsal-job-key", string(key[100:160]))
	if len(secrets) < 20 {
		t.Errorf("only %d secrets", len(secrets))
	}
	places := map[string]string{"an output": r.said.String()}
	err = filepath.WalkDir(r.work, func(path string, e os.DirEntry, err error) error {
		if path == r.dir {
			return filepath.SkipDir // it is where they are kept
		}
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		places[path] = string(text)
		return err
	})
	if err != nil || len(places) < 5 {
		t.Errorf("%d places: %v", len(places), err)
	}
	for _, s := range secrets {
		parts := strings.Split(s, ".")
		secret := parts[len(parts)-1] // of a token the signature
		for place, text := range places {
			if strings.Contains(text, secret) && secret != "bm90IGEgc2lnbmF0dXJl" || strings.Contains(text, s) {
				t.Errorf("a secret is in %s", place)
			}
			if len(parts) == 3 && strings.Contains(text, parts[1]) {
				t.Errorf("the claims of a token are in %s", place)
			}
		}
	}
}

// A rehearsal of another cloud is signed in to at the host of that cloud.
func TestARehearsalOfAnotherCloud(t *testing.T) {
	r := newRehearsalRig(t, graph.USGov)
	if err := r.run(t, []string{"X=x"}, "audit", "partners.csv", "--auth", "secret", "--graph-url", r.url, "--fail-on", "none"); err != nil {
		t.Error(err)
	}
	if asked := r.host.Requests(); len(asked) == 0 || asked[0].Host != "login.microsoftonline.us" {
		t.Errorf("asked %+v", asked)
	}
}

// A rehearsal replaces the files of another one, and nobody else's.
func TestARehearsalReplacesOnlyARehearsal(t *testing.T) {
	h, o := newHome(t, graphsim.Config{}), newSimulateOptions()
	o.tls = t.TempDir()
	rehearse := func() error {
		_, stop, err := h.env.rehearse(t.Context(), graphsim.NewFarm(make([]graphsim.Config, 1)), o)
		if err == nil {
			stop()
		}
		return err
	}
	for range 2 {
		if err := rehearse(); err != nil {
			t.Fatal(err)
		}
	}
	o.tls = t.TempDir()
	own := filepath.Join(o.tls, appPairName)
	if err := os.WriteFile(own, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := rehearse()
	if kept, _ := os.ReadFile(own); err == nil || !strings.Contains(err.Error(), "name another folder") || string(kept) != "mine" {
		t.Errorf("%v; the file holds %q", err, kept)
	}
}

// Every way signs in at the rehearsal, over real TLS in a process of its own,
// and no secret is said or written, however much is logged.
func TestEveryWaySignsInAtTheRehearsal(t *testing.T) {
	r := newRehearsalRig(t, "")
	job := []string{"ACTIONS_ID_TOKEN_REQUEST_TOKEN=rehearsal-job-key", "SYSTEM_ACCESSTOKEN=rehearsal-job-key"}
	for _, way := range []auth.Way{
		auth.ByDefault, auth.BySecret, auth.ByCertificate, auth.ByManagedIdentity, auth.ByWorkloadIdentity, auth.ByGitHub, auth.ByAzurePipelines, auth.ByDeviceCode,
	} {
		run := string(way) + ".run"
		for _, args := range [][]string{
			{"plan", "partners.csv", "--out", string(way) + ".json", "--quiet"}, {"apply", string(way) + ".json", "--yes", "--run-dir", run},
			{"audit", "partners.csv", "--out-dir", string(way) + ".evidence", "--fail-on", "none"},
		} {
			if err := r.run(t, job, append(args, "--auth", string(way), "--graph-url", r.url, "--log-level", "debug")...); err != nil {
				t.Errorf("%s by %s: %v", args[0], way, err)
			}
		}
	}
	by := map[string]int{}
	for _, q := range r.host.Requests() {
		by[q.By]++
	}
	if by["secret"] < 6 || by["certificate"] != 3 || by["machine"] < 3 || by["assertion"] != 9 || by["device"] < 3 {
		t.Errorf("signed in by %v", by)
	}
	r.noSecrets(t)
}

// The page on rehearsals names every way that can be rehearsed.
func TestThePageOnRehearsals(t *testing.T) {
	fixed := regexp.MustCompile("(?m)^\\| `(.*?)` \\|").FindAllStringSubmatch(readRepo(t, "docs/rehearsal.md"), -1)
	var ways []string
	for _, m := range fixed {
		ways = append(ways, strings.Split(m[1], "`, `")...)
	}
	for _, way := range auth.Ways() {
		simulated := !slices.Contains([]string{"default", "token", "env", "azure-cli", "browser"}, way)
		if simulated != slices.Contains(ways, way) {
			t.Errorf("the page on %s", way)
		}
	}
}

// Refusals say what to do, and no secret.
func TestTheRehearsalRefuses(t *testing.T) {
	r := newRehearsalRig(t, "")
	for _, tc := range []struct{ way, setting, want string }{
		{"secret", "AZURE_CLIENT_SECRET=rehearsal-job-key", "hint: set AZURE_CLIENT_SECRET to the value of the secret, not to its ID"},
		{"secret", "AZURE_TENANT_ID=22222222-2222-4222-8222-222222222222", "hint: check AZURE_TENANT_ID"},
		{"github", "AZURE_CLIENT_ID=22222222-2222-4222-8222-222222222222", "hint: check AZURE_CLIENT_ID"},
		{"managed-identity", "AZURE_CLIENT_ID=22222222-2222-4222-8222-222222222222", "hint: run on an Azure resource that has a managed identity; AZURE_CLIENT_ID names a user-assigned one"},
		{"azure-pipelines", "SYSTEM_OIDCREQUESTURI=" + r.url + "/common/discovery/instance", "SYSTEM_ACCESSTOKEN"},
		{"secret", "SSL_CERT_FILE=/nowhere.pem", "hint: a proxy on the way may break TLS"},
	} {
		err := r.run(t, []string{tc.setting}, "plan", "partners.csv", "--auth", tc.way, "--graph-url", r.url, "--log-level", "debug", "--outage", "3s")
		if err == nil || !strings.Contains(err.Error(), "exit status 1\n") || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "rehearsal-job-key") {
			t.Errorf("%s with %s: %v", tc.way, tc.setting, err)
		}
	}
}

// A device code is told although the rest is quiet, and an interrupt ends the
// wait at once.
func TestADeviceCodeIsInterrupted(t *testing.T) {
	r := newRehearsalRig(t, "")
	cmd := r.command(t.Context(), nil, "plan", "partners.csv", "--auth", "device-code", "--graph-url", r.url, "--quiet")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	line, _ := lines.ReadString('\n')
	if !toldCode.MatchString(line) {
		t.Errorf("it says %q", line)
	}
	began := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(lines)
	err = cmd.Wait()
	if cmd.ProcessState.ExitCode() != exitInterrupted || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v\n%s", time.Since(began), err, rest)
	}
}

// A browser that prints something does not spoil the result, and the sign-in
// goes on when the browser brings the person back.
func TestTheBrowserSignsInAtTheRehearsal(t *testing.T) {
	r := newRehearsalRig(t, "")
	if runtime.GOOS != "linux" {
		t.Skip("another program opens the browser here")
	}
	bin, opened := t.TempDir(), filepath.Join(t.TempDir(), "url")
	script := "#!/bin/sh\necho Opening in existing browser session.\nprintf '%s' \"$1\" > " + opened + ".part && mv " + opened + ".part " + opened + "\n"
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: r.authority.Pool()}}}
	var person sync.WaitGroup
	person.Go(func() {
		for t.Context().Err() == nil {
			if page, err := os.ReadFile(opened); err == nil {
				comeBack(t, client, r.url, string(page))
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	err := r.run(t, []string{"PATH=" + bin + ":" + os.Getenv("PATH")}, "plan", "partners.csv", "--auth", "browser", "--graph-url", r.url, "--format", "json")
	person.Wait()
	said, errs, _ := strings.Cut(r.said.String(), "bulksync: ")
	if err != nil || !json.Valid([]byte(said)) || !strings.Contains(errs, "continue in the browser that opens now") {
		t.Errorf("%v\n%s", err, r.said.String())
	}
	if all := r.host.Requests(); len(all) != 1 || all[0].By != "browser" || all[0].Status != http.StatusOK {
		t.Errorf("asked with %+v", all)
	}
}

var hiddenField = regexp.MustCompile(`name="(code|state)" value="([^"]*)"`)

// comeBack does what a browser does with the page where a person signs in.
func comeBack(t *testing.T, client *http.Client, host, page string) {
	at, err := url.Parse(page)
	if err != nil || at.Host != "login.microsoftonline.com" {
		t.Errorf("the browser was sent to %s: %v", page, err)
		return
	}
	resp, err := client.Get(host + at.RequestURI())
	if err != nil {
		t.Error(err)
		return
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(string(text), -1) {
		form.Set(m[1], m[2])
	}
	back, err := http.PostForm(at.Query().Get("redirect_uri"), form)
	if err != nil {
		t.Errorf("%v\n%s", err, text)
		return
	}
	back.Body.Close()
}

// simulate --tls says where its settings are, and its files are its owner's.
func TestSimulateTLS(t *testing.T) {
	h := newHome(t, graphsim.Config{})
	o := newSimulateOptions()
	o.partners, o.tls = 3, h.file("tls")
	said, end := h.simulate(t, o)
	if err := end(); err != nil || !regexp.MustCompile(`, 3 partners, with its sign-in host, at https://127\.0\.0\.1:\d+\n(?s:.*)  `+typedHere(`\. \S+/tls/env\.sh`, `Invoke-Expression \(Get-Content -Raw -Encoding UTF8 -LiteralPath '\S+\\tls\\env\.ps1'\)`)+`\n  bulksync doctor --auth secret --graph-url https://127`).MatchString(said) {
		t.Errorf("%v\n%s", err, said)
	}
	o.tokenLifetime = time.Second
	if err := o.run(always(t), h.env); err == nil || !strings.HasPrefix(err.Error(), "--token-lifetime ") {
		t.Error(err)
	}
	for _, name := range []string{authorityName, appPairName, federatedName, settingsName} {
		info, err := os.Stat(filepath.Join(o.tls, name))
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", name, info, err)
		}
	}
}
