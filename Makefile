# Everything a person does with this tree; `make help` lists it.
PYTHON ?= python3
VENV   := .venv
LOWEST := .venv-lowest
MQTT   := .venv-mqtt
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo stack test lint format docs pictures lowest bench soak fuzz clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.app ## run the exporter on two simulated clouds: no account, no internet
	@exec $(BIN)/home-exporter demo

stack: $(VENV)/.app ## run the demo with Prometheus and Alertmanager: what would reach a phone
	@scripts/debian-packages prometheus prometheus-alertmanager
	@exec $(BIN)/python -m scripts.stack

test: $(VENV)/.dev ## install what the tests need, and run them
	@scripts/debian-packages prometheus prometheus-alertmanager chromium fonts-dejavu-core
	@$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal $(PYTEST_ARGS)

lint: $(VENV)/.dev ## ruff, mypy and the generated documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m scripts.document_metrics --check
	$(BIN)/python -m scripts.document_alerts --check
	$(BIN)/python -m scripts.document_faults --check
	$(BIN)/python -m dashboards.generator --check

format: $(VENV)/.dev ## put the code in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev ## write the documents and dashboards that are made from the code
	$(BIN)/python -m scripts.document_metrics
	$(BIN)/python -m scripts.document_alerts
	$(BIN)/python -m scripts.document_faults
	$(BIN)/python -m dashboards.generator

lowest: ## run the tests of the wire on the lowest versions that pyproject.toml allows
	@scripts/environment $(PYTHON) $(LOWEST)
	@$(LOWEST)/bin/python scripts/lowest_bounds.py > $(LOWEST)/constraints.txt
	@$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/constraints.txt \
		--editable . --group test
	@$(LOWEST)/bin/python -m pytest tests/flow tests/rest tests/exposition $(PYTEST_ARGS)

pictures: $(VENV)/.dev ## photograph the pages for the README
	@scripts/debian-packages chromium fonts-dejavu-core
	@$(BIN)/python -m scripts.pictures

bench: $(VENV)/.dev $(MQTT)/.bench ## measure against peers what it all costs: docs/performance.md
	@scripts/debian-packages prometheus prometheus-alertmanager mosquitto \
		golang golang-github-prometheus-client-golang-dev
	$(BIN)/python -m tests.bench --mqtt-python=$(MQTT)/bin/python $(BENCH_ARGS)

soak: $(VENV)/.dev ## live through 30 days on a virtual clock and a minute of faults: docs/soak.md
	$(BIN)/python -m tests.soak 1 30 60

fuzz: $(VENV)/.dev ## throw 100,000 broken payloads, events and callbacks at the mappings
	$(BIN)/python -m tests.fuzz.run 100000 1

clean: ## remove the environment and what tools left behind
	rm -rf $(VENV) $(LOWEST) $(MQTT) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(VENV)/.app: pyproject.toml
	@scripts/environment $(PYTHON) $(VENV)
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.app
	@$(BIN)/python -m pip install --quiet --group test --group lint
	@touch $@

# mqtt-exporter, which the benchmarks compare with, asks for a prometheus-client of its own.
$(MQTT)/.bench: pyproject.toml
	@scripts/environment $(PYTHON) $(MQTT)
	@$(MQTT)/bin/python -m pip install --quiet --group bench
	@touch $@
