# Ekiden's commands. Needs Python 3.11 to 3.13 and make; everything else is installed into .venv by the first command.

PYTHON ?= python3
CONFIG ?= relay.toml
STAGE ?= prod
PORT ?= 8080
SEEDS ?= 200
SEED_FROM ?= 0
TIMES ?= 1

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo test check unit stack browser chaos simulate simulate-mutants mutants-planning readings fuzz serve deploy bench clean

help:
	@echo "make demo              the whole relay on this machine, with vendors' sandboxes (ONCE=1 ends by itself)"
	@echo "make serve CONFIG=…    the packaged relay on this machine, with your relay.toml (PORT=8080)"
	@echo "make test              linter, types, and all tests"
	@echo "make simulate SEEDS=1000  random days on a virtual clock (SEED_FROM=k: play one again)"
	@echo "make simulate-mutants  break the code on purpose: does the simulation notice?"
	@echo "make fuzz TIMES=10     hostile inputs to every door: how many were tried"
	@echo "make mutants-planning  every small change of the planning room: do its tests notice?"
	@echo "make chaos             the packaged relay hurt on this machine: what is lost? (a few minutes)"
	@echo "make readings          every point that a vendor's documents leave open, in every reading: a table"
	@echo "make browser           forms and pages in a real Chromium"
	@echo "make bench             figures: CPU, requests to AWS, cold start, files"
	@echo "make deploy STAGE=prod CONFIG=relay.toml   to AWS"

$(READY): requirements.txt requirements-dev.txt pyproject.toml
	@echo "• installing what Ekiden needs into $(VENV) (a minute, once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(READY)

demo: $(READY)
	@exec $(BIN)/python -m tests.demo $(if $(ONCE),--once)

serve: $(READY)
	@exec $(BIN)/python -m chalicelib.ops.serve --config "$(CONFIG)" --port "$(PORT)"

deploy: $(READY)
	@exec $(BIN)/python -m chalicelib.ops.deploy --stage "$(STAGE)" --config "$(CONFIG)" $(if $(KEY),--key "$(KEY)") $(if $(FORCE),--force)

test: check unit stack

check: $(READY)
	@echo "• ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@echo "• mypy"
	@$(BIN)/mypy

unit: $(READY)
	@echo "• unit, contract and scenario tests"
	@$(BIN)/pytest -q -n 2 -m "not stack and not browser"

stack: $(READY)
	@echo "• tests on the embedded local AWS"
	@$(BIN)/pytest -q -m stack

simulate: $(READY)
	@$(BIN)/python -m tests.simulation --seeds $(SEEDS) --from $(SEED_FROM)

simulate-mutants: $(READY)
	@$(BIN)/python -m tests.simulation.mutants

fuzz: $(READY)
	@FUZZ_TIMES=$(TIMES) $(BIN)/python -m tests.fuzzing

mutants-planning: $(READY)
	@$(BIN)/python -m tests.mutants

chaos: $(READY)
	@exec $(BIN)/python -m tests.chaos

readings: $(READY)
	@$(BIN)/python -m tests.scenarios.readings

browser: $(READY)
	@$(BIN)/python -m tests.browser.chromium
	@echo "• tests in a real browser, on the embedded local AWS"
	@$(BIN)/pytest -q -m browser tests/browser

bench: $(READY)
	@$(BIN)/python -m bench

clean:
	rm -rf $(VENV) .ekiden .mypy_cache .ruff_cache .pytest_cache .hypothesis
