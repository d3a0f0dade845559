# `make serve` runs the service, `make test` runs every test; both set up what they need.
PYTHON ?= python3
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
KITH_DATA_DIR ?= data
KITH_TEST_DATA ?=
export KITH_DATA_DIR KITH_TEST_DATA

.PHONY: setup setup-door setup-openvino training-setup serve check test coverage lint types bench bench-openset bench-frames bench-peers bench-spoilt bench-degraded bench-templates bench-subject \
        bench-sizing bench-scale bench-scale-decisions bench-startup bench-mini bench-backup bench-overload bench-climb bench-door bench-events bench-paint fuzz chaos model image-test lock texts sbom audit clean

# What `make serve` sets up, without a start: then `.venv/bin/kith` runs every command.
setup: .venv/serve.installed

# The same with what `kith door` needs for cameras that send a stream.
setup-door: .venv/door.installed

# The same with OpenVINO, which gains on CPUs with AMX (docs/sizing.md).
setup-openvino: .venv/openvino.installed

serve: .venv/serve.installed
	@$(BIN)/kith serve

# For the inner loop: what needs neither torch nor a model. Of tests: each of tests/unit and tests/architecture that
# asks for no downloaded model and no photograph. mypy reads all but training and its tests; what others import of
# training it takes as it is, for its cache would otherwise be that of `make types`.
check: .venv/dev.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy --follow-imports=silent --exclude='^tests/training/' --cache-dir=.mypy_cache/check \
	  app migrations tests bench docker clients/python
	$(BIN)/pytest --numprocesses=2 --without-model tests/unit tests/architecture

# Three, since tests wait a third of their time: for servers, other processes and each other.
test: .venv/training.installed model
	$(BIN)/pytest --numprocesses=3 --dist=loadfile --no-loadscope-reorder

# The share of the service's lines and branches that its fast tests run, in their own process. Less than pyproject.toml's
# fail_under fails. --cov comes first: it takes a path that follows it for what to measure.
coverage: .venv/dev.installed
	$(BIN)/pytest --cov --numprocesses=2 --dist=loadfile --without-model tests/unit tests/architecture tests/api

# The long forms of what `make test` does a little of.
chaos: .venv/training.installed model
	KITH_CHAOS=1 $(BIN)/pytest tests/chaos --timeout=14400

training-setup: .venv/training.installed

lint: .venv/dev.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

types: .venv/training.installed
	$(BIN)/mypy

model: .venv/serve.installed
	@$(BIN)/kith models pull

bench: .venv/dev.installed model
	$(BIN)/python -m bench

bench-frames: .venv/dev.installed model
	$(BIN)/python -m bench.frames

# Needs 450 MB of packages, in an environment of their own.
bench-peers: .venv/dev.installed model .venv/peers/ready
	$(BIN)/python -m bench.peers

bench-sizing: .venv/dev.installed model
	$(BIN)/python -m bench.sizing

# docs/sizing.md: 10,000, 100,000 and a million people; KITH_BENCH_PEOPLE names other numbers.
bench-scale: .venv/dev.installed
	$(BIN)/python -m bench.scale

bench-scale-decisions: .venv/dev.installed model
	$(BIN)/python -m bench.scale_decisions

bench-startup: .venv/dev.installed
	$(BIN)/python -m bench.startup

bench-backup: .venv/dev.installed
	$(BIN)/python -m bench.backup

bench-overload: .venv/dev.installed model
	$(BIN)/python -m bench.overload

bench-openset: .venv/dev.installed model
	$(BIN)/python -m bench.openset

bench-spoilt: .venv/dev.installed model
	$(BIN)/python -m bench.spoilt

bench-degraded: .venv/dev.installed
	@$(BIN)/kith models pull --plain
	@$(BIN)/kith models pull --cameras
	$(BIN)/python -m bench.degraded

bench-templates: .venv/dev.installed model
	$(BIN)/python -m bench.templates

bench-subject: .venv/dev.installed model
	@$(BIN)/kith models pull --plain
	@$(BIN)/kith models pull --cameras
	$(BIN)/python -m bench.subject

