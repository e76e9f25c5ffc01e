// Benchtable reads the output of go test, copies it, and ends with two tables:
// what each command needs, as docs/performance.md has it, and each promised
// figure, what was measured, and whether that is enough. It judges nothing else:
// a missed figure is no error, a failed benchmark is.
//
//	go test -bench . ./... | go run -C tools ./benchtable
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
)

func main() {
	r, failed, err := read(io.TeeReader(os.Stdin, os.Stdout))
	if err == nil {
		err = errors.Join(needs(os.Stdout, r), table(os.Stdout, r))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchtable:", err)
	}
	if err != nil || failed {
		os.Exit(1)
	}
}

// results holds metrics by unit: for each benchmark under its package and name,
// as plan.ReadRows, and for each test under its name.
type results map[string]map[string]float64

func (r results) set(bench, unit string, v float64) {
	if r[bench] == nil {
		r[bench] = map[string]float64{}
	}
	r[bench][unit] = v
}

// virtual matches the log line of a test that runs in virtual time.
var virtual = regexp.MustCompile(`([\d.]+) of the minimum, (\d+) refused$`)

// read reads the result lines of benchmarks, and the log of the virtual runs
// under the names of their tests. It reports whether go test said FAIL.
func read(in io.Reader) (r results, failed bool, err error) {
	r = results{}
	pkg, test := "", ""
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL"):
			failed = true
		case strings.HasPrefix(line, "=== RUN"):
			test = fields[2]
		case strings.HasPrefix(line, "pkg:"):
			pkg = path.Base(fields[1])
		case strings.HasPrefix(line, "Benchmark") && len(fields) > 3:
			r.bench(pkg, fields)
		default:
			if m := virtual.FindStringSubmatch(line); m != nil {
				ratio, _ := strconv.ParseFloat(m[1], 64)
				refused, _ := strconv.ParseFloat(m[2], 64)
				r.set(test, "of-minimum", ratio)
				r.set(test, "refused", refused)
			}
		}
	}
	return r, failed, lines.Err()
}

var processors = regexp.MustCompile(`-\d+$`)

// bench reads "BenchmarkName-2  1  1.02 of-minimum  3 refused".
func (r results) bench(pkg string, fields []string) {
	name := pkg + "." + processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
	for i := 2; i+1 < len(fields); i += 2 {
		if v, err := strconv.ParseFloat(fields[i], 64); err == nil {
			r.set(name, fields[i+1], v)
		}
	}
}

// table prints one line for each promise.
func table(out io.Writer, r results) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\ncase\tmeasured\tmust reach\t")
	for _, p := range promises {
		measured, verdict := p.judge(r)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.what, measured, p.must(), verdict)
	}
	return w.Flush()
}
