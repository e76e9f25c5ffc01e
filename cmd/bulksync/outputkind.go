package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bulksync/execute/rundir"
	"bulksync/internal/atomicfile"
	"bulksync/plan/audit"
	"bulksync/plan/audit/evidence"
	"bulksync/plan/desired"
)

// outputKind says what a command writes to a file that a flag names, in words. An
// output replaces a file of its own kind and no other: a name that is mistyped, or
// completed by a shell, must not cost somebody a plan or a policy.
type outputKind string

// The kinds of outputs.
const (
	planFile     outputKind = "a plan"
	undoFile     outputKind = "a plan that reverts a run"
	exportFile   outputKind = "a CSV of partners"
	templateFile outputKind = "a template"
	faultsFile   outputKind = "a CSV of partners with reasons"
	waiversFile  outputKind = "a file of waivers"
	metricsFile  outputKind = "a file of metrics"
	// stateFile is read first, so that it is one of a simulator.
	stateFile outputKind = "the state of a simulator"
	// decisionFile replaces nothing, which its command checks.
	decisionFile outputKind = "a decision"
	// rollupFile has a name of ours too, which other programs also give.
	rollupFile outputKind = "part of the roll-up of a fleet"
	// reportFile has a name of ours in a folder that the user names.
	reportFile outputKind = "a report"
)

// describes reports whether the kind is that of a file which begins with the text.
func (k outputKind) describes(ctx context.Context, path string, text io.Reader) (is bool, err error) {
	switch k {
	case planFile, undoFile:
		return isPlan(text), nil
	case exportFile, faultsFile:
		form, err := desired.ReadForm(ctx, text, "")
		return err == nil && (k == exportFile || form.HasReason()), notOfContent(err)
	case templateFile:
		_, err := desired.ReadTemplate(text, "")
		return err == nil, notOfContent(err)
	case waiversFile:
		return audit.AreWaivers(ctx, text)
	case metricsFile: // the collector reads no other name
		return filepath.Ext(path) == ".prom", nil
	case rollupFile:
		return isFleetFolder(filepath.Dir(path)), nil
	default:
		return true, nil
	}
}

// notOfContent is err, unless it says what is wrong with the content of a file.
func notOfContent(err error) error {
	if errors.As(err, new(desired.RowErrors)) {
		return nil
	}
	return err
}

// isPlan reports whether a text has the members that no file but a plan has. Those
// that bulksync writes have them at the beginning.
func isPlan(r io.Reader) bool {
	text, _, err := desired.DecodeText(r)
	if err != nil {
		return false
	}
	members := json.NewDecoder(text)
	if t, err := members.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	wanted := []string{"formatVersion", "homeTenant", "summary"}
	for members.More() {
		name, err := members.Token()
		if err != nil {
			return false
		}
		wanted = slices.DeleteFunc(wanted, func(one string) bool { return name == one })
		var value json.RawMessage
		if len(wanted) == 0 || members.Decode(&value) != nil {
			break
		}
	}
	return len(wanted) == 0
}

const hintOtherName = "give the output another name"

// checkOutput refuses an output that would overwrite an input of the same command,
// one of the files of a run, or a file of another kind, or that would be in a store
// of audits, where whatever does not belong is a fault.
func (p *process) checkOutput(ctx context.Context, kind outputKind, out string, inputs ...string) error {
	if out == "-" {
		return hinted(errors.New(`"-" is no name for an output`), "give a file; the result goes to standard output by itself")
	}
	target, stream, err := atomicfile.Target(out)
	if err != nil || stream {
		return nil // writing reports what is wrong; nothing is replaced
	}
	for _, in := range inputs {
		if in != "" && p.isInput(in, target) {
			return refused(hintOtherName, "%s would overwrite the input %s", out, inputName(in))
		}
	}
	if store := evidence.StoreAround(realPath(target)); store != "" {
		return inStore(out, store)
	}
	if err := checkRunFolder(kind, out, target); err != nil {
		return err
	}
	return p.checkReplaced(ctx, kind, out, target)
}

// checkRunFolder refuses an output that would be one of the files of a run.
func checkRunFolder(kind outputKind, out, target string) error {
	dir, name := filepath.Dir(target), filepath.Base(target)
	if run := filepath.Dir(dir); filepath.Base(dir) == rundir.DecisionsName && rundir.Begun(run) {
		return refused(hintOtherName, "%s would be among the decisions of the run in %s", out, run)
	}
	if _, err := os.Lstat(filepath.Join(dir, rundir.JournalName)); err != nil {
		return nil
	}
	names := rundir.Proofs()
	for _, r := range reportsOf(nil, nil, nil, exitDone) { // none is rendered
		if kind != undoFile || r.Name != undoName {
			names = append(names, r.Name)
		}
	}
	for _, kept := range names {
		if strings.EqualFold(name, kept) {
			return refused(hintOtherName, "%s would overwrite the %s of the run in %s", out, kept, dir)
		}
	}
	return nil
}

// checkReplaced refuses to replace a file that is of another kind, or of which that
// is not known. An empty one may have been made for the output.
func (p *process) checkReplaced(ctx context.Context, kind outputKind, out, target string) error {
	info, err := os.Stat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && info.Size() == 0:
		return nil
	case err != nil:
		return atomicfile.PathError(err)
	}
	is, err := readFile(ctx, p, target, func(r io.Reader) (bool, error) { return kind.describes(ctx, target, r) })
	switch {
	case isInterrupt(err):
		return err
	case err != nil:
		return refused(hintOtherName, "%s is there already and cannot be read: %w", out, err)
	case !is:
		return refused(hintOtherName, "%s is not %s, and would be lost", out, kind)
	}
	return nil
}

// output is a file that a command is asked to write; without a path it is not.
type output struct {
	kind outputKind
	path string
}

// checkOutputs refuses two outputs that are one file, and what checkOutput does.
func (p *process) checkOutputs(ctx context.Context, all []output, inputs ...string) error {
	all = slices.DeleteFunc(slices.Clone(all), func(o output) bool { return o.path == "" })
	seen := map[string]string{}
	for _, out := range all {
		target, stream, err := atomicfile.Target(out.path)
		if err != nil || stream {
			continue // nothing is replaced
		}
		target = realPath(target)
		if other, is := seen[target]; is {
			return refused("give each output a name of its own", "%s and %s are the same file", other, out.path)
		}
		seen[target] = out.path
	}
	for _, out := range all {
		if err := p.checkOutput(ctx, out.kind, out.path, inputs...); err != nil {
			return err
		}
	}
	return nil
}
