"""HOTA over overlaps: the values that the means are taken over, and their image."""

from __future__ import annotations

import numpy as np
import pytest

from trajtrack import Detections
from trajtrack.metrics import Metrics, draw_hota, evaluate

pytest.importorskip("trackeval")
TRUTH = Detections(np.tile([0, 0, 100, 100], (9, 1)), np.ones(9), range(9), track_ids=np.zeros(9, int))


def shifted(pixels: int) -> Metrics:
    """Return the metrics of tracks whose boxes are too far to the right."""
    boxes = TRUTH.boxes + np.float32([pixels, 0, pixels, 0])
    return evaluate(TRUTH, Detections(boxes, np.ones(9), range(9), track_ids=np.zeros(9, int)), class_agnostic=True)


def test_hota_falls_where_boxes_no_longer_match():
    metrics = shifted(20)  # overlap 80 / 120
    matched = [overlap for overlap, hota in zip(metrics.curves.overlaps, metrics.curves.hotas, strict=True) if hota > 0]
    assert matched == pytest.approx([number / 20 for number in range(1, 14)])
    for mean, values in (("hota", "hotas"), ("deta", "detas"), ("assa", "assas")):
        assert np.mean(getattr(metrics.curves, values)) == pytest.approx(getattr(metrics, mean))


def test_each_entry_has_a_curve_and_its_mean(tmp_path):
    pytest.importorskip("matplotlib")
    draw_hota({"a $x$": shifted(0), "b": shifted(20)}, tmp_path / "hota.svg")
    text = (tmp_path / "hota.svg").read_text()
    assert "a $x$  100.0" in text
    assert f"b  {100 * shifted(20).hota:.1f}" in text


def test_images_are_reproduced_byte_for_byte(tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("once.svg", "twice.svg"):
        draw_hota({"a": shifted(20)}, tmp_path / name)
    assert (tmp_path / "once.svg").read_bytes() == (tmp_path / "twice.svg").read_bytes()


@pytest.mark.parametrize(
    ("metrics", "name", "message"),
    [({}, "a.svg", "metrics: found none"), ({"a": None}, "a.gif", "expected one of the suffixes .png, .svg, .pdf")],
)
def test_nothing_to_draw_or_another_suffix_is_refused(tmp_path, metrics, name, message):
    with pytest.raises(ValueError, match=message):
        draw_hota(metrics, tmp_path / name)
