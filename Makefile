# `make` alone prints the targets. Nothing but Python 3.11+, git and make is needed; all else goes into .venv.
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,$(shell $(p) -c 'import sys; print("$(p)" * (sys.version_info >= (3, 11)))' 2>/dev/null)))
BIN := .venv/bin
CORE := model kinds scheduling loading planning decisions
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-strip-extras --python-version 3.11 --exclude-newer '7 days'
.DEFAULT_GOAL := help
# Without kept bytecode every process compiles all it imports, which takes longer than most of what is run here.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup wheel demo test test-slow test-pythons coverage check schemas golden site bench lock servers peers policies openapi

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: .venv/installed ## install the locked, hashed requirements into .venv
.venv/installed: requirements-dev.lock pyproject.toml requirements.in requirements-sandbox.in requirements-daemon.in
	@test -n "$(PYTHON)" || { echo "make setup: no Python 3.11 or newer found. Install one, or name it: make setup PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "make setup: $(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "setting up .venv with $$($(PYTHON) --version), about half a minute"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@# The locked pip first: resolving the hashed lock takes it a third of the time an older one needs.
	@sed -n '/^pip==/,/# via/p' requirements-dev.lock > .venv/pip.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/pip.lock
	@$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . 2> .venv/editable.log || { cat .venv/editable.log; exit 1; }
	@touch $@

wheel: setup ## build dist/*.whl of the last commit: the same bytes from the same commit, on any machine
	@rm -rf .venv/wheel && mkdir -p .venv/wheel dist
	@umask 022 && git archive HEAD | tar --extract --no-same-permissions --directory .venv/wheel
	@umask 022 && SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .venv/wheel
	@sha256sum dist/*.whl

demo: setup ## guided tour on an embedded AWS, no account needed
	@$(BIN)/envctl demo

test: setup ## run all tests but the slow ones: make test ARGS="-k epoch"
	@$(BIN)/pytest -m "not slow" -n 3 --dist worksteal $(ARGS)
test-slow: setup servers policies openapi ## run the slow tests, some of them on the other AWS look-alike
	@$(BIN)/pytest -m slow -n 2 --dist worksteal $(ARGS)
test-pythons: setup ## run tests on the other Pythons that this machine has: make test-pythons ARGS=tests
	@.ci/pythons $(ARGS)
coverage: setup ## unit tests, which must cover every branch of the pure core
	@$(BIN)/pytest -q -n 2 $(wildcard $(patsubst %,tests/unit/%,$(CORE) ledger engine targets views)) $(CORE:%=--cov=controller.%) --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100 $(ARGS)

check: setup ## everything CI checks but the tests: format, lint, types, imports, schemas, house rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@rm -rf .venv/schemas; $(BIN)/envctl schema --write .venv/schemas
	@diff -r schemas .venv/schemas || { echo "schemas/ is not what the models say: run make schemas"; exit 1; }
	$(BIN)/pytest -q tests/architecture

schemas: setup ## write schemas/ from the models
	$(BIN)/envctl schema --write schemas
golden: setup ## rewrite the golden plans; read the diff before you commit it
	$(BIN)/pytest -q tests/golden --rewrite-golden $(ARGS)
site: .venv-docs/installed ## build the pages of docs/ into build/site, with search; a broken link ends it
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --quiet --strict
	@echo "build/site: to read it, python3 -m http.server --bind 127.0.0.1 --directory build/site"
bench: setup servers peers ## run the benchmarks against their limits: make bench NAME=apply ARGS="--creates 2000"
	@for name in $(or $(NAME),$(patsubst benchmarks/%.py,%,$(shell grep -l -e '"--check"' benchmarks/*.py))); do \
	  echo "== $$name"; $(BIN)/python -m benchmarks.$$name $(or $(ARGS),--check) || failed=1; done; exit $${failed:-0}
lock: setup ## take newer releases, at least a week old, into the locks
	$(COMPILE) --upgrade requirements.in --output-file requirements.lock
	$(COMPILE) --upgrade requirements.in requirements-sandbox.in -c requirements.lock --output-file requirements-sandbox.lock
	$(COMPILE) --upgrade requirements.in requirements-daemon.in -c requirements-sandbox.lock --output-file requirements-daemon.lock
	for name in dev docs servers peers policies openapi; do $(COMPILE) --upgrade requirements-$$name.in --output-file requirements-$$name.lock || exit 1; done
.venv-docs/installed: requirements-docs.lock | setup
	@$(PYTHON) -m venv .venv-docs
	@$(BIN)/python -m pip --python .venv-docs/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	@touch $@
servers: .venv-servers/installed ## install the other AWS look-alike, for benchmarks and conformance tests
.venv-servers/installed: requirements-servers.lock | setup
	@$(PYTHON) -m venv .venv-servers
	@$(BIN)/python -m pip --python .venv-servers/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements-servers.lock
	@touch $@
peers: .venv-peers/installed ## install Cloud Custodian, which schedules are measured against
.venv-peers/installed: requirements-peers.lock | setup
	@$(PYTHON) -m venv .venv-peers
	@$(BIN)/python -m pip --python .venv-peers/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements-peers.lock
	@touch $@
openapi: .venv-openapi/installed ## install what asks the HTTP interface all that its document allows, for a slow test
.venv-openapi/installed: requirements-openapi.lock | setup
	@$(PYTHON) -m venv .venv-openapi
	@$(BIN)/python -m pip --python .venv-openapi/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements-openapi.lock
	@touch $@
policies: .venv-policies/installed ## install the linter of IAM policies, which a slow test asks
.venv-policies/installed: requirements-policies.lock | setup
	@$(PYTHON) -m venv .venv-policies
	@$(BIN)/python -m pip --python .venv-policies/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements-policies.lock
	@touch $@
