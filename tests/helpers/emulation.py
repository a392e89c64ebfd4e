"""Runs the passes of the GPU's linking graph one index after another; see link_graph_emulation.cpp."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trajtrack import Detections, LinkGraph, LinkOptions

__all__ = ["Emulation", "find_compiler"]

HERE = Path(__file__).parent


def find_compiler() -> str | None:
    """Return a C++ compiler that accepts the options of GCC."""
    return next(filter(None, map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))), None)


class Emulation:
    """The compiled emulation."""

    def __init__(self, compiler: str, folder: Path) -> None:
        library = folder / "emulation.so"
        # Undefined behaviour ends the tests at once; this needs no library.
        flags = "-std=c++20 -O1 -fPIC -shared -ffp-contract=off -fsanitize=undefined -fsanitize-undefined-trap-on-error"
        flags += " " + os.environ.get("TRAJ_EMULATION_FLAGS", "")
        command = [compiler, *flags.split(), "-I", HERE.parents[1] / "csrc", HERE / "link_graph_emulation.cpp"]
        subprocess.run([*command, "-o", library], check=True, timeout=300)
        self._library = ctypes.CDLL(str(library))
        pointer, real, whole = ctypes.c_void_p, ctypes.c_float, ctypes.c_int64
        options = (real, real, real, whole, real, whole, real, real, ctypes.c_bool)
        self._declare("build", pointer, pointer, pointer, pointer, pointer, ctypes.c_uint32, *options)
        self._declare("num_targets", whole, pointer, ctypes.c_bool)
        self._declare("copy_lists", None, pointer, ctypes.c_bool, ctypes.c_uint32, pointer, pointer)
        self._declare("free_graph", None, pointer)
        self._declare("check", ctypes.c_uint32, pointer, pointer, pointer, ctypes.c_uint32, pointer)
        self._declare("sort_list", None, pointer, whole)

    def _declare(self, name: str, result: type | None, *arguments: type) -> None:
        function = self._library[name]
        function.restype, function.argtypes = result, arguments
        setattr(self, f"_{name}", function)

    def graphs(self, detections: Detections, options: LinkOptions) -> tuple[LinkGraph, LinkGraph]:
        """Return the links and the suppression."""
        columns = (detections.boxes, detections.scores, detections.frames, detections.labels)
        result = self._build(
            *(column.ctypes.data for column in columns),
            len(detections),
            options.min_score,
            options.iou_threshold,
            options.buffer,
            options.max_gap,
            options.gap_iou_threshold,
            options.motion_frames,
            options.max_shape_change,
            options.nms_threshold,
            options.class_agnostic,
        )
        try:
            return self._lists(result, False, len(detections)), self._lists(result, True, len(detections))
        finally:
            self._free_graph(result)

    def _lists(self, result: int, suppressed: bool, count: int) -> LinkGraph:
        offsets = np.empty(count + 1, np.int64)
        targets = np.empty(self._num_targets(result, suppressed), np.int64)
        self._copy_lists(result, suppressed, count, offsets.ctypes.data, targets.ctypes.data)
        return LinkGraph(offsets, targets)

    def check(
        self, boxes: NDArray[np.float32], scores: NDArray[np.float32], frames: NDArray[np.int32]
    ) -> tuple[int | None, int]:
        """Return the same as `_core.check_cuda_columns`."""
        last_frame = ctypes.c_int32()
        columns = (boxes.ctypes.data, scores.ctypes.data, frames.ctypes.data)
        row = self._check(*columns, len(boxes), ctypes.addressof(last_frame))
        return (None if row == len(boxes) else row), last_frame.value

    def sort(self, values: NDArray[np.int64]) -> None:
        """Sort in place."""
        self._sort_list(values.ctypes.data, len(values))
