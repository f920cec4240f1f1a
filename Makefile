# Two commands: `make run` shows a running province, `make test` checks everything.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := run
.PHONY: run test abuse lint fmt clean browser pango test-services

PYTHON := $(shell for p in python3.11 python3 python; do \
	if $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then command -v $$p; break; fi; done)
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PORT

run: .venv/.installed
	@exec $(BIN)/python -m evaluation.cli.serve $(ARGS)

test: .venv/.tests-installed browser pango lint
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# The job tests against Debian's Redis and RabbitMQ, a part of all tests against its PostgreSQL; root installs them.
test-services: .venv/.tests-installed
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends \
			redis-server rabbitmq-server postgresql-15 >/dev/null; \
	else echo "make test-services installs Debian's servers, so it needs root on Debian."; exit 1; fi
	@$(BIN)/python -m tests.services_outside $(ARGS)

lint: .venv/.tests-installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/bandit -q -c pyproject.toml -r evaluation config.py wsgi.py --severity-level medium

# Attacks on the site from all sides; `make abuse ARGS="kills --rounds 9"` does one of them, PARTS of tests/abuse/__main__.py.
abuse: .venv/.tests-installed
	@$(BIN)/python -m tests.abuse $(ARGS)

fmt: .venv/.tests-installed
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Debian's Chromium for the browser tests; elsewhere they are skipped and say why.
browser:
	@if command -v chromium >/dev/null; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "Chromium is not installed and this is not root on Debian: the browser tests will be skipped."; fi

# What WeasyPrint draws PDFs with; elsewhere their tests are skipped and say why.
pango: .venv/.tests-installed
	@if $(BIN)/python -c 'import sys; from evaluation.files import pdf; sys.exit(not pdf.available())'; then exit 0; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		export DEBIAN_FRONTEND=noninteractive; apt-get update -qq && apt-get install -y -qq --no-install-recommends \
			libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 >/dev/null; \
	else echo "Pango is not installed and this is not root on Debian: the tests of PDF files will be skipped."; fi

.venv/bin/python:
	$(if $(PYTHON),,$(error Python 3.11 with venv was not found: install it (Debian: apt-get install python3.11 python3.11-venv) and run make again))
	@$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	@echo "Installing the packages of requirements.txt into .venv (once) …"
	@$(BIN)/python -m pip install -qq -r requirements.txt
	@touch $@

.venv/.tests-installed: tests/requirements.txt requirements.txt | .venv/bin/python
	@echo "Installing the packages of tests/requirements.txt into .venv (once) …"
	@$(BIN)/python -m pip install -qq -r tests/requirements.txt
	@touch $@ .venv/.installed

# Build products only: the database and uploaded files under instance/ or /var/lib/cong-tam stay.
clean:
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
