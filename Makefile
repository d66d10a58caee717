# Two commands do everything on a fresh machine: `make run` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
AXE := tests/system/axe/node_modules/axe-core/axe.min.js
LISTEN ?= localhost:8737
# More than two cores' worth: a third of the tests' time is waiting for networks that answer late.
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup run test prove fuzz bench bench-peers lint format docs screenshots \
	system-deps learn translations lock clean

help: ## show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## make the environment in .venv; .venv/bin/deskside is the command

run: $(VENV)/.ready ## the portal with a small desk to try, on this computer only
	@$(BIN)/deskside serve --demo --listen $(LISTEN) $(if $(DATA),--data "$(DATA)")

test: $(VENV)/.ready-dev ## everything: lint, unit, property and system tests (at most 15 minutes)
	@tools/system-deps.sh --if-missing
	@$(MAKE) --no-print-directory lint $(AXE)
	$(BIN)/pytest -n $(WORKERS) --dist worksteal tests

prove: $(VENV)/.ready-dev ## long runs: thousands of kills; resumable; results in docs/reliability.md
	@tools/system-deps.sh --if-missing
	$(BIN)/python -m tests.prove

fuzz: $(VENV)/.ready-dev ## the property tests with many more cases
	$(BIN)/python -m tests.workstation.pe_fuzz
	$(BIN)/pytest -n $(WORKERS) --hypothesis-profile fuzz -m "not browser" tests

bench: $(VENV)/.ready-dev ## our figures (at most 10 minutes)
	$(BIN)/python -m bench

bench-peers: $(VENV)/.ready-dev ## our figures beside those of peers, in one run
	$(BIN)/python -m bench --peers

lint: $(VENV)/.ready-dev ## formatting, lint, types, import contract, translations, articles, spelling
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > .lint-imports.log || (cat .lint-imports.log; rm .lint-imports.log; exit 1)
	@rm -f .lint-imports.log
	$(BIN)/python tools/translations.py check
	$(BIN)/python tools/learn.py check
	$(BIN)/deskside kb lint
	@! command -v hunspell >/dev/null || $(BIN)/pytest tests/test_spelling.py >.spelling.log || (cat .spelling.log; rm .spelling.log; exit 1)
	@rm -f .spelling.log

format: $(VENV)/.ready-dev ## format and mend what can be mended
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix --quiet .

docs: $(VENV)/.ready-dev ## write the generated pages of docs/ anew
	$(BIN)/python tools/reference.py

screenshots: $(VENV)/.ready-dev ## take the pictures of the README and the guides
	@tools/system-deps.sh --if-missing
	$(BIN)/python tools/screenshots.py

learn: $(VENV)/.ready-dev ## learn anew from the questions beside the articles which article is meant
	$(BIN)/python tools/learn.py update

translations: $(VENV)/.ready-dev ## bring the message catalogues up to date
	$(BIN)/python tools/translations.py update

system-deps: ## install the Debian packages that the tests need
	@tools/system-deps.sh

lock: ## resolve the dependencies anew into requirements/
	@tools/lock.sh

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis

$(AXE): tests/system/axe/package-lock.json
	@cd tests/system/axe && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		(echo "Deskside needs Python 3.11 or newer: make PYTHON=python3.12 ..." >&2; exit 1)
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing Deskside"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q src/deskside
	@touch $@

$(VENV)/.ready-dev: requirements/dev.txt $(VENV)/.ready
	@echo "Installing the tools for tests"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
