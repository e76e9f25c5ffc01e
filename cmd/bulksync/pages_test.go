package main

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bulksync/graph/graphsim"
)

// place is a home tenant that a page works in, with its own Graph.
type place struct {
	sim *graphsim.Sim
	url string
}

func newPlace(t *testing.T, sim *graphsim.Sim) *place {
	t.Helper()
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &place{sim, server.URL}
}

// typist types the commands of a page in order, in a folder of its own.
type typist struct {
	t    *testing.T
	page string
	dir  string
	// at is the tenant of the commands that name none, below a heading.
	at func(heading string) *place
	// settings are the lines that set variables: each later line relies on them.
	settings []string
	// addresses are those that the page names, and where the built-in Graph really is.
	addresses map[string]string
	// serving are what simulate serves, by the address on the page.
	serving map[string]func()
	// env is that of each command; token is for one at the tenant of its heading.
	env, token []string
	ran        int
}

// newTypist types pages that need a tenant in one with 12 partners.
func newTypist(t *testing.T, page string) *typist {
	t.Helper()
	p := &typist{t: t, page: page, dir: t.TempDir(), addresses: map[string]string{}, serving: map[string]func(){}}
	own := newPlace(t, graphsim.New(graphsim.Config{Partners: 12}))
	p.at = func(string) *place { return own }
	p.env = []string{noCache, "HOME=" + p.dir, "NO_PROXY=*", "no_proxy=*", "SSH_AUTH_SOCK="}
	t.Cleanup(func() {
		for _, stop := range p.serving {
			stop()
		}
	})
	return p
}

// readAloud types all of the page, and requires that it has a number of commands at least.
func (p *typist) readAloud(least int) {
	p.t.Helper()
	for _, b := range readPage(p.t, p.page) {
		switch {
		case b.lang == "sh":
			for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", "")) {
				p.typeLine(b.heading, strings.TrimSpace(line))
			}
		case b.file != "" && (b.lang == "csv" || b.lang == "yaml"):
			write(p.t, filepath.Join(p.dir, b.file), b.text)
		}
	}
	if p.ran < least {
		p.t.Errorf("%s: only %d commands were found", p.page, p.ran)
	}
}

var (
	exitRemark = regexp.MustCompile(`\s+# exit (\d+)$`)
	online     = regexp.MustCompile(`\bbulksync (export|doctor|plan|apply|resume|audit)\b`)
	servedAt   = regexp.MustCompile(`at (https?)://(127\.0\.0\.1:\d+)`)
	// printedSetting is a line for a POSIX shell or for PowerShell.
	printedSetting = regexp.MustCompile(`^ *(?:export |\$env:)(\w+) ?= ?'?([^' ]+)'?$`)
	onPage         = regexp.MustCompile(`127\.0\.0\.1:\d+`)
)

// typeLine types one line, and requires the exit code that the page says: 0, if it says none.
func (p *typist) typeLine(heading, line string) {
	p.t.Helper()
	want := "0"
	if m := exitRemark.FindStringSubmatch(line); m != nil {
		want, line = m[1], strings.TrimSuffix(line, m[0])
	}
	line, _, _ = strings.Cut(line, "  # ")
	first, _, _ := strings.Cut(line, " ")
	switch {
	case line == "" || strings.HasPrefix(line, "#"):
	case first == "make":
		if makefile := readRepo(p.t, "Makefile"); !strings.Contains(makefile, "\n"+strings.TrimPrefix(line, "make ")+":") {
			p.t.Errorf("%s: the Makefile has no target for %q", p.page, line)
		}
	case strings.HasPrefix(line, "bulksync simulate "):
		p.serve(line)
	case first == "." || first == "export" || first == "unset":
		p.settings = append(p.settings, line)
		p.require(line, "0", p.shell("true"))
	default:
		p.ran++
		p.require(line, want, p.command(p.located(heading, line)))
	}
}

// located is a line with the addresses where Graph really is.
func (p *typist) located(heading, line string) string {
	for on, really := range p.addresses {
		line = strings.ReplaceAll(line, on, really)
	}
	p.token = nil
	if verb := online.FindString(line); verb != "" && !strings.Contains(line, "--graph-url") && !p.leadsThere() {
		at := p.at(heading)
		p.token = []string{"BULKSYNC_ACCESS_TOKEN=" + at.sim.Token(graphsim.TokenOptions{})}
		line = strings.Replace(line, verb, verb+" --graph-url "+at.url, 1)
	}
	return line
}

