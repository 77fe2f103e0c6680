# One verb a thing people do here. Each sets up what it needs and leaves a working environment in .venv.
# All that must be there before is Python 3.11 or newer; uv is brought in, in a pinned version.

UV_VERSION := 0.13.9
VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/.uv-$(UV_VERSION)
READY := $(VENV)/.ready
export PIP_DISABLE_PIP_VERSION_CHECK := 1
ARGS ?=

# A pyenv shim exists even where the version behind it does not: so each candidate has to run, not only be found.
CANDIDATES := python3 python3.13 python3.12 python3.11 python
PYTHON ?= $(shell for candidate in $(CANDIDATES); do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$candidate"; break; }; done)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench chaos corpus docs fuzz interop mutants faults lock format clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

setup: $(READY) ## make .venv from requirements.lock, with this checkout installed editable

demo: $(READY) ## a hospital and an agency exchange a caseload over a real FHIR server
	$(PY) -m fhircase demo $(ARGS)

test: $(READY) ## the tests; ARGS="-k name" picks some
	$(PY) -m pytest -m "not interop" -n auto $(ARGS)

interop: $(READY) ## the tests against HAPI servers and HL7's validator; needs Java 17 and Maven
	$(PY) -m pytest -m interop tests/conformance $(ARGS)

check: $(READY) ## style, types, the architecture, and links in the documents
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m pytest -q tests/docs/test_links.py

fuzz: $(READY) ## 100,000 spoilt resources and records: never anything but a value or an error of ours
	FUZZ_EXAMPLES=100000 $(PY) -m pytest -n auto tests/fuzz $(ARGS)

mutants: $(READY) ## change the mapping engine in small ways, 400 of them; the tests have to notice; ARGS=NUMBER
	$(PY) scripts/mutants $(ARGS)

faults: $(READY) ## put named faults into the exchange, one at a time; the state machine has to notice; ARGS=NAMES
	$(PY) scripts/faults.py $(ARGS)

chaos: $(READY) ## pushes that are killed, over a way that fails; ARGS="--records 1000 --seeds 20" for the whole of it
	$(PY) -m tests.chaos $(ARGS)

bench: $(READY) ## against named peers, side by side in one run
	$(PY) -m benchmarks $(ARGS)

corpus: $(READY) ## check the mappings' laws on a folder of resources: ARGS="folder"
	$(PY) scripts/corpus.py $(ARGS)

docs: $(READY) ## write the pages about the mappings; run every example of README.md and docs/how-to
	$(PY) -m fhircase mappings docs -o docs/mappings
	$(PY) -m pytest -m "not interop" tests/docs $(ARGS)

format: $(READY) ## let ruff lay out the code
	$(PY) -m ruff format .

lock: $(UV) ## resolve pyproject.toml anew into requirements.lock; ARGS=--upgrade for newer versions
	$(PY) -m uv pip compile --system-certs --quiet --universal --python-version 3.11 --all-extras --group dev \
	  --generate-hashes --no-emit-index-url --custom-compile-command "make lock" $(ARGS) \
	  pyproject.toml --output-file requirements.lock

tables: $(READY) ## what FHIR and guides say, as tables, anew; ARGS=FOLDER with their packages
	$(PY) scripts/tables $(ARGS)

clean: ## remove .venv and everything that was generated
	rm -rf $(VENV) dist build mutants .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# The lock holds every version and hash; the second install adds this checkout and may resolve nothing.
# A workplace's own certificates are in the system's store; its own index may be in pip's settings, which uv does not read.
$(READY): $(UV) pyproject.toml requirements.lock
	$(PY) -m uv pip install --system-certs --python $(PY) --quiet --require-hashes -r requirements.lock \
	  || $(PY) -m pip --quiet install --require-hashes -r requirements.lock
	$(PY) -m pip --quiet install --no-deps --no-build-isolation --editable .
	@touch $@

$(UV): $(PY)
	$(PY) -m pip --quiet install "uv==$(UV_VERSION)"
	@touch $@

# Debian's python3 comes without ensurepip unless python3-venv is installed: then the system's pip fills the .venv.
$(PY):
	@test -n "$(PYTHON)" || { echo "fhircase needs Python 3.11 or newer, and none of these runs here:" \
	  "$(CANDIDATES). Install one, or name it: make PYTHON=/path/to/python" >&2; exit 2; }
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV) >/dev/null 2>&1 \
	  || { rm -rf $(VENV); "$(PYTHON)" -m venv --without-pip $(VENV) \
	       && "$(PYTHON)" -m pip --python $(PY) --quiet install pip; } \
	  || { rm -rf $(VENV); echo "$(PYTHON) can make no virtual environment: it lacks venv, or ensurepip and pip." \
	       "On Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
