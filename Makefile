# Each target sets up whatever it needs; what is set up and built already is not made again.
VENV := .venv
BIN := $(VENV)/bin
LOOKS_IN := $(wildcard hblib chapters solutions exercises tools web)
SOURCES := _config.yml _toc.yml package.json package-lock.json CITATION.cff LICENSE \
	$(shell find $(LOOKS_IN) -type f -not -path '*/__pycache__/*' -not -path '*/.*')

# What tells tools/book/published.py where the course is published.
ADDRESS := $(strip $(BOOK_REPOSITORY) $(BOOK_ADDRESS) $(GITHUB_REPOSITORY) \
	$(shell test ! -e .git || git remote get-url origin 2>/dev/null))

# The matrices here are small: threads would wait for each other longer than they compute.
export OMP_NUM_THREADS := 1

# With numba's fast mathematics, code that comes from the compile cache may round otherwise than code compiled afresh,
# and then one seed gives two results.
export PYTENSOR_FLAGS := numba__fastmath=False

# A test run starts Python hundreds of times; each finds compiled what an earlier one has compiled, whatever the shell
# says.
export PYTHONDONTWRITEBYTECODE :=

# Programs keep caches and settings in the home folder. Where it cannot be written, the environment holds one.
ifneq ($(shell test -w "$$HOME" && echo writable),writable)
export PYENV_ROOT ?= $(HOME)/.pyenv
export HOME := $(abspath $(VENV))/home
endif

# An environment names its own place in many of its files, so one that was moved is made anew.
MOVED := $(shell test ! -e $(VENV)/.ready || test "$$(cat $(VENV)/.ready)" = "$$(cd $(VENV) && pwd -P)" || rm -f $(VENV)/.ready)

.PHONY: help book pdf test check page grader exercises bench lab format lock plain-sphinx linkcheck clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' Makefile

book: _build/html/.checked ## build the website and check it
	@echo "The site is in _build/html. Open file://$(CURDIR)/_build/html/index.html"
	@echo "or serve it: $(BIN)/python -m http.server --directory _build/html 8000"

pdf: _build/html/.checked $(VENV)/.tests ## the whole book as one PDF, by Chromium, in _build/pdf
	tools/browser.sh
	$(BIN)/python tools/pdf.py _build/html _build/pdf/book.pdf

test: _build/html/.checked $(VENV)/.tests ## build the book, then run every test: style, hblib, pages, the site, the grader
	tools/sandbox.sh
	tools/browser.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 $(PYTEST)

check: $(VENV)/.tests ## style, types and the tests of hblib, in a few minutes: without pages, site, NUTS, exercises and the grader
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 hblib tests --ignore tests/pages -m "not nuts and not site and not exercise and not sandbox and not web" $(PYTEST)

page: $(VENV)/.tests ## run one page or exercise and its tests, then build the site: make page PAGE=05-empirical-bayes
	@test -n "$(PAGE)" || { echo "Which page? For example: make page PAGE=05-empirical-bayes"; exit 2; }
	files=$$(PYTHONPATH=tools/book $(BIN)/python -m tests.pages.names "$(PAGE)") && \
		{ test -z "$$files" || $(BIN)/python -m pytest $$files; }
	$(MAKE) book

grader: $(VENV)/.ready ## set up what grading a class needs, and see whether this machine can
	tools/sandbox.sh
	$(BIN)/hblib doctor

exercises: $(VENV)/.ready ## write the students' notebooks in exercises/ anew from solutions/
	$(BIN)/python -m hblib.coursework

bench: $(VENV)-bench/.ready ## time hblib against its peers (some minutes; the table goes to benchmarks/results.md)
	$(VENV)-bench/bin/python benchmarks/bench.py --out benchmarks/results.json

lab: $(VENV)/.ready ## open the pages as notebooks in JupyterLab
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/chapters/index.md

format: $(VENV)/.tests ## tidy the Python code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/.ready ## pin requirements*.txt anew from pyproject.toml (UPGRADE=--upgrade: the newest of everything)
	tools/lock.sh $(BIN)/uv $(UPGRADE)

clean: ## remove everything that was built, but not the environment
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis

# Of pyproject.toml an environment holds what `make lock` has pinned; the course itself is used where it stands.
$(VENV)/.ready: requirements.txt setup.py tools/setup.sh .binder/postBuild
	rm -rf $(VENV)
	tools/setup.sh $(VENV) requirements.txt
	PATH="$$(cd $(BIN) && pwd):$$PATH" .binder/postBuild
	@(cd $(VENV) && pwd -P) > $@

$(VENV)/.tests: $(VENV)/.ready requirements-test.txt requirements-dev.txt
	tools/setup.sh $(VENV) requirements-test.txt requirements-dev.txt
	@touch $@

$(VENV)-bench/.ready: requirements.txt setup.py tools/setup.sh benchmarks/requirements.txt
	rm -rf $(VENV)-bench
	tools/setup.sh $(VENV)-bench requirements.txt
	tools/setup.sh $(VENV)-bench benchmarks/requirements.txt
	@touch $@

# Another environment is a clean start. Which pages other code makes run again, tools/book/page_code.py knows.
_build/.environment: $(VENV)/.ready
	rm -rf _build
	@mkdir -p _build && touch $@

# Buttons and links name the course's address: with another one, the pages are written anew.
_build/.address: _build/.environment
	@echo '$(ADDRESS)' > $@
ifneq ($(shell cat _build/.address 2>/dev/null),$(ADDRESS))
.PHONY: _build/.address
endif

# The stamp is as old as the build's beginning, so that what was edited meanwhile is built next time.
_build/html/.checked: _build/.environment _build/.address $(SOURCES)
	@touch _build/.begun
	$(BIN)/jupyter-book build . -W -n --keep-going
	$(BIN)/python tools/book/check_site.py _build/html
	@touch -r _build/.begun $@

plain-sphinx: $(VENV)/.ready $(VENV)-sphinx/.ready ## build the site by the newest Sphinx instead of Jupyter Book, in _build/plain
	tools/plain_sphinx.sh $(VENV)-sphinx _build/plain

# The newest versions of everything: that is what the build by another route is to tell of.
$(VENV)-sphinx/.ready: pyproject.toml tools/plain_sphinx.txt tools/setup.sh
	rm -rf $(VENV)-sphinx
	tools/setup.sh $(VENV)-sphinx tools/plain_sphinx.txt
	@touch $@

linkcheck: _build/html/.checked ## see whether the addresses that the pages link to still answer
	$(BIN)/jupyter-book build . --builder linkcheck
