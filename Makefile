# Two commands do everything: `make demo` and `make test`. The others are for developers.
PYTHON ?= python3
PORT ?= 8080
ADDRESS ?= http://127.0.0.1:$(PORT)
VAR ?= var
VENV := .venv
BIN := $(VENV)/bin
# More than cores: a good part of a test is waiting for the database server.
JOBS ?= 4
SIZES ?= 10000 100000
PARTS ?=
RECORDS ?= 100000
EACH ?= 12

# Each run starts the product's programs many times; without their compiled files each start compiles them again.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo test unit lint types contracts check bench bench-search bench-choices bench-house load screenshots lock messages reference clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "intelhub needs Python 3.11 or newer, and this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

demo: $(VENV)/.runtime ## run the product with invented people and records (PORT=8080 VAR=var)
	@exec $(BIN)/intelhub demo --port $(PORT) --var $(VAR)

test: $(VENV)/.dev ## the whole suite, on the embedded database
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup

unit: $(VENV)/.dev ## the pure tests, in seconds
	$(BIN)/python -m pytest tests/unit -q

bench: $(VENV)/.runtime ## measure it and write docs/benchmarks.md (SIZES="10000 100000" PARTS="opening searching")
	$(BIN)/python -m benchmarks --sizes $(SIZES) $(if $(PARTS),--parts $(PARTS))

bench-search: $(VENV)/.runtime ## measure search over tokens on a real Elasticsearch, write docs/benchmarks-search.md
	$(BIN)/python -m benchmarks.search --sizes $(SIZES)

bench-choices: $(VENV)/.runtime ## measure the ways of search that were not taken, write docs/benchmarks-choices.md
	$(BIN)/python -m benchmarks.search.choices

load: $(VENV)/.runtime ## fill a house with invented records and keep it (RECORDS=1000000 VAR=var-load)
	$(BIN)/python -m benchmarks.loading --records $(RECORDS) --var $(if $(filter var,$(VAR)),var-load,$(VAR))

bench-house: $(VENV)/.runtime ## measure search in a filled house with a search server, write docs/benchmarks-house.md (VAR=var-load EACH=12)
	$(BIN)/python -m benchmarks.house --each $(EACH) $(if $(filter var,$(VAR)),var-load,$(VAR))

screenshots: $(VENV)/.dev ## pictures of a demo that runs (ADDRESS=http://127.0.0.1:8080)
	$(BIN)/python -m tests.journeys.screenshots --address $(ADDRESS)

lint: $(VENV)/.dev
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

contracts: $(VENV)/.dev ## who may import whom
	$(BIN)/lint-imports

check: lint types contracts test ## everything a change must pass

lock: ## pin every dependency with its hash
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --extra build --extra dev pyproject.toml -o requirements-dev.lock

messages: $(VENV)/.dev ## collect sentences, update and compile the Vietnamese catalogue
	$(BIN)/python docs/developers/messages.py

reference: $(VENV)/.dev ## write docs/reference anew
	$(BIN)/python -m intelhub.reference
