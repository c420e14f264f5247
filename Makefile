# run   the daemon, on config/ingestd.yaml (another file: make run ARGS="-c FILE")
# test  every test, on as many processors as there are, four at most (some: make test ARGS="tests/unit -k book")
# check what a reviewer would say: style, types, layers, unused code and dependencies, house rules
# fix   let ruff mend what it can
# properties thousands of random programs of every provider against the stores (hours; one feed: make properties ARGS="-k kalshi")
# bench quotes per second and CPU per quote, beside a lean reference
# queries the questions of docs/queries.md on ten million rows, in seconds (some minutes)
# crash 100 kills at random moments, and outages of two minutes, on each store (half an hour)
# soak  descriptors, tasks and memory through 10,000 connections, 1,000 reloads, an hour under load: make soak ARGS="reconnects reloads hour"
# deploy  docs/deploy.md word for word on a machine that boots, packages and all (needs root, systemd and a package index)
# scrape what a look at /metrics costs a daemon of a thousand sources, beside plain prometheus_client
# health how long a daemon under full load takes to say how it is, beside a bare server (two minutes)
# matching  how often fixtures of two providers are taken for what they are, and how fast (a file of pairs: make matching ARGS=FILE)
# lock  pin the newest dependencies, with hashes, from pyproject.toml (needs uv)
# clean remove the environment and caches; recorded data under var/ stays

PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
LOCK := uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --quiet
ARGS ?=

.PHONY: run test check fix properties queries bench scrape crash health soak deploy matching lock clean

run: .venv/.run
	@exec .venv/bin/ingestd run $(ARGS)

test: .venv/.dev
	$(PY) -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal $(ARGS)

check: .venv/.dev
	$(PY) -m ruff format --check --quiet .
	$(PY) -m ruff check --quiet .
	$(PY) -m mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/deptry .
	$(PY) -m vulture
	$(PY) -m pytest --quiet tests/house

fix: .venv/.dev
	$(PY) -m ruff check --fix-only --quiet .
	$(PY) -m ruff format --quiet .

queries: .venv/.dev
	$(PY) -m benchmarks.queries $(ARGS)

bench: .venv/.dev
	$(PY) -m benchmarks.bench $(ARGS)

scrape: .venv/.dev
	$(PY) -m benchmarks.scrape $(ARGS)

properties: .venv/.dev
	$(PY) -m pytest tests/properties --hypothesis-profile=properties $(ARGS)

crash: .venv/.dev
	$(PY) -m benchmarks.crash $(ARGS)

health: .venv/.dev
	$(PY) -m benchmarks.health $(ARGS)

soak: .venv/.dev
	$(PY) -m benchmarks.soak $(ARGS)

deploy: .venv/.dev
	INGESTD_TEST_INSTALL=1 $(PY) -m pytest tests/integration/test_deploy.py $(ARGS)

matching: .venv/.dev
	$(PY) -m benchmarks.matching $(ARGS)

lock:
	$(LOCK) --group build --output-file requirements.txt
	$(LOCK) --group build --group dev --extra testing --constraint requirements.txt --output-file requirements-dev.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find ingestd tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is made by whatever word needs it first, and again only after a lock or pyproject.toml changed.
.venv/bin/python:
	@python=$${PYTHON:-}; \
	for name in $$python python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$name -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "Making .venv with $$($$name --version)"; rm -rf .venv; exec $$name -m venv .venv; \
	  fi; \
	done; \
	echo "ingestd needs Python 3.11 or newer with the venv module: install it, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1

.venv/.run: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing what ingestd needs (once, and after each change of requirements.txt)"
	@$(PIP) --require-hashes --requirement requirements.txt
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.run
	@echo "Installing what tests and checks need (once, and after each change of requirements-dev.txt)"
	@$(PIP) --require-hashes --requirement requirements-dev.txt
	@touch $@
