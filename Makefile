# Everything a person does with this tree; `make help` lists it.
PYTHON ?= python3
VENV   := .venv
LOWEST := .venv-lowest
MQTT   := .venv-mqtt
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo stack test lint format docs site pictures lowest bench scale soak fuzz pinned pins \
	wheel wheel-test image-test clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.app ## run the exporter on two simulated clouds: no account, no internet
	@exec $(BIN)/home-exporter demo

stack: $(VENV)/.app ## run the demo with Prometheus and Alertmanager: what would reach a phone
	@scripts/debian-packages prometheus prometheus-alertmanager
	@exec $(BIN)/python -m scripts.stack

test: $(VENV)/.dev ## install what the tests need, and run them
	@scripts/debian-packages prometheus prometheus-alertmanager victoria-metrics \
		chromium fonts-dejavu-core curl jq openssl
	@$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal $(PYTEST_ARGS)

lint: $(VENV)/.dev ## ruff, mypy, the generated documents and the site
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m scripts.document_metrics --check
	$(BIN)/python -m scripts.document_configuration --check
	$(BIN)/python -m scripts.document_alerts --check
	$(BIN)/python -m scripts.document_faults --check
	$(BIN)/python -m scripts.document_map --check
	$(BIN)/python -m dashboards.generator --check
	@$(MAKE) --no-print-directory site

format: $(VENV)/.dev ## put the code in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev ## write the documents, pictures and dashboards that are made from the code
	$(BIN)/python -m scripts.document_metrics
	$(BIN)/python -m scripts.document_configuration
	$(BIN)/python -m scripts.document_alerts
	$(BIN)/python -m scripts.document_faults
	$(BIN)/python -m scripts.document_map
	$(BIN)/python -m dashboards.generator

lowest: ## run the tests of the wire on the lowest versions that pyproject.toml allows
	@scripts/environment $(PYTHON) $(LOWEST)
	@$(LOWEST)/bin/python scripts/lowest_bounds.py > $(LOWEST)/constraints.txt
	@$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/constraints.txt \
		--editable . --group test
	@$(LOWEST)/bin/python -m pytest tests/flow tests/rest tests/exposition $(PYTEST_ARGS)

site: $(VENV)/.docs ## make the documentation a site in docs/_site; a link that leads nowhere ends it
	@$(BIN)/sphinx-build -q -W --keep-going docs docs/_site
	@echo docs/_site/index.html

pictures: $(VENV)/.dev ## photograph the pages for the README
	@scripts/debian-packages chromium fonts-dejavu-core
	@$(BIN)/python -m scripts.pictures

bench: $(VENV)/.dev $(MQTT)/.bench ## measure against peers what it all costs: docs/performance.md
	@scripts/debian-packages prometheus prometheus-alertmanager mosquitto \
		golang golang-github-prometheus-client-golang-dev
	$(BIN)/python -m tests.bench --mqtt-python=$(MQTT)/bin/python $(BENCH_ARGS)

scale: $(VENV)/.dev ## measure one shard, and reckon up a fleet of 100,000 homes: docs/scale.md
	@scripts/debian-packages prometheus victoria-metrics
	$(BIN)/python -m tests.fleet.scale

soak: $(VENV)/.dev ## live through 30 days on a virtual clock and a minute of faults: docs/soak.md
	$(BIN)/python -m pytest --numprocesses=auto -m thorough tests/soak
	$(BIN)/python -m tests.soak 1 30 60

fuzz: $(VENV)/.dev ## throw 100,000 broken payloads, events and callbacks at the mappings
	$(BIN)/python -m tests.fuzz.run 100000 1

pinned: ## make the environment of the pinned versions, as CI does, and not of the newest
	@scripts/environment $(PYTHON) $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/ci.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $(VENV)/.app $(VENV)/.dev $(VENV)/.docs

pins: $(VENV)/.dev ## pin the newest versions for the image and CI, by hash
	@$(BIN)/python -m pip install --quiet --group pins
	$(BIN)/python -m scripts.pins

wheel: $(VENV)/.dev ## build the wheel and the sdist in dist/
	@rm -rf dist
	$(BIN)/python -m hatchling build --directory dist

wheel-test: wheel ## run the tests on the wheel, on pinned versions, with the source out of reach
	@scripts/wheel-test $(PYTHON) $(PYTEST_ARGS)

image-test: $(VENV)/.dev ## build the image and run it: read-only, nobody, no capabilities
	@command -v buildah podman >/dev/null || \
		scripts/debian-packages buildah podman runc conmon debootstrap uidmap
	scripts/image home-exporter:test
	$(BIN)/python -m pytest -m image tests/image $(PYTEST_ARGS)

clean: ## remove the environment and what tools left behind
	rm -rf docs/_site $(VENV) $(LOWEST) $(MQTT) .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		build dist

$(VENV)/.app: pyproject.toml
	@scripts/environment $(PYTHON) $(VENV)
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.docs: pyproject.toml $(VENV)/.app
	@$(BIN)/python -m pip install --quiet --group docs
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.app
	@$(BIN)/python -m pip install --quiet --group build --group test --group lint
	@touch $@

# mqtt-exporter, which the benchmarks compare with, asks for a prometheus-client of its own.
$(MQTT)/.bench: pyproject.toml
	@scripts/environment $(PYTHON) $(MQTT)
	@$(MQTT)/bin/python -m pip install --quiet --group bench
	@touch $@
