# make run          install, load the demo project, serve at http://127.0.0.1:8000 (other port: make run PORT=9000)
# make test         install and run the tests
# make test-quick   run the tests that need no engine
# make test-servers run the tests of the stores again, on servers: ClickHouse's native protocol, PostgreSQL
# make check        format, lint, types, SDL, import direction: the one gate
# make format       format, and fix what ruff can fix
# make bench        load synthetic events and time trends (other number: make bench EVENTS=4000000)
# make web          build the GraphiQL page into web/dist after a change in web/ (uses Node from PyPI if there is none)
# make web-check    run the type checks and unit tests of the page's scripts
# make lock         update the lock files from pyproject.toml (UPGRADE=1 takes the newest versions)

PYTHON ?= python3
PORT ?= 8000
EVENTS ?= 1000000
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
INSTALL := $(PIP) --require-hashes
# Gives .venv/bin/trendgate; the build backend comes from the lock file too.
EDITABLE := $(PIP) --no-deps --no-build-isolation --editable .

# In file order: sorted by number of tests, the longest single test would run last, alone.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-quick test-servers check format bench web web-check lock clean
.DELETE_ON_ERROR:

run: .venv/run.stamp
	@TRENDGATE_PORT=$(PORT) exec $(BIN)/python server.py serve --demo

test: .venv/dev.stamp
	$(PYTEST)

test-quick: .venv/dev.stamp
	$(PYTEST) --quick

test-servers: .venv/dev.stamp
	scripts/with-postgres $(PYTEST) --clickhouse native --metadata postgresql

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python server.py schema --check
	$(BIN)/pytest -q tests/test_imports.py

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev.stamp
	$(BIN)/python -m benchmarks --events $(EVENTS)

web: .venv/dev.stamp
	scripts/with-node npm --prefix web ci
	scripts/with-node npm --prefix web run build

web-check: .venv/dev.stamp
	scripts/with-node npm --prefix web ci
	scripts/with-node npm --prefix web run check
	scripts/with-node npm --prefix web test

lock: .venv/dev.stamp
	$(BIN)/python scripts/lock.py $(if $(UPGRADE),--upgrade)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/federation/node_modules

.venv/bin/python:
	scripts/make-venv $(PYTHON)

.venv/run.stamp: requirements/run.lock pyproject.toml | .venv/bin/python
	@echo "Installing the gateway (takes a minute the first time) ..."
	$(INSTALL) -r requirements/run.lock
	$(EDITABLE)
	@touch $@

.venv/dev.stamp: requirements/dev.lock pyproject.toml | .venv/bin/python
	@echo "Installing the development tools (takes a minute the first time) ..."
	$(INSTALL) -r requirements/dev.lock
	$(EDITABLE)
	@touch $@ .venv/run.stamp
