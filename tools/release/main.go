// Command release makes what is released of bulksync out of one commit: an archive
// for each platform, packages for Debian and for Red Hat, what is linked into each
// binary (an SBOM), and the sums of them all.
//
//	go run -C tools ./release                     a release: HEAD has a tag such as v1.2.3
//	go run -C tools ./release -version 1.2.3      a snapshot, to try one
//	go run -C tools ./release -notes              what the changelog says of the release
//
// The same commit and the same Go make the same bytes, in any folder and at any time.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// run runs one command line. Paths are relative to the folder tools.
func run(ctx context.Context, args []string) error {
	fl := flag.NewFlagSet("release", flag.ContinueOnError)
	root := fl.String("root", "..", "`folder` of the repository")
	out := fl.String("out", "../dist", "`folder` for the files; those of the release before are replaced")
	wanted := fl.String("version", "", "make a snapshot of `X.Y.Z`, whatever HEAD is")
	only := fl.String("platforms", "", "only these, as `GOOS/GOARCH,...`")
	notes := fl.Bool("notes", false, "print what the changelog says of the release, and make nothing")
	if err := fl.Parse(args); err != nil {
		return err
	}
	if fl.NArg() > 0 {
		return fmt.Errorf("%q is one argument too many", fl.Arg(0))
	}
	c, err := readCommit(ctx, *root)
	if err != nil {
		return err
	}
	version, err := c.version(*wanted)
	if err != nil {
		return err
	}
	section, err := changes(*root, version)
	if err != nil {
		return err
	}
	if *notes {
		_, err := fmt.Print(section)
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	return (&release{commit: c, version: version}).make(ctx, chosen, *out)
}

// choose returns the platforms that are named, or all.
func choose(names string) ([]platform, error) {
	if names == "" {
		return platforms(), nil
	}
	var chosen []platform
	for name := range strings.SplitSeq(names, ",") {
		p, ok := platformOf(name)
		if !ok {
			return nil, fmt.Errorf("%q is none of the platforms: %v", name, platforms())
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}
