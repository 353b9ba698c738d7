# `make help` lists the targets. Everything is installed below this folder (.tools, .venv, .data); nothing else is touched.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= 3.11
PORT ?= 8080
NEWEST ?= $(firstword $(wildcard /usr/bin/python3.13 /usr/local/bin/python3.13 $(HOME)/.pyenv/versions/3.13*/bin/python3.13))
UV := .tools/uv/bin/uv
BIN := .venv/bin

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-18s %s\n", $$1, $$2}'

.PHONY: shop
shop: .venv/synced ## Run the whole shop on this machine; PORT=8080, HA=1 for replicated stores, FEED=file for another catalogue
	@exec $(BIN)/python -m myclothes_devshop --port $(PORT) $(if $(HA),--ha) $(if $(FEED),--feed $(FEED))

.PHONY: test
test: check unit newest browser ## Everything that must pass: the gate, unit, integration, failover and browser tests

.PHONY: check
check: .venv/synced ## The gate: lint, types, layers, dependencies, security, Dockerfiles, generated documents, the chart
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	for part in k8s-tests/cluster k8s-tests/ladder k8s-tests/rig libs/* services/* tools/*; do (cd $$part && $(CURDIR)/$(BIN)/deptry src >/dev/null 2>deptry.log || { cat deptry.log; rm deptry.log; exit 1; }; rm deptry.log); done
	$(BIN)/bandit -q -c pyproject.toml -r k8s-tests libs services tools -x '*/tests/*'
	$(BIN)/yamllint --strict .
	$(BIN)/hadolint images/*/Dockerfile
	$(BIN)/pytest -q -k "up_to_date or documented or lint" services/*/tests/integration/test_openapi.py charts/tests/test_papers.py charts/tests/test_render.py

.PHONY: unit
unit: .venv/synced ## Unit, integration and failover tests, on real stores
	$(BIN)/pytest -n 2 --dist loadfile -m "not browser and not cluster and not proof" $(PYTEST)

.PHONY: proofs
proofs: .venv/synced ## Minutes of faults: carts' primary killed and frozen, the ledger against a broken shop, the pods of Valkey, its primary moved and killed at each step
	$(BIN)/pytest -n 2 --dist loadfile -m proof $(PYTEST)

.PHONY: newest
newest: $(UV) ## Unit tests and the cart's integration tests on Python 3.13, where there is one
	@if [ -n "$(NEWEST)" ]; then \
	  UV_PROJECT_ENVIRONMENT=.venv-3.13 $(UV) sync --frozen --quiet --python $(NEWEST); \
	  .venv-3.13/bin/pytest -n 2 --dist loadfile $(wildcard libs/*/tests/unit services/*/tests/unit tools/*/tests/unit) services/cart/tests/integration/test_carts.py $(PYTEST); \
	else echo "there is no Python 3.13 here: its tests are left out"; fi

.PHONY: browser
browser: .venv/synced ## Browser tests in Chromium through the running shop
	@command -v chromium >/dev/null || { echo "make browser needs Chromium: apt-get install chromium" >&2; exit 1; }
	$(BIN)/pytest -m browser $(PYTEST)

.PHONY: images
images: .venv/synced ## Build the container images, by docker or buildah, and print their sizes
	@$(BIN)/python -m myclothes_cluster images

.PHONY: cluster
cluster: .venv/synced ## Boot a three-zone cluster with the images; CLUSTER=rig (this machine, as root), kind or current
	@$(BIN)/python -m myclothes_cluster up

.PHONY: install
install: .venv/synced ## Install the shop in the cluster, or bring it up to date
	@$(BIN)/python -m myclothes_cluster install

.PHONY: test-cluster
test-cluster: .venv/synced ## Cluster tests: whole, under load, upgraded, with pods and zones lost
	$(BIN)/pytest k8s-tests -m "cluster and not full" $(PYTEST)

.PHONY: test-cluster-full
test-cluster-full: .venv/synced ## All cluster tests, also those too slow for every change
	$(BIN)/pytest k8s-tests -m cluster $(PYTEST)

.PHONY: cluster-down
cluster-down: .venv/synced ## End the cluster and leave nothing of it
	@$(BIN)/python -m myclothes_cluster down

.PHONY: ladder
ladder: .venv/synced ## Measure where carts can be kept, rung by rung, on the rig, and write docs/ladder.md; RUNG=cookie for one
	@$(BIN)/python -m myclothes_cluster up
	@$(BIN)/python -m myclothes_ladder run $(RUNG)

.PHONY: campaign
campaign: .venv/synced ## Break the shop FAULTS times, drawn by SEED, and look for losses; GROUND=rig, CONTROL=guard, ONLY=kinds, RATE, WRITES, FROM, ROLL
	@$(if $(filter rig,$(GROUND)),$(BIN)/python -m myclothes_cluster up)
	@$(BIN)/python -m $(if $(filter rig,$(GROUND)),myclothes_cluster.campaign,myclothes_campaign) \
	  $(foreach word,FAULTS SEED RATE WRITES FROM CONTROL ROLL,$(if $($(word)),--$(shell tr A-Z a-z <<< $(word)) $($(word)))) $(if $(ONLY),--only "$(ONLY)")

.PHONY: bench
bench: .venv/synced ## Measure throughput, CPU and latency as ratios against baselines of the same run
	@command -v nginx >/dev/null || { echo "make bench needs nginx: apt-get install nginx-light" >&2; exit 1; }
	$(BIN)/python -m bench

.PHONY: format
format: .venv/synced ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

.PHONY: clean
clean: ## Remove the shop's data, the tools and the caches
	rm -rf .data .venv .venv-3.13 .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis artefacts

$(UV):
	@command -v python3 >/dev/null || { echo "Python 3.11 or newer is missing: apt-get install python3 python3-venv" >&2; exit 1; }
	@python3 -m venv .tools/uv || { echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9,<1'

.venv/synced: $(UV) uv.lock pyproject.toml $(wildcard k8s-tests/*/pyproject.toml libs/*/pyproject.toml services/*/pyproject.toml tools/*/pyproject.toml)
	@$(UV) sync --frozen --quiet --python $(PYTHON) || { echo "uv found no Python $(PYTHON) or could not reach the package index" >&2; exit 1; }
	@touch $@
