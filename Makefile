# Set-up happens by itself, once: every target below needs only Python 3.11+ and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.setup-complete
SPARK  := $(VENV)/.setup-spark
SUPPLY := $(VENV)/supply-chain
ARGS   ?=
# Two workers with a core each: a second thread of one would take its time from the other.
PYTEST := POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: run test quick ui docs bench fuzz lint style types layers sql units format setup spark sbom canary clean

run: $(STAMP)  ## everything on the bundled sample (or your sources: make run ARGS="--home my --sources my/sources.yml")
	@$(BIN)/parcours run $(ARGS)

test: $(STAMP) lint  ## everything; the slowest tests are named at the end
	@scripts/install_test_servers.sh
	@$(PYTEST) --durations 25 $(ARGS)

quick: $(STAMP)  ## the inner loop: style, types, layers and the tests that need no run of the pipeline and no patience
	@$(MAKE) --no-print-directory --jobs 2 units types style layers

ui: $(STAMP)  ## the Dagster UI, at the address that it prints
	@$(BIN)/parcours ui $(ARGS)

docs: $(STAMP)  ## pages about the published warehouse: data dictionary, models, lineage
	@$(BIN)/parcours docs $(ARGS)

bench: $(STAMP)
	@$(BIN)/python -m benchmarks $(ARGS)

lint: $(STAMP)
	@$(MAKE) --no-print-directory --jobs 2 sql types style layers

style: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

layers: $(STAMP)
	@$(BIN)/lint-imports

sql: $(STAMP)
	@$(BIN)/sqlfluff lint --processes 2 dbt_project

units: $(STAMP)
	@$(PYTEST) -m "not run and not long" $(ARGS)

fuzz: $(STAMP)  ## mutated exports, configuration and paths (make fuzz ARGS="--seconds 3600 --seed 7"); failures are kept outside of the repository
	@$(BIN)/python -m tests.fuzz $(ARGS)

format: $(STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

setup: $(STAMP)

sbom: $(SUPPLY)/.setup-complete  ## dist/sbom.cdx.json and dist/licences.md: what is installed, and that its licences are allowed
	@$(BIN)/python scripts/supply_chain.py $(SUPPLY)

canary:  ## the newest versions that pyproject.toml allows, tried in an environment of their own: docs in CONTRIBUTING.md
	@$(PYTHON) scripts/canary.py $(ARGS)

spark: $(SPARK)  ## the second engine: dbt on Spark 4 (needs Java 17)

$(STAMP): requirements.lock pyproject.toml
	@echo "Setting up $(VENV): about three minutes, once."
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else "Parcours needs Python 3.11 to 3.13, this is %d.%d: make PYTHON=python3.11 ..." % v)'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(SPARK): $(STAMP) requirements-spark.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-spark.lock
	@touch $@

# What inspects the packages is none of them: an environment of its own.
$(SUPPLY)/.setup-complete: $(STAMP) requirements-supply.lock
	@$(PYTHON) -m venv $(SUPPLY)
	@$(SUPPLY)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-supply.lock
	@touch $@

clean:
	rm -rf dist $(VENV) dbt_project/target data/lake data/build data/charts data/dagster data/docs data/logs data/reports data/report.html data/*.duckdb
