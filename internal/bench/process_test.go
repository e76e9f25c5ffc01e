package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// spent is what a process used from its start to its end.
type spent struct {
	wall, cpu time.Duration
	peak      int           // KiB in memory at most; 0 if the system does not say
	exit      int           // its code
	first     time.Duration // until its first write; 0 if that was not measured
}

// keep keeps the better of two rounds.
func (s *spent) keep(other *spent) {
	s.wall, s.cpu, s.peak = min(s.wall, other.wall), min(s.cpu, other.cpu), min(s.peak, other.peak)
}

func (s *spent) keepFirst(d time.Duration) {
	if s.first == 0 || d < s.first {
		s.first = d
	}
}

// report reports the figures of a command that changed so many partners.
func (s *spent) report(b *testing.B, partners int) {
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(s.wall.Seconds(), "s")
	b.ReportMetric(s.cpu.Seconds(), "cpu-s")
	b.ReportMetric(s.cpu.Seconds()*1000/float64(partners), "cpu-s/1000")
	b.ReportMetric(float64(s.peak)/1024, "peak-MB")
	if s.first > 0 {
		b.ReportMetric(s.first.Seconds(), "s-to-first-write")
	}
}

// run starts the program and waits for it. An exit code other than 0 is an
// error with all its output.
func (s *stage) run(ctx context.Context, token string, args ...string) (*spent, error) {
	cmd := exec.CommandContext(ctx, s.program, append(args, "--graph-url", s.url)...)
	cmd.Env = append(os.Environ(), "BULKSYNC_ACCESS_TOKEN="+token, "XDG_CACHE_HOME="+os.DevNull) // nobody's cache of names is used
	return measure(cmd)
}

// measure runs a command to its end.
func measure(cmd *exec.Cmd) (*spent, error) {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return &spent{}, err
	}
	peak := make(chan int)
	ended := make(chan struct{})
	go func() { peak <- watch(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	wall := time.Since(began)
	close(ended)
	state := cmd.ProcessState
	got := &spent{wall: wall, cpu: state.UserTime() + state.SystemTime(), peak: <-peak, exit: state.ExitCode()}
	if err != nil {
		return got, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, &said)
	}
	return got, nil
}

// watch follows the peak memory of a process. The figure from wait4 will not
// do: a new process inherits the peak of the one that started it.
func watch(pid int, ended <-chan struct{}) (peak int) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		peak = max(peak, highWater(pid))
		select {
		case <-tick.C:
		case <-ended:
			return peak
		}
	}
}

// highWater is the line VmHWM of Linux, in KiB.
func highWater(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, line, _ := bytes.Cut(status, []byte("VmHWM:"))
	if fields := strings.Fields(string(line)); len(fields) > 0 {
		kib, _ := strconv.Atoi(fields[0])
		return kib
	}
	return 0
}
