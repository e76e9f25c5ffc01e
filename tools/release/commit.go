package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// commit is what HEAD is.
type commit struct {
	// root is the folder of the repository.
	root string
	hash string
	// date is that of the commit, and of every file that is made of it.
	date time.Time
	// tags are those at the commit that name a release.
	tags []string
	// dirty means that the working tree differs from the commit.
	dirty bool
	// shallow means that the history, and with it tags before this one, is missing.
	shallow bool
	files   []tracked
}

// tracked is a file that git knows.
type tracked struct {
	path       string
	executable bool
}

var (
	releaseTag    = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$`)
	trackedFile   = regexp.MustCompile(`^(\d{6}) [0-9a-f]+ \d\t(.+)$`)
	executableBit = "100755"
)

func readCommit(ctx context.Context, root string) (c commit, err error) {
	c.root = root
	git := func(args ...string) (out string) {
		if err == nil {
			out, err = gitOutput(ctx, root, args...)
		}
		return out
	}
	c.hash = strings.TrimSpace(git("rev-parse", "HEAD"))
	seconds := strings.TrimSpace(git("log", "-1", "--format=%ct"))
	tags := git("tag", "--points-at", "HEAD")
	c.dirty = git("status", "--porcelain", "--untracked-files=normal") != "" // whatever is set here
	c.shallow = strings.TrimSpace(git("rev-parse", "--is-shallow-repository")) == "true"
	files := git("ls-files", "--stage", "-z")
	if err != nil {
		return c, err
	}
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return c, fmt.Errorf("the date of the commit: %w", err)
	}
	c.date = time.Unix(n, 0).UTC()
	for tag := range strings.FieldsSeq(tags) {
		if releaseTag.MatchString(tag) {
			c.tags = append(c.tags, tag)
		}
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(files, "\x00"), "\x00") {
		if f := trackedFile.FindStringSubmatch(line); f != nil {
			c.files = append(c.files, tracked{path: f[2], executable: f[1] == executableBit})
		}
	}
	return c, nil
}

func gitOutput(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", root, "-c", "log.showSignature=false"}, args...)...)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return string(out), nil
}

// version is what the release is called: the tag of the commit. With wanted it is a
// snapshot, whose name tells it from a release, and which commit it was made of.
func (c commit) version(wanted string) (string, error) {
	if wanted != "" {
		if !releaseTag.MatchString("v" + wanted) {
			return "", fmt.Errorf("VERSION: %q is not a version such as 1.2.3", wanted)
		}
		snapshot := wanted + "-snapshot.g" + c.hash[:12]
		if c.dirty {
			snapshot += ".dirty"
		}
		return snapshot, nil
	}
	const try = "; to try a release, type make release VERSION=1.2.3"
	switch {
	case len(c.tags) == 0:
		return "", errors.New("HEAD has no tag such as v1.2.3: git tag -s v1.2.3" + try)
	case len(c.tags) > 1:
		return "", fmt.Errorf("HEAD has more than one tag of a release: %s", strings.Join(c.tags, ", "))
	case c.dirty:
		return "", fmt.Errorf("the working tree is not that of %s: git status shows what differs%s", c.tags[0], try)
	case c.shallow: // Go names the module in the program by the tags that it finds before
		return "", errors.New("this clone has no history, and may make other bytes: git fetch --unshallow --tags" + try)
	}
	return strings.TrimPrefix(c.tags[0], "v"), nil
}

// snapshot says whether a version is none of a release.
func snapshot(version string) bool { return strings.Contains(version, "-") }
