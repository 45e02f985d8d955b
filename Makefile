# Everything runs in .venv, made from any Python >= 3.11 with venv. Repeated calls install nothing.
PYTHON ?= python3
ARGS ?=
PIP := .venv/bin/python -m pip install --quiet --disable-pip-version-check
LOCK := .venv/bin/uv pip compile pyproject.toml --quiet --generate-hashes --no-emit-index-url --universal \
	--python-version 3.11 --custom-compile-command "make lock"

.PHONY: help install demo run test chaos coverage train measure bench format texts lock clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

install: .venv/.runtime ## Only install, into .venv

demo: .venv/.runtime ## Three months with eight patients in under a minute; ARGS="--port 8080" to play along
	@.venv/bin/aftercare demo $(ARGS)

run: .venv/.runtime ## The bot itself, with the settings in .env
	@.venv/bin/aftercare run $(ARGS)

test: .venv/.dev ## Every check: lint, types, imports, tests, browser, demo
	@.ci/test

chaos: .venv/.dev ## Real processes under fire, on both databases, about half an hour; ARGS="--seed 7" repeats a run
	@.venv/bin/python -m tests.chaos --full $(ARGS)

coverage: .venv/.dev ## Branch coverage of the core and of the flows
	.venv/bin/pytest -n auto -m "not browser" --cov --cov-report=term-missing:skip-covered

train: .venv/.dev ## Train the free-text net from its sentences: minutes, the same bytes each time
	.venv/bin/aftercare pathway train $(ARGS)

measure: .venv/.runtime ## How well the free-text net does on messages that it was not trained on
	@.venv/bin/aftercare pathway measure --set test $(ARGS)

bench: .venv/.dev ## How fast it is beside what people would otherwise use, on both databases; ARGS="--only wave", ARGS=--json
	@.venv/bin/python -m tests.benchmarks --database both $(ARGS)

format: .venv/.dev ## Mend what the linter can, and format
	.venv/bin/ruff check --fix
	.venv/bin/ruff format

texts: .venv/.dev ## Collect the interface texts and bring the translations up to date
	@.venv/bin/pybabel --quiet extract -F bot/locale/babel.cfg -k N_ -k plural:1,2 --sort-by-file --no-location \
		--omit-header -o bot/locale/aftercare.pot bot
	@for po in bot/locale/*.po; do \
		.venv/bin/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --omit-header \
			-i bot/locale/aftercare.pot -o $$po -l $$(basename $$po .po) || exit 1; done
	@.venv/bin/pytest -q tests/bot/test_texts.py

lock: .venv/.dev ## Pin the newest allowed version of every dependency, with hashes
	$(PIP) --require-hashes -r requirements/lock.txt
	$(LOCK) --upgrade --group dev --group build -o requirements/dev.txt
	$(LOCK) -c requirements/dev.txt -o requirements/runtime.txt
	$(subst pyproject.toml,,$(LOCK)) -c requirements/dev.txt --group build -o requirements/build.txt
	$(subst pyproject.toml,,$(LOCK)) --upgrade --group lock -o requirements/lock.txt

clean: ## Remove what was made here, .venv included
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
	find bot schedules migrations tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.python: .ci/venv
	@.ci/venv $(PYTHON)
	@touch $@

.venv/.runtime: .venv/.python requirements/runtime.txt requirements/build.txt pyproject.toml
	@echo "Installing what Aftercare needs into .venv"
	@$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	@$(PIP) --no-build-isolation --no-deps --no-index -e .
	@touch $@

.venv/.dev: .venv/.runtime requirements/dev.txt
	@echo "Installing the tools of the tests into .venv"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@
