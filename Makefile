# Everything a fresh machine needs: git, make and Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export UV_PROJECT_ENVIRONMENT := $(VENV)
# Where Python may not keep what it has compiled, every process of a test run compiles all of it
# again, which doubles what the run costs. Empty means that it may.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit("backroom needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.python requirements/run.txt pyproject.toml
	@echo "Installing backroom into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing the development tools into $(VENV) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

install: $(VENV)/.run ## Install backroom into .venv

demo: $(VENV)/.run ## Show the server at work: load a shop through bulk jobs, and ask for it
	@$(BIN)/python scripts/demo.py

serve: $(VENV)/.run ## Run the server on port 7227
	@$(BIN)/backroom serve

lint: $(VENV)/.dev ## Check formatting, style, import layers and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy

format: $(VENV)/.dev ## Format the code, and fix what the linter can fix
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# The tests that speak to a live server. They can run on either engine.
SERVED = tests/wire tests/sdk tests/agreement

test: lint ## Run lint and every test; live servers on PostgreSQL in the oldest and newest revision
	@$(BIN)/pytest -n 4 --dist worksteal
	@BACKROOM_TEST_ENGINE=postgres $(BIN)/pytest -n 4 --dist worksteal -m "not slow" $(SERVED)

test-all: test ## Run the same, and live servers on PostgreSQL in every revision
	@BACKROOM_TEST_ENGINE=postgres $(BIN)/pytest -n 4 --dist worksteal -m slow $(SERVED)

# Both at once: checking the types keeps one core busy for a third of a minute after a large change.
quick: $(VENV)/.dev ## Run lint and the tests that find most, within a minute on two cores
	@$(MAKE) --no-print-directory -j 2 lint quick-tests
	@echo "Left out: PostgreSQL, processes, SDKs, browsers, the blocks of pages, slow tests, the"
	@echo "revisions between the oldest and the newest, and most examples of properties: make test"

quick-tests: $(VENV)/.dev
	@$(BIN)/pytest -n 2 --dist worksteal -p no:randomly -m "not slow"

revision: $(VENV)/.dev ## Add a revision that changes nothing: make revision DATE=2027-01-15
	@$(BIN)/python scripts/add_revision.py $(DATE)

screenshots: $(VENV)/.dev ## Take the pictures of the dashboard for the docs, with a real browser
	@$(BIN)/python scripts/make_screenshots.py

bench: $(VENV)/.dev ## Measure the server against floors and peers, in some ten minutes
	@$(BIN)/python -m bench

bench-quick: $(VENV)/.dev ## Measure the main figures, in about a minute
	@$(BIN)/python -m bench --quick

LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml

lock: $(VENV)/.dev ## Write the newest allowed versions of all dependencies into the lock files
	@$(LOCK) -o requirements/run.txt
	@$(LOCK) --extra postgres -c requirements/run.txt -o requirements/postgres.txt
	@$(LOCK) --extra postgres --extra otel -c requirements/postgres.txt -o requirements/otel.txt
	@$(LOCK) --extra postgres --extra otel --group dev -c requirements/otel.txt -o requirements/dev.txt

clean: ## Remove .venv and all caches
	rm -rf $(VENV) .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help install demo serve lint format test test-all quick quick-tests revision screenshots bench bench-quick lock clean
