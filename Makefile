# make run     install, load the demo project, serve at http://127.0.0.1:8000 (PORT=9000 make run for another port)
# make test    install and run the tests
# make test-quick   the tests that need no engine and no process: less than a minute
# make test-servers   the tests of the stores again, on servers: ClickHouse's native protocol, PostgreSQL
# make hostile   send far more hostile texts and requests than make test does: up to an hour
# make check   format, lint, types, SDL, import direction, regular expressions: the one gate
# make bench   load synthetic events and time trends (EVENTS=1000000 for another number)
# make web     build the GraphiQL page into web/dist, after a change in web/ (Node comes from PyPI where there is none)
# make web-check  types and unit tests of the page's scripts
# make lock    rewrite the lock files from pyproject.toml (UPGRADE=1 for the newest versions)

PYTHON ?= python3
PORT ?= 8000
EVENTS ?= 1000000
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
INSTALL := $(PIP) --require-hashes
# Gives .venv/bin/trendgate; the build backend comes from the lock file too.
EDITABLE := $(PIP) --no-deps --no-build-isolation --editable .

# Files in their order: sorted by their number of tests, the longest single test would come last, alone.
PYTEST := $(BIN)/pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

.PHONY: run test test-quick test-servers hostile check format bench web web-check lock clean
.DELETE_ON_ERROR:

run: .venv/run.stamp
	@TRENDGATE_PORT=$(PORT) exec $(BIN)/python server.py serve --demo

test: .venv/dev.stamp
	$(PYTEST)

test-quick: .venv/dev.stamp
	$(PYTEST) --quick

test-servers: .venv/dev.stamp
	scripts/with-postgres $(PYTEST) --clickhouse native --metadata postgresql

hostile: .venv/dev.stamp
	HOSTILE_EXAMPLES=20000 $(BIN)/pytest tests/hostile

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python server.py schema --check
	$(BIN)/pytest -q tests/test_imports.py tests/test_error_templates.py tests/test_patterns.py

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
	@echo "Installing what serving needs (the first time takes a minute) ..."
	$(INSTALL) -r requirements/run.lock
	$(EDITABLE)
	@touch $@

.venv/dev.stamp: requirements/dev.lock pyproject.toml | .venv/bin/python
	@echo "Installing what developing needs (the first time takes a minute) ..."
	$(INSTALL) -r requirements/dev.lock
	$(EDITABLE)
	@touch $@ .venv/run.stamp
