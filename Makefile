# Each target sets itself up from uv.lock. Needs make and Python 3.11 or newer; uv is used where it is
# installed and otherwise fetched, like everything else, from the package registry.
PYTHON ?= python3
UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
READY := .venv/.ready
OLD_CLIENT := .old-client/.ready
KIT_TOOLS := .kit-tools/.ready
BIN := .venv/bin
DOCS_SITE := tools/docs_site

.PHONY: setup refresh test kit-tools docs lint types audit format bench mutations dev clean

setup: $(READY)

refresh: $(READY)
	$(BIN)/atf refresh

# Which tests stay in one worker says tests/conftest.py.
test: $(READY) $(OLD_CLIENT)
	$(BIN)/pytest -n 2

# What the tests of docs/readers run where it is there: polars, the command line of DuckDB, and the parser of Power Query.
# Without it, or without npm, those tests are skipped by name.
kit-tools: $(KIT_TOOLS)

# The pages of docs as a site, with a dictionary of the data; a broken link fails.
docs: $(READY)
	$(UV) sync --frozen --quiet --python $(PYTHON) --project $(DOCS_SITE)
	$(BIN)/python -m tools.docs_site
	$(DOCS_SITE)/.venv/bin/zensical build --strict --clean --config-file .cache/docs_site/zensical.toml
	@echo "Site: .cache/docs_site/site/index.html"

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfmt --check --no-progressbar dbt_project

types: $(READY)
	$(BIN)/mypy

# Known vulnerabilities of what uv.lock names; needs no environment.
audit: $(filter .tools/bin/uv,$(UV))
	$(PYTHON) .ci/audit.py --uv $(UV)

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfmt --no-progressbar dbt_project

bench: $(READY)
	$(BIN)/python -m benchmarks.refresh
	$(BIN)/python -m benchmarks.statistics

# Thousands of damaged answers, landed and read as in a refresh; fails where one was read wrongly without a word.
mutations: $(READY)
	$(BIN)/python -m benchmarks.mutations

# The web server and the daemon, with the history of this home, on loopback. Viewers: add --read-only to
# `dagster-webserver`; it has no authentication of its own.
dev: $(READY)
	$(BIN)/atf dev

clean:
	rm -rf .venv .tools .old-client .kit-tools .cache $(DOCS_SITE)/.venv

$(READY): uv.lock pyproject.toml | $(filter .tools/bin/uv,$(UV))
	$(UV) sync --frozen --python $(PYTHON)
	$(BIN)/python -m atf_dagster.warehouse.parsed_project
	@touch $@

.tools/bin/uv:
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# The oldest DuckDB whose clients must open a release; the tests open one with it.
$(OLD_CLIENT): | $(READY)
	$(UV) pip install --quiet --python $(BIN)/python --target .old-client duckdb==1.2.2
	@touch $@

# 0.18.4 is the newest parser for Node before 22.
$(KIT_TOOLS): | $(READY)
	$(UV) pip install --quiet --python $(BIN)/python --target .kit-tools/python polars==2.1.0 duckdb-cli==1.5.6
	if command -v npm >/dev/null; then npm install --prefix .kit-tools --silent --no-save --no-audit --no-fund \
		--ignore-scripts @microsoft/powerquery-parser@0.18.4; fi
	@touch $@
