#!/usr/bin/env bash
# Builds trajtrack on a machine with an NVIDIA GPU and no network, tests it there and measures it:
#
#     benchmarks/device.sh [build] [test] [sanitize] [measure]
#
# All four steps where none is named. PYTHON names the interpreter (python3); it needs numpy, pybind11,
# scikit-build-core, cmake, ninja, pytest and hypothesis, and for the tensors and the table torch, torchvision and cupy.
# OUT names the folder for logs and the table (out/device).
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
OUT=${OUT:-out/device}
mkdir -p "$OUT"
STEPS=${*:-build test sanitize measure}

build() {
  "$PYTHON" -m pip install --no-build-isolation --no-index \
    -C cmake.define.TRAJTRACK_CUDA=ON -C cmake.define.CMAKE_CUDA_ARCHITECTURES=native .
  (cd "$OUT" && "$PYTHON" -m trajtrack info)
}

run_tests() {
  TRAJ_REQUIRE_CUDA=1 "$PYTHON" -m pytest -p no:cacheprovider tests/trajtrack/test_cuda.py 2>&1 | tee "$OUT/test.log"
}

# The scenes of the tests, but few of them: a checked program is slow. Errors that CUDA returns are tested elsewhere.
sanitize() {
  local tool
  for tool in memcheck racecheck; do
    if ! command -v compute-sanitizer >/dev/null; then
      echo "compute-sanitizer is not there: $tool was not run"
      continue
    fi
    TRAJ_SCENES=15 TRAJ_REQUIRE_CUDA=1 compute-sanitizer --tool "$tool" --error-exitcode 9 --report-api-errors no \
      "$PYTHON" -m pytest -p no:cacheprovider -m cuda -k "grid or moving or busy" tests/trajtrack/test_cuda.py \
      2>&1 | tee "$OUT/$tool.log"
  done
}

measure() {
  "$PYTHON" benchmarks/device.py --json "$OUT/device.json" 2>&1 | tee "$OUT/device.md"
}

for step in $STEPS; do
  case $step in
    build) build ;;
    test) run_tests ;;
    sanitize) sanitize ;;
    measure) measure ;;
    *)
      echo "device.sh: expected build, test, sanitize or measure, found $step" >&2
      exit 2
      ;;
  esac
done
