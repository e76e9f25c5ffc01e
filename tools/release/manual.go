package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// manual is what the program itself writes: its pages for man, and what completes
// its commands in a shell.
type manual struct {
	pages       []file
	completions map[string]file // by shell
}

// writeManual builds the program for this machine and lets it write.
func (r *release) writeManual(ctx context.Context, dir string) (m manual, err error) {
	program, err := r.build(ctx, host(), dir, "man")
	if err != nil {
		return m, err
	}
	pages := filepath.Join(dir, "man")
	if err := os.Mkdir(pages, 0o755); err != nil {
		return m, err
	}
	if _, err := output(ctx, program, "man", pages, r.commit.date.Format(time.DateOnly)); err != nil {
		return m, err
	}
	entries, err := os.ReadDir(pages)
	if err != nil {
		return m, err
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(pages, e.Name()))
		if err != nil {
			return m, err
		}
		m.pages = append(m.pages, file{e.Name(), 0o644, text})
	}
	m.completions, err = completions(ctx, program)
	return m, err
}

// completions are the scripts of the shells, each under the name that its shell
// looks for.
func completions(ctx context.Context, program string) (map[string]file, error) {
	scripts := map[string]file{}
	for shell, name := range map[string]string{"bash": "bulksync.bash", "zsh": "_bulksync", "fish": "bulksync.fish", "powershell": "bulksync.ps1"} {
		script, err := output(ctx, program, "completion", shell)
		if err != nil {
			return nil, err
		}
		scripts[shell] = file{name, 0o644, script}
	}
	return scripts, nil
}

// section is that of the manual that a page belongs to: the last character of its
// name.
func section(page string) string { return page[len(page)-1:] }

func output(ctx context.Context, program string, args ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, program, args...).Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", filepath.Base(program), args[0], err)
	}
	return out, nil
}
