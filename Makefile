# One command for each job of the project; `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A Rust or Go that was installed beside Debian's packages is found without a login shell.
export PATH := $(HOME)/.cargo/bin:/usr/local/go/bin:$(PATH)
# One interpreter for every build of the bindings, or cargo compiles them again at each change.
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1

NATIVE_SOURCES := Cargo.toml Cargo.lock pyproject.toml \
	$(shell find crates -path '*/src/*.rs' -o -name Cargo.toml -o -name '*.program')
# The glue crate is a Python extension and links only as one; pytest tests it.
RUST_TESTED := --workspace --exclude zeta-python
DIFFERENTIAL := cargo run --quiet --release --locked -p zeta-sim --bin differential -- \
	--oracle proofs/build/oracle/oracle
WORKLOADS := ycsb-a ycsb-b ycsb-c ycsb-d ycsb-f

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: $(VENV)/.locked ## Install what this machine lacks, and the pinned Python packages
	@bash scripts/system_packages.sh build test

.PHONY: system-build
system-build:
	@bash scripts/system_packages.sh build

$(VENV)/.locked: requirements.lock | system-build
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --requirement requirements.lock
	touch $@

$(VENV)/.built: $(VENV)/.locked $(NATIVE_SOURCES)
	PIP_QUIET=1 VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked --quiet
	touch $@

.PHONY: build
build: $(VENV)/.built ## Build the extension; leaves the command at .venv/bin/zeta

.PHONY: test
test: setup format-check lint types build ## Check everything
test: test-rust test-board mutants test-proofs test-differential test-python test-js

.PHONY: format
format: $(VENV)/.locked ## Format Rust and Python
	cargo fmt --all
	$(BIN)/ruff format python scripts tests
	$(BIN)/ruff check --fix --quiet python scripts tests

.PHONY: format-check
format-check: $(VENV)/.locked
	cargo fmt --all --check
	$(BIN)/ruff format --check python scripts tests

# Debian's recent Rust packages come without clippy: there its part is left out, and said so.
.PHONY: lint
lint: $(VENV)/.locked
	@if cargo clippy --version >/dev/null 2>&1; then \
		cargo clippy --workspace --all-targets --locked -- -D warnings; \
	else \
		echo "lint: this Rust has no clippy: its lints were NOT checked"; \
		cargo check --workspace --all-targets --locked; \
	fi
	$(BIN)/ruff check python scripts tests

.PHONY: types
types: $(VENV)/.locked
	$(BIN)/mypy

# Includes the vectors: each crate that reads logs replays them.
.PHONY: test-rust
test-rust: | $(VENV)/.locked
	cargo test $(RUST_TESTED) --locked

# Every order of the threads' steps on the memory that they share; a build of its own.
.PHONY: test-board
test-board:
	RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom \
		cargo test --release --locked -p zeta-verifier -p zeta-session --lib _model

.PHONY: test-proofs
test-proofs: build
	$(MAKE) -C proofs check
	$(MAKE) -j2 -C proofs recheck programs summaries

# All vectors, every log of the small scopes, and 100,000 drawn under a fixed seed.
.PHONY: test-differential
test-differential:
	$(MAKE) -C proofs oracle
	$(DIFFERENTIAL) --seed 1

# Includes style (tests/tidy) and the examples of the documentation.
.PHONY: test-python
test-python: build
	$(BIN)/python -m pytest

# The same vectors as in Python, and no package but Node itself.
.PHONY: test-js
test-js:
	node --test js/zeta-verify.test.mjs

.PHONY: tidy
tidy: $(VENV)/.locked ## Check style alone (seconds)
	$(BIN)/python -m pytest -q tests/tidy -k "not example"

.PHONY: demo
demo: build ## See a store verified, attacked and defended (TRACE=path takes a real trace)
	$(BIN)/zeta demo $(if $(TRACE),--trace "$(TRACE)")

.PHONY: bench
bench: build ## Measure the YCSB workloads, verified and unverified side by side (BENCH=options)
	for workload in $(WORKLOADS); do $(BIN)/zeta bench $$workload $(BENCH); done

.PHONY: fuzz
fuzz: ## Run the property tests with many more cases (CASES=20000)
	PROPTEST_CASES=$(or $(CASES),20000) cargo test $(RUST_TESTED) --locked

.PHONY: fuzz-seeds
fuzz-seeds: $(VENV)/.locked ## Write what the fuzz targets begin with, made of the vectors
	$(BIN)/python scripts/make_fuzz_seeds.py

.PHONY: fuzz-server
fuzz-server: build ## Fuzz a live server over sockets (SECONDS=60, SEED=n)
	$(BIN)/python scripts/fuzz_server.py --seconds $(or $(SECONDS),60) $(if $(SEED),--seed $(SEED))

.PHONY: drill
drill: ## Run the lying host's simulation for long (DRILL=options)
	cargo run --release --locked -p zeta-sim -- $(DRILL)

.PHONY: differential
differential: ## Compare Rust and Coq on logs for as long as asked (SECONDS=600 SEED=n)
	$(MAKE) -C proofs oracle
	$(DIFFERENTIAL) --seconds $(or $(SECONDS),600) --seed $(or $(SEED),$$RANDOM)

.PHONY: differential-score
differential-score: | $(VENV)/.locked ## Delete each check in turn: does it notice? (an hour)
	$(MAKE) -C proofs oracle
	$(BIN)/python scripts/differential_score.py --json differential-score.json $(SCORE)

.PHONY: mutants
mutants: | $(VENV)/.locked ## Switch each check off in a copy; some test must fail for each
	$(BIN)/python scripts/mutation_check.py --package zeta-verifier --package zeta-program \
		--package zeta-session --package zeta-receipt $(MUTANTS)

.PHONY: generate
generate: build ## Write again what is made of sources: programs, vectors, the verifier's checks
	$(BIN)/python scripts/generate_programs.py
	cargo run --quiet --locked -p zeta-sim --bin make_vectors
	$(MAKE) -C proofs generate

.PHONY: lock
lock: $(VENV)/.locked ## Resolve the Python packages anew and pin them
	$(BIN)/python scripts/lock_requirements.py

.PHONY: clean
clean: ## Remove everything that was built
	rm -rf $(VENV) target dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find python tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f python/zeta/_native*.so
	if [ -f proofs/Makefile ]; then $(MAKE) -C proofs clean; fi
