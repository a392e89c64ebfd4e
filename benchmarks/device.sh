#!/usr/bin/env bash
# Builds, tests and measures trajtrack on a machine with an NVIDIA GPU and no network:
#
#     benchmarks/device.sh [build] [test] [measure] [sanitize]
#
# Without arguments it runs all four steps in this order. If the build fails, the script stops; if another step fails,
# the later ones still run and the exit status is 1. PYTHON is the interpreter (default: python3). It needs numpy,
# pybind11, scikit-build-core, cmake, ninja, pytest and hypothesis; tests on tensors and the table also need torch,
# torchvision and cupy. OUT is the folder for logs and the table (default: out/device).
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
OUT=${OUT:-out/device}
mkdir -p "$OUT"
STEPS=${*:-build test measure sanitize}

# Build for the first GPU, with PTX, because the tests read it.
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

# Run the tests on few scenes, because a program under the sanitizer is slow. CUDA's error returns are tested elsewhere.
sanitize() {
  local tool failed=0
  if ! command -v compute-sanitizer >/dev/null; then
    echo "sanitize: found no compute-sanitizer on the path, nothing was checked" >&2
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
      echo "device.sh: found step $step, expected build, test, measure or sanitize" >&2
      exit 2
      ;;
  esac
done
if [ -n "$failed" ]; then
  echo "device.sh: failed steps:$failed" >&2
  exit 1
fi