# What of the Python client follows from the OpenAPI document of the service, and the Postman collection; tests hold them to it.
.PHONY: client
client: .venv/dev.installed
	PYTHONPATH=clients/python $(BIN)/python -m generator

# Damaged forms, bundles and images, for SECONDS each (600).
fuzz: .venv/dev.installed
	$(BIN)/python -m bench.fuzz $(SECONDS)

bench-door: .venv/dev.installed
	$(BIN)/python -m bench.door

# Needs mosquitto, and the PostgreSQL that KITH_TEST_POSTGRES names.
bench-events: .venv/dev.installed
	$(BIN)/python -m bench.events

# Needs chromium.
bench-paint: .venv/dev.installed
	$(BIN)/python -m bench.paint

bench-climb: .venv/dev.installed model
	$(BIN)/python -m bench.climb

bench-mini: .venv/training.installed model
	$(BIN)/python -m bench.mini

# Needs root and buildah; says so in one line where they are missing.
image-test: .venv/dev.installed
	$(BIN)/python docker/image_test.py

# What the service is made of, package by package with its hashes, as CycloneDX.
sbom: .venv/dev.installed
	$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-file kith.cdx.json requirements/serve.txt

# Known weaknesses of the packages of the service; where the database of them does not answer, that is said.
audit: .venv/dev.installed
	@mkdir -p build && rm -f build/audit.json
	@timeout 300 $(BIN)/pip-audit --progress-spinner=off --require-hashes --disable-pip --format=json \
	  --output=build/audit.json --requirement requirements/serve.txt \
	  || { test ! -s build/audit.json && echo "The database of weaknesses does not answer: nothing is known."; }
	@! grep -q skip_reason build/audit.json 2> /dev/null \
	  || echo "Packages that it does not know: $$(grep -o skip_reason build/audit.json | wc -l)."

# The pages as a site, in build/site: to look at, or to put on a server of yours. A link that leads nowhere fails.
.PHONY: docs
docs: .venv/dev.installed
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# The Helm chart, linted and rendered by Helm's own code; 350 MB of packages, in an environment of their own.
.PHONY: chart
chart: .venv/chart/ready
	.venv/chart/bin/python deploy/helm/check.py deploy/helm/kith

# Brings the catalogues of the console up to date with the texts of its pages; new ones have to be translated.
texts: .venv/dev.installed
	@mkdir -p build
	$(BIN)/pybabel --quiet extract --omit-header --no-wrap --sort-by-file --add-location=never -k N_ -k say -k say_of:2,3 -F app/console/babel.cfg -o build/console.pot app/console app/evaluation/report app/pages
	@for language in de ko; do $(BIN)/pybabel --quiet update --no-wrap --no-fuzzy-matching --ignore-obsolete \
	  -i build/console.pot -o app/console/languages/$$language.po -l $$language; done

# The lock files are made from pyproject.toml, for every Python and platform at once.
lock: .venv/dev.installed
	$(BIN)/pip install --quiet uv
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) -c requirements/build.txt pyproject.toml -o requirements/serve.txt
	$(LOCK) -c requirements/build.txt -c requirements/serve.txt --extra door pyproject.toml -o requirements/door.txt
	$(LOCK) -c requirements/build.txt -c requirements/serve.txt --extra openvino pyproject.toml -o requirements/openvino.txt
	$(LOCK) requirements/peers.in -o requirements/peers.txt
	$(LOCK) requirements/chart.in -o requirements/chart.txt
	$(LOCK) -c requirements/build.txt -c requirements/door.txt -c requirements/openvino.txt --extra door --extra dev pyproject.toml -o requirements/dev.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kith needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 serve")'
	$(PYTHON) -m venv .venv

# Torch's builds differ by machine, so this file alone has no hashes (it says so itself).
.venv/training.installed: requirements/training.txt .venv/dev.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements/training.txt
	@touch $@

.venv/%.installed: requirements/%.txt requirements/build.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.txt -r requirements/build.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . $(if $(filter dev,$*),--editable clients/python)
	@touch $@

.venv/%/ready: requirements/%.txt | .venv/bin/python
	$(PYTHON) -m venv .venv/$*
	.venv/$*/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$*.txt
	@touch $@

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
