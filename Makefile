# Everything a developer or a build server does here. The work is in scripts/; `make` alone lists the targets.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-lint setup-test build demo test lint fuzz bench test-faults soak clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Install what the build needs and this machine lacks
	@scripts/setup.sh build

setup-test: ## The same for the tests: servers, Java, kcat, Python verifiers in .venv
	@scripts/setup.sh test

build: setup ## Build the release binary, .build/release/trustlog
	@scripts/build.sh

demo: build ## Set up, build, and show the whole pipeline in one process
	@.build/release/trustlog demo

test: setup-test lint ## Set up, lint, build, run every test, print the coverage
	@scripts/build.sh
	@scripts/test.sh

setup-lint:
	@scripts/setup.sh lint

lint: setup-lint ## Check the style of the sources and scripts, and everything in deploy/
	@scripts/lint.sh

fuzz: setup ## Fuzz the decoder with libFuzzer
	@Fuzz/run.sh

bench: build ## Measure throughput and latency
	@Benchmarks/run.sh

test-faults: setup-test ## The tests that break things on purpose, in their full length
	@scripts/build.sh
	@scripts/test-faults.sh

soak: setup-test ## Memory under a backlog of millions of messages
	@scripts/build.sh
	@scripts/soak.sh

clean: ## Remove what was built
	@rm -rf .build .venv .cache
