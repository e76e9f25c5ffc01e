# The short way to each thing that is done often. Needs Go, and for the race
# detector of make test a C compiler; modules come from the Go module proxy. .ci/run calls these targets.

.PHONY: demo test test-windows bench lint build release

demo: ## the whole tour against the built-in Graph: no account, no network
	go run ./cmd/bulksync demo

test: ## vet and every test under the race detector, and those of the tools
	go mod download
	go vet ./...
	go test -race -timeout 10m ./...
	go -C tools test -count 1 -timeout 10m ./... # a cached result would not see a change outside of tools

# Those that touch what differs there: files, folders, locks, processes, the command
# line. What computes the same everywhere is left out, and so is what takes long and
# shows nothing more than a shorter test here; windows-latest runs all of them.
test-windows: ## tests of the Windows program under Wine: needs wine64 and x86_64-w64-mingw32-gcc
	tools/windows/test -timeout 10m \
	  -skip 'TestScripts/(fleet_audit|fleet_collect|audit_metrics|usage|policy|names|plan|validate|doctor|topics|trust)|TestEveryPageIsTyped|TestTheMigrationRuns|TestWhateverIsDecided|TestTwoHomeTenantsAtOnce|TestAnAlteredRunIsNotProved' \
	  ./cmd/bulksync ./execute/journal ./execute/rundir ./internal/atomicfile ./internal/fleet ./internal/names ./internal/seal

# The virtual runs come from the tests of ratelimit: they cost nothing there.
bench: ## every benchmark, what commands need, and what was promised against what was measured; 12 minutes
	{ go test -run NearTheMinimumWithFewRefusals -count 1 -v ./ratelimit; \
	  go test -run '^$$' -bench . -benchmem $$(go list ./... | grep -v /internal/bench); \
	  go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./internal/bench -plot ../../.github/pace.svg; \
	} 2>&1 | go run -C tools ./benchtable

lint: ## formatting, vet, staticcheck, workflows, manifests, a tidy go.mod, no binary files but the picture of the README
	@echo 'gofmt -l .'
	@unformatted=$$(gofmt -l .); echo "$$unformatted"; test -z "$$unformatted"
	go vet ./...
	go vet -tags man ./cmd/bulksync
	go -C tools vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...
	go tool -modfile=tools/go.mod staticcheck -tags man ./cmd/bulksync
	go -C tools tool staticcheck ./...
	go tool -modfile=tools/go.mod actionlint -shellcheck= -pyflakes= samples/schedule/github-actions.yml samples/schedule/github-fleet.yml .github/workflows/*.yml
	go run -C tools ./kubecheck ../samples/kubernetes/audit.yaml ../samples/kubernetes/fleet.yaml
	go mod tidy -diff
	@echo 'binary files outside testdata, but for the picture of the README'
	@! git diff --numstat "$$(git hash-object -t tree /dev/null)" HEAD -- ':!*testdata/*' ':!.github/board.png' | grep '^-'

build: ## one static binary, bin/bulksync
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/ ./cmd/bulksync

release: ## dist/: archives, packages, SBOMs and their sums, of the tag at HEAD; VERSION=1.2.3 tries one
	go run -C tools ./release -version '$(VERSION)'
