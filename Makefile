# The doors for people: everything runs inside .venv, made on first use from the locks.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check bench lock chromium
MAKEFLAGS += --no-print-directory

PYTHON ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
export PIP_ROOT_USER_ACTION := ignore
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.run chromium ## Simulated shops, a crawl, proposals and the mails they lead to (ARGS=… is passed on)
	@$(BIN)/pricevane demo $(ARGS)

test: .venv/.dev chromium ## Every test, on real databases, servers and a real browser (ARGS=… is passed on)
	@$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

check: .venv/.dev ## Linter, formatting, types, and whether the migrations build the tables
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@folder=$$(mktemp -d) && trap 'rm -r "$$folder"' EXIT && \
		$(BIN)/alembic -x url=sqlite:///$$folder/check.db upgrade head && \
		$(BIN)/alembic -x url=sqlite:///$$folder/check.db check

bench: .venv/.dev chromium ## Answer the questions in benchmarks/, one file each, and write benchmarks/report.md (ARGS=…)
	@$(BIN)/python -m benchmarks $(ARGS)

setup: .venv/.run chromium ## Install pricevane into .venv and find a Chromium

chromium: .venv/.run
	@$(BIN)/python -m pricevane.chromium

.venv/.run: requirements.lock pyproject.toml
	@echo "setup: installing pricevane and what it needs into .venv (one or two minutes the first time)"
	@for python in $(PYTHON) $(if $(PYTHON),,python3.11 python3 python3.12 python3.13); do \
		if "$$python" -c '$(FITS)' 2>/dev/null; then exec "$$python" -m venv .venv; fi; \
	done; echo "setup: pricevane needs Python 3.11, 3.12 or 3.13 ($(or $(PYTHON),python3) is not); name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.run
	@echo "setup: installing the development tools into .venv"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# $(1): the lock to write, $(2): the dependency groups. Versions stay unless UPGRADE=--upgrade is given.
define compile
	@PATH="$$PATH:$(CURDIR)/$(BIN)" uv pip compile pyproject.toml $(2) $(UPGRADE) --quiet --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o $(1)
	@{ echo '# Pinned with hashes for Python 3.11 to 3.13; made by "make lock".'; cat $(1); } > $(1).new
	@mv $(1).new $(1)
endef

lock: .venv/.run ## Pin the dependencies of pyproject.toml anew (UPGRADE=--upgrade for newer versions)
	@command -v uv >/dev/null || test -x $(BIN)/uv || $(PIP) install uv
	$(call compile,requirements.lock,--group build)
	$(call compile,requirements-dev.lock,--group build --group dev)
