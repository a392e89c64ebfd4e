#!/usr/bin/env bash
# Builds trajtrack on a machine with an NVIDIA GPU and no network, tests it there and measures it:
#
#     benchmarks/device.sh [build] [test] [measure] [sanitize]
#
# All four steps, in this order, where none is named. A step that fails does not keep the later ones from their work, but
# for the build; the exit status says that one failed. PYTHON names the interpreter (python3); it needs numpy, pybind11,
# scikit-build-core, cmake, ninja, pytest and hypothesis, and for the tensors and the table torch, torchvision and cupy.
# OUT names the folder for logs and the table (out/device).
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
OUT=${OUT:-out/device}
mkdir -p "$OUT"
STEPS=${*:-build test measure sanitize}

# For the first GPU, with PTX, which the tests read.
build() {
  local capability
  capability=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader | head -n 1 | tr -d .)
  "$PYTHON" -m pip install --no-build-isolation --no-index \
    -C cmake.define.TRAJTRACK_CUDA=ON -C cmake.define.CMAKE_CUDA_ARCHITECTURES="$capability" .
  (cd "$OUT" && "$PYTHON" -m trajtrack info)
}

run_tests() {
  TRAJ_REQUIRE_CUDA=1 "$PYTHON" -m pytest -p no:cacheprovider tests/core/test_cuda.py 2>&1 | tee "$OUT/test.log"
}

# The scenes of the tests, but few of them: a checked program is slow. Errors that CUDA returns are tested elsewhere.
sanitize() {
  local tool failed=0
  if ! command -v compute-sanitizer >/dev/null; then
    echo "compute-sanitizer is not there: nothing was checked"
    return 1
  fi
  for tool in memcheck synccheck racecheck initcheck; do
    echo "compute-sanitizer --tool $tool"
    TRAJ_SCENES=15 TRAJ_REQUIRE_CUDA=1 compute-sanitizer --tool "$tool" --error-exitcode 9 --report-api-errors no \
      "$PYTHON" -m pytest -p no:cacheprovider -m cuda -k "grid or moving or busy" tests/core/test_cuda.py \
      2>&1 | tee "$OUT/$tool.log" || failed=1
  done
  return $failed
}

measure() {
  "$PYTHON" benchmarks/device.py --json "$OUT/device.json" 2>&1 | tee "$OUT/device.md"
}

failed=
for step in $STEPS; do
  case $step in
    build) build ;;
    test) run_tests || failed+=" test" ;;
    measure) measure || failed+=" measure" ;;
    sanitize) sanitize || failed+=" sanitize" ;;
    *)
      echo "device.sh: expected build, test, measure or sanitize, found $step" >&2
      exit 2
      ;;
  esac
done
if [ -n "$failed" ]; then
  echo "device.sh: failed:$failed" >&2
  exit 1
fi
