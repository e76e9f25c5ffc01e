package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary act as each of the programs that bulksync is
// compared with, so that they too are processes of their own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"bareloop":      func() { program(bareLoop) },
		"retryablehttp": func() { program(retryLoop) },
	})
}

// workers is how many requests the other clients have in flight: bulksync's own
// default.
const workers = 16

// loop does the writes of some partners, so many at a time, and returns how many
// it could not do, with the error of the first.
type loop func(ctx context.Context, url, token string, partners []string, width int) (left int, err error)

// bareLoop is the yardstick: net/http and nothing else.
func bareLoop(ctx context.Context, url, token string, partners []string, width int) (int, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: width}}
	defer client.CloseIdleConnections()
	return fan(partners, width, func(id string) error {
		req, err := newPut(ctx, url, token, id)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		return finish(resp)
	})
}

// retryLoop is what many people would write: workers around go-retryablehttp
// with its defaults. A partner that it gives up on is left out.
func retryLoop(ctx context.Context, url, token string, partners []string, width int) (int, error) {
	c := retryablehttp.NewClient()
	c.Logger = nil
	return fan(partners, width, func(id string) error {
		req, err := newPut(ctx, url, token, id)
		if err != nil {
			return err
		}
		again, err := retryablehttp.FromRequest(req)
		if err != nil {
			return err
		}
		resp, err := c.Do(again)
		if err != nil {
			return err
		}
		return finish(resp)
	})
}

// fan hands partners out to the workers.
func fan(partners []string, width int, put func(id string) error) (left int, first error) {
	var (
		next   atomic.Int64
		mu     sync.Mutex
		failed = func(err error) {
			mu.Lock()
			defer mu.Unlock()
			if left++; left == 1 {
				first = err
			}
		}
		wg sync.WaitGroup
	)
	for range width {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(partners)); i = next.Add(1) - 1 {
				if err := put(partners[i]); err != nil {
					failed(err)
				}
			}
		})
	}
	wg.Wait()
	return left, first
}

// putPath and putBody are the request that bulksync sends for a partner.
const (
	putPath = "/v1.0/policies/crossTenantAccessPolicy/partners/%s/identitySynchronization"
	putBody = `{"displayName":"Partner","userSyncInbound":{"isSyncAllowed":true}}`
)

func newPut(ctx context.Context, url, token, id string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url+fmt.Sprintf(putPath, id), strings.NewReader(putBody))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// finish reads an answer to its end, so that its connection can be used again.
func finish(resp *http.Response) error {
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}

// program is the main function of a loop: NAME URL TOKEN PARTNERS.
func program(do loop) {
	n, _ := strconv.Atoi(os.Args[3])
	if _, err := do(context.Background(), os.Args[1], os.Args[2], ids(n), workers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runLoop runs a loop as a process, on all partners.
func (s *stage) runLoop(b *testing.B, name string) *spent {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self, s.url, s.token, strconv.Itoa(len(s.partners)))
	cmd.Args[0] = name
	got, err := measure(cmd)
	if err != nil {
		b.Fatal(err)
	}
	return got
}

// runCurl does the same writes with curl --parallel; nil if there is no curl.
func (s *stage) runCurl(b *testing.B) *spent {
	b.Helper()
	curl, err := exec.LookPath("curl")
	if err != nil {
		return nil
	}
	var config strings.Builder
	fmt.Fprintf(&config, "fail\nrequest = PUT\nheader = \"Authorization: Bearer %s\"\nheader = \"Content-Type: application/json\"\ndata = %q\n",
		s.token, putBody)
	for _, id := range s.partners {
		fmt.Fprintf(&config, "url = \"%s\"\n", s.url+fmt.Sprintf(putPath, id))
	}
	path := filepath.Join(s.dir, "curl.conf")
	if err := os.WriteFile(path, []byte(config.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	got, err := measure(exec.CommandContext(b.Context(), curl, "--silent", "--show-error",
		"--parallel", "--parallel-max", strconv.Itoa(workers), "--config", path))
	if err != nil {
		b.Fatal(err)
	}
	return got
}
