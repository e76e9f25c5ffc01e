// Package browser opens pages in a headless Chromium, for tests and benchmarks.
//
// It is the one home of chromedp, and no part of the program. It never opens
// anything but what a test asks for. Above, the tests of packages report, bench
// and cmd/bulksync use it.
package browser

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// timeout bounds everything that a tab does.
const timeout = 90 * time.Second

// Open starts a Chromium with one empty tab, which ends with the test. A test is
// skipped where there is no Chromium, and fails if CI is set.
func Open(tb testing.TB) context.Context {
	tb.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(Path(tb)), chromedp.WindowSize(1280, 900))
	if os.Geteuid() == 0 || os.Getenv("CI") != "" { // as root, and on many build machines, Chromium cannot make its sandbox
		options = append(options, chromedp.NoSandbox)
	}
	process, stop := chromedp.NewExecAllocator(tb.Context(), options...)
	tb.Cleanup(stop)
	tab, closeTab := chromedp.NewContext(process)
	tb.Cleanup(closeTab)
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		tb.Fatalf("Chromium does not start: %v", err)
	}
	tab, end := context.WithTimeout(tab, timeout) // of the tab: one of the first call would end the browser
	tb.Cleanup(end)
	return tab
}

// Do carries out actions in a tab.
func Do(tb testing.TB, tab context.Context, actions ...chromedp.Action[chromedp.Void]) {
	tb.Helper()
	if err := chromedp.Do(tab, actions...); err != nil {
		tb.Fatal(err)
	}
}

// Ask is the value of an expression in a tab, or of the promise that it makes.
func Ask[T any](tb testing.TB, tab context.Context, expression string) T {
	tb.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tb.Fatal(err)
	}
	return value
}

// Picture shows a page in a window of a size, twice as sharp as the size says, and returns
// what is seen of it as PNG.
func Picture(tb testing.TB, url string, width, height int64) []byte {
	tb.Helper()
	tab := Open(tb)
	Do(tb, tab, chromedp.EmulateViewport(width, height, chromedp.EmulateScale(2)), chromedp.Navigate(url))
	png, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	if err != nil {
		tb.Fatal(err)
	}
	return png
}

// Path is the Chromium of this machine.
func Path(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		tb.Fatal("there is no Chromium to show the page in")
	}
	tb.Skip("there is no Chromium to show the page in")
	return ""
}