// leadsThere reports whether the settings lead every name to a rehearsal.
func (p *typist) leadsThere() bool {
	for _, s := range p.settings {
		if text, err := os.ReadFile(filepath.Join(p.dir, strings.TrimPrefix(s, ". "))); err == nil && bytes.Contains(text, []byte("HTTPS_PROXY")) {
			return true
		}
	}
	return false
}

// command is a line as a process: without a shell where it needs none, as on Windows.
func (p *typist) command(line string) *exec.Cmd {
	words, file, redirects := strings.Cut(line, " > ")
	if len(p.settings) > 0 || strings.ContainsAny(words, "$'\"`*{}|&;()=") || !strings.HasPrefix(words, "bulksync ") {
		return p.shell(line)
	}
	cmd := exec.CommandContext(p.t.Context(), "bulksync", strings.Fields(words)[1:]...)
	if redirects {
		out, err := os.Create(filepath.Join(p.dir, strings.TrimSpace(file)))
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { out.Close() })
		cmd.Stdout = out
	}
	return cmd
}

func (p *typist) shell(line string) *exec.Cmd {
	p.t.Helper()
	if runtime.GOOS == "windows" {
		p.t.Skip("the rest of the page needs a POSIX shell")
	}
	return exec.CommandContext(p.t.Context(), "sh", "-c", strings.Join(append(p.settings[:len(p.settings):len(p.settings)], line), "\n"))
}

// require runs a command, and compares its exit code.
func (p *typist) require(line, want string, cmd *exec.Cmd) {
	p.t.Helper()
	var said bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, append(append(os.Environ(), p.env...), p.token...), &said
	if cmd.Stdout == nil {
		cmd.Stdout = &said
	}
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		p.t.Fatalf("%s: %s: %v", p.page, line, err)
	}
	if got := strconv.Itoa(cmd.ProcessState.ExitCode()); got != want {
		p.t.Errorf("%s: %s\nexit code %s, want %s\n%s", p.page, line, got, want, said.String())
	}
}

// serve starts simulate on a port that is free, and takes over the token that it prints.
func (p *typist) serve(line string) {
	p.t.Helper()
	if strings.Contains(line, "--tls") && (runtime.GOOS == "windows" || runtime.GOOS == "darwin") {
		p.t.Skip("SSL_CERT_FILE is not followed here")
	}
	p.settings = nil // another terminal begins
	on := onPage.FindString(line)
	if stop := p.serving[on]; stop != nil {
		stop()
	}
	free := strings.ReplaceAll(line, on, "127.0.0.1:0")
	if !strings.Contains(line, "--latency") {
		free += " --latency 0s"
	}
	cmd := exec.Command("bulksync", strings.Fields(free)[1:]...)
	cmd.Dir, cmd.Env, cmd.Stderr = p.dir, append(os.Environ(), p.env...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err = cmp.Or(err, cmd.Start()); err != nil {
		p.t.Fatal(err)
	}
	p.serving[on] = func() {
		if cmd.Process.Signal(os.Interrupt) != nil { // which Windows cannot send
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
	}
	said := ""
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "Ctrl-C ends it."; {
		said += lines.Text() + "\n"
		if m := printedSetting.FindStringSubmatch(lines.Text()); m != nil {
			p.env = append(p.env, m[1]+"="+m[2])
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	m := servedAt.FindStringSubmatch(said)
	if m == nil {
		p.t.Fatalf("%s: %s\nsays %q", p.page, line, said)
	}
	p.addresses[on] = m[2]
}

// Each page with commands for a shell is typed by a test.
func TestEveryPageIsTyped(t *testing.T) {
	elsewhere := map[string]string{
		"README.md": "TestEveryCommandOfTheReadmeRuns", "docs/migration.md": "TestTheMigrationRuns", "docs/fleet.md": "TestTheFleetPageRuns",
		"docs/formats.md": "TestScriptsOfTheFormats", "docs/commands.md": "TestExamplesParse",
	}
	here := map[string]int{
		"docs/rehearsal.md": 12, "docs/performance.md": 0, "docs/install.md": 0, "docs/first-tenant.md": 14, "docs/board.md": 7, "docs/audit.md": 9,
	}
	for _, page := range documentation(t) {
		least, isTyped := here[page]
		switch hasShell := slices.ContainsFunc(readPage(t, page), func(b pageBlock) bool { return b.lang == "sh" }); {
		case isTyped:
			t.Run(filepath.Base(page), func(t *testing.T) { newTypist(t, page).readAloud(least) })
		case hasShell && elsewhere[page] == "":
			t.Errorf("no test types the commands of %s", page)
		}
	}
}
