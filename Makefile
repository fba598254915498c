# Everything sets itself up: a virtual environment in .venv, dependencies, caches. Needs Python 3.11+, make and git.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test bench lint clean
.DELETE_ON_ERROR:

# Photos of people to a recognised face on an emulated chip. PHOTOS=folder uses your own: a folder per person;
# TARGET=name takes another chip, with the shipped model that runs there.
demo: $(VENV)/.demo
	$(BIN)/microface demo --output build/demo $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(TARGET),--target "$(TARGET)")

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 $(TESTS)

bench: $(VENV)/.dev
	$(BIN)/microface bench --json build/bench.json

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("microface needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[emulator]'
	touch $@

# LiteRT, which files are compared with, does not come for every computer: without it those tests skip.
$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(PIP) --editable '.[emulator,train,dev]'
	-$(PIP) --editable '.[convert]'
	touch $@ $(VENV)/.demo

clean:
	rm -rf build $(VENV)
