# The short way to each thing that is done often. Needs Go and nothing else;
# modules come from the Go module proxy. .ci/run calls these targets.

.PHONY: demo test bench lint build

demo: ## the whole tour against the built-in Graph: no account, no network
	go run ./cmd/bulksync demo

test: ## vet and every test under the race detector
	go mod download
	go vet ./...
	go test -race -timeout 5m ./...

bench: ## every Go benchmark
	go test -run '^$$' -bench . -benchmem -timeout 20m ./...

lint: ## formatting, vet, staticcheck, a tidy go.mod, no binary files
	@echo 'gofmt -l .'
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	go vet ./...
	go tool -modfile=tools/go.mod staticcheck ./...
	go mod tidy -diff
	@echo 'binary files outside testdata'
	@! git diff --numstat "$$(git hash-object -t tree /dev/null)" HEAD -- ':!*testdata/*' | grep '^-'

build: ## one static binary, bin/bulksync
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/ ./cmd/bulksync
