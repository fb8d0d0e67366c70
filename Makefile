# Every target works on a fresh clone; `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Most tests wait more than they work, so three at a time suit two processors too.
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help install run test check bench faults fuzz kafka format lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 16

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Wirewatch needs Python 3.11 or newer") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

install: $(STAMP)  ## create .venv with the locked dependencies

run: $(STAMP)  ## start the monitor, with the founding story as a live replay
	$(BIN)/wirewatch run --config alerts.yaml --replay examples/october-2015

check: $(STAMP)  ## ruff, mypy strict, import-linter and pytest: what CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

test: check  ## the same as check

bench: $(STAMP)  ## measure: streams, latency, topics, stories, backtests, polls, many feeds
	$(BIN)/python bench/streams.py
	$(BIN)/python bench/latency.py
	$(BIN)/python bench/topics_quality.py tests/data/items.jsonl
	$(BIN)/python bench/stories.py
	$(BIN)/python bench/reload.py
	$(BIN)/python bench/backtest.py
	$(BIN)/python bench/polls.py
	$(BIN)/python bench/schedule.py
	$(BIN)/python bench/feeds.py --seconds 60

faults: $(STAMP)  ## the long fault campaign: twenty kills of each kind, outages, hostile feeds
	WIREWATCH_KILLS=20 $(BIN)/pytest tests/faults
	WIREWATCH_HOSTILE_SECONDS=120 $(BIN)/pytest tests/edges/feeds/test_neighbours.py

fuzz: $(STAMP)  ## ten processor-minutes of broken feeds through the parse worker
	WIREWATCH_FUZZ_SECONDS=600 $(BIN)/pytest tests/edges/feeds/test_fuzz.py

kafka:  ## fetch and start a real Kafka on loopback, in the foreground
	$(PYTHON) deploy/kafka/start.py

format: $(STAMP)  ## let ruff rewrite the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

LOCK := .venv-lock/bin/uv pip compile --quiet --generate-hashes \
  --no-header --universal --python-version 3.11

lock:  ## write the three lock files anew from pyproject.toml
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet uv
	$(LOCK) --group dev pyproject.toml -o requirements.lock
	$(LOCK) -c requirements.lock pyproject.toml -o requirements-run.lock
	$(LOCK) -c requirements.lock --group build -o requirements-build.lock
	rm -rf .venv-lock

clean:  ## remove what running left behind, but not your data in var/
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
