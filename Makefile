# Undersigned. `make run` and `make test` need python3 (3.11 or newer), python3-venv and make; they fetch the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export PYTHONDONTWRITEBYTECODE =

.PHONY: run test lint bench crash lock messages migrations clean

run: $(VENV)/.run  ## start the server with a demo organisation
	@exec $(BIN)/undersigned serve

test: $(VENV)/.dev  ## all tests
	@$(BIN)/python -m tests.run

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks.run

crash: $(VENV)/.dev  ## kill it a thousand times at random, and break what it stands on
	@$(BIN)/python -m tests.crash.run

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing Undersigned into $(VENV) (first start only)"
	$(BIN)/python -m pip install -q --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.run
	$(BIN)/python -m pip install -q --require-hashes -r requirements/dev.txt
	@touch $@

lock:  ## resolve anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build -o requirements/run.txt pyproject.toml
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra build --extra dev -c requirements/run.txt -o requirements/dev.txt pyproject.toml

messages: $(VENV)/.dev  ## bring the catalogues of all languages up to the sources (needs GNU gettext)
	$(BIN)/python -m tests.messages

migrations: $(VENV)/.dev  ## write each room's one migration anew from the models
	$(BIN)/python -m tests.migrations

clean:
	rm -rf $(VENV) data
