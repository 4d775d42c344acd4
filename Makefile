# Two commands matter: `make run` and `make test`. `make help` lists them all.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
STEP := bash Scripts/step.sh
BIN := .build/release

# Homebrew keeps these two out of pkg-config's usual path.
ifeq ($(shell uname -s),Darwin)
export PKG_CONFIG_PATH := $(shell brew --prefix curl 2>/dev/null)/lib/pkgconfig:$(shell brew --prefix openssl@3 2>/dev/null)/lib/pkgconfig:$(PKG_CONFIG_PATH)
endif

.PHONY: help run build test faults chaos conformance fuzz license-demo lint format clean

help: ## Lists the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

run: build ## Builds the release programs and starts the gateway with the built-in demo server
	@printf '\n==> start the gateway with the demo server (stop it with control-C)\n'
	@exec $(BIN)/stonegate serve --demo

build: ## Installs missing system packages and builds stonegate and gatecall for release
	@$(STEP) "system packages" bash Scripts/bootstrap.sh
	@$(STEP) "release build of stonegate" swift build -c release --product stonegate
	@$(STEP) "release build of gatecall" swift build -c release --product gatecall

test: ## Sets up everything that the tests need and runs them all
	@$(STEP) "system packages" bash Scripts/bootstrap.sh test
	@$(STEP) "Python environments" bash Scripts/test-env.sh
	@$(STEP) "build of the tests" swift build --build-tests
	@$(STEP) "tests" swift test --skip-build --no-parallel

faults: ## Every fault scenario in its long form against the release gateway; the figures are at the end (about 40 minutes)
	@$(STEP) "system packages" bash Scripts/bootstrap.sh test
	@$(STEP) "release build of stonegate" swift build -c release --product stonegate
	@$(STEP) "release build of fakemcp" swift build -c release --product fakemcp
	@$(STEP) "release build of chaos" swift build -c release --product chaos
	@$(STEP) "build of the tests" swift build --build-tests
	@$(STEP) "faults" bash Scripts/faults.sh

chaos: ## A minute of everything going wrong, live; ARGS="--seconds 10 --seed 3" for another one
	@$(STEP) "system packages" bash Scripts/bootstrap.sh test
	@$(STEP) "release build of stonegate" swift build -c release --product stonegate
	@$(STEP) "release build of fakemcp" swift build -c release --product fakemcp
	@$(STEP) "release build of chaos" swift build -c release --product chaos
	@$(BIN)/chaos $(ARGS)

license-demo: ## A license from its issue to its revocation and back, during 100 running and 50 queued calls, to watch
	@$(STEP) "release build of stonegate" swift build -c release --product stonegate
	@BIN=$(BIN) bash Scripts/license-demo.sh

fuzz: ## libFuzzer over everything that reads what strangers send, a minute each; SECONDS_EACH=600 for more
	@$(STEP) "system packages" bash Scripts/bootstrap.sh
	@$(STEP) "fuzz" bash Scripts/fuzz.sh

conformance: ## What MCP requires, tried in every pairing of eras and transports; writes the table of docs/conformance.md
	@$(STEP) "system packages" bash Scripts/bootstrap.sh test
	@$(STEP) "Python environments" bash Scripts/test-env.sh
	@$(STEP) "build of the tests" swift build --build-tests
	@STONEGATE_CONFORMANCE_WRITE=1 $(STEP) "conformance" swift test --skip-build --no-parallel --filter ConformanceTests.ConformanceTests

lint: ## Checks formatting, layers, file lengths and scripts
	@$(STEP) "lint" bash Scripts/lint.sh

format: ## Formats the Swift sources in place
	@swift format --in-place --parallel --recursive Package.swift Sources Tests

clean: ## Removes what was built, and the Python environments
	rm -rf .build .venv
