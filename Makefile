# make run    set up, build the index if it is missing or stale, serve the chat on http://127.0.0.1:7860
# make test   set up, then every check
# make browsers  install Firefox and WebKit too (Debian, as root); without them their few tests are skipped
# make test-behind-nginx  every browser test with nginx in front, over HTTPS and below a path
# make runbook  install, back up, destroy and restore empty machines by docs/operate.md (Debian, as root; 10 minutes)
# make container-check  build the image and serve from it with a read-only root (Debian, as root; 10 minutes)
# make coverage  the share of lines that the tests without a browser run, by module
# make quality   ask the made-up clinics' questions and compare with the floors (benchmarks/quality.json)
# make mutants   change the core a little, many times, and see whether the tests notice; ARGS="--sample 60 --only triage"
# make soak   serve for long under visitors, attackers, builds and kills; ARGS="--minutes 60 --visitors 50"
# make refit DATA=FOLDER   fit every weight and threshold anew and print what changed (training/README.md)
# make bench DATA=FOLDER   measure Footnote beside its peers (docs/performance.md); ARGS="--quick --only question"
# make sbom     write build/sbom.json, a bill of materials (CycloneDX) of what is shipped
# make clean  undo both
# make bench-retrieval DATA=FOLDER   rank public collections (docs/evaluation.md); ARGS="--queries 300" for a quick run

PYTHON ?= python3
BIN := .venv/bin
CACHE ?= .bench
PIP := $(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt
# uv knows where PyTorch's builds for the processor are; the plain index has builds for graphics cards, many GB larger.
UV := $(BIN)/python -m uv pip install --python $(BIN)/python --torch-backend cpu
PROGRESS = $$([ -t 1 ] || echo --quiet)
# Python compiles what it first imports; compiling all that is installed takes 40 s and 260 MB more.
COMPILE := PYTHONDONTWRITEBYTECODE= $(BIN)/python -c \
	"import chatbot.web.server, matplotlib.figure, onnxruntime, sentence_transformers"

export PYTHONUNBUFFERED := 1

.PHONY: run test check sbom test-behind-nginx runbook container-check browsers coverage quality mutants soak refit format screenshot bench bench-retrieval clean

run: .venv/installed
	$(BIN)/python -m chatbot build || [ $$? -eq 3 ]  # 3: some files were left out, the others are served
	exec $(BIN)/python app.py

test: .venv/installed-dev .venv/chromium check

check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder  # two cores: one process more, because browser tests wait

# Apart from `check`: tracing every line makes the servers of the browser tests a third slower.
coverage: .venv/installed-dev
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile -m "not browser" --cov --cov-report=term

test-behind-nginx: .venv/installed-dev .venv/chromium
	BEHIND_NGINX=1 OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile -m browser tests/web

runbook container-check: .venv/installed-dev
	CACHE="$(CACHE)" $(BIN)/pytest -n 0 tests/deploy/long_$(if $(filter runbook,$@),runbook,container).py

browsers:
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr webkit2gtk-driver xvfb

quality mutants soak: .venv/installed-dev
	$(BIN)/python -m benchmarks.$@ $(ARGS)

refit: .venv/installed-dev
	$(BIN)/python -m training.refit $(if $(DATA),--data "$(DATA)") $(ARGS)

sbom: .venv/installed-dev
	$(BIN)/python docs/supply_chain.py sbom build/sbom.json

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshot: .venv/installed-dev .venv/chromium
	$(BIN)/python docs/screenshot.py

bench: .venv/installed-dev .venv/chromium
	$(BIN)/python -m benchmarks.performance $(if $(DATA),--data "$(DATA)") --cache "$(CACHE)" $(ARGS)

bench-retrieval: .venv/installed-dev
	@test -n "$(DATA)" || { echo "Say where the public collections are: make $@ DATA=FOLDER"; exit 2; }
	$(BIN)/python -m benchmarks.retrieval --data "$(DATA)" --cache "$(CACHE)/retrieval" $(ARGS)

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find index -mindepth 1 ! -name README.md -delete

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Footnote needs Python 3.11 or later: name one with 'make PYTHON=/path/to/python3.11'."; exit 1; }
	$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "This Python cannot make virtual environments: install its venv module (Debian: apt-get install python3-venv)."; exit 1; }

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@if [ "$$(uname -s)" = Linux ] && $(PIP) --quiet uv && UV_HTTP_RETRIES=0 UV_HTTP_TIMEOUT=5 \
		timeout 15 $(UV) --quiet --dry-run --no-deps uv "$$(grep '^torch==' constraints.txt)" 2>/dev/null; then \
		echo "Installing Footnote into .venv, with PyTorch for the processor: a download of 0.5 GB, some minutes ..."; \
		$(UV) $(PROGRESS) --constraint constraints.txt --editable .; \
	else \
		[ "$$(uname -s)" != Linux ] || echo "PyTorch's index cannot be reached: its build is the plain index's."; \
		echo "Installing Footnote into .venv: a download of 0.5 GB, of several with a PyTorch for graphics cards ..."; \
		$(PIP) $(PROGRESS) --no-compile --editable .; \
	fi
	@$(COMPILE)
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing what the checks need ..."
	$(PIP) $(PROGRESS) --editable '.[dev]'
	@touch $@

.venv/chromium: .venv/bin/python
	@if command -v chromium >/dev/null; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then \
		sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	fi; \
	if command -v chromium >/dev/null; then touch $@; \
	else echo "There is no chromium here and it could not be installed: the browser tests are skipped."; fi
