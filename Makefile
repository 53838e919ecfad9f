# Candor. `make demo` shows the story, `make test` is everything CI runs.
GO ?= go
export CGO_ENABLED ?= 0
FUZZ_SECONDS ?= 60
BIN := bin/candor

.PHONY: all build service demo test check fmt vet lint unit race fuzz eval bench clean docs

all: build

build:
	@$(GO) build -o $(BIN) ./cmd/candor

# The service: the hub with its query engine (DuckDB wants cgo: gcc and g++), and the sensor alone, static.
service:
	@CGO_ENABLED=1 $(GO) build -ldflags="-s -w" -o bin/candor ./cmd/candor
	@CGO_ENABLED=0 $(GO) build -ldflags="-s -w" -o bin/candor-sensor ./cmd/candor-sensor

# The bank's story: a sensor outside the firewall, then inside. Prints where the two pages lie.
demo: build
	@$(BIN) demo

# What must hold before a commit.
test: check race fuzz

check: fmt vet lint unit

fmt:
	@out=$$($(GO) tool gofumpt -l cmd internal); if [ -n "$$out" ]; then echo "not formatted (run: go tool gofumpt -w cmd internal):"; echo "$$out"; exit 1; fi

vet:
	@$(GO) vet ./...

lint:
	@$(GO) tool staticcheck ./...

unit:
	$(GO) test ./...

# The race detector needs cgo; it pays where goroutines are.
race:
	CGO_ENABLED=1 $(GO) test -race -short ./internal/capture ./internal/source ./cmd/...

# Fuzzing for FUZZ_SECONDS in all, rotating over the targets by the day of the year.
fuzz:
	@./scripts/fuzz.sh $(FUZZ_SECONDS)

# The confusion table over seeds and sites; cannot say has its own column.
eval: build
	$(GO) test ./internal/judge -run 'TestEval' -count=1 -timeout 60m -v -eval
	$(GO) test ./internal/detect/eval -run 'TestEval$$' -count=1 -timeout 60m -v -eval

# Packets per CPU second beside tcpdump on the same file in the same run.
bench: build
	@./scripts/bench.sh

# Rewrites everything that is generated: golden files and references.
docs:
	$(GO) test $$(grep -rlE 'flag.Bool\("update"' --include='*_test.go' cmd internal | xargs -n1 dirname | sort -u | sed 's#^#./#') -update

clean:
	rm -rf bin demo
