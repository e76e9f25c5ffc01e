package bench

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary each of the programs that BenchmarkCPU compares.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bareloop": bareMain, "engine": engineMain})
}
