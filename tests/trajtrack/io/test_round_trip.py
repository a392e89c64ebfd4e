"""Reading what was written gives the same rows, for every format that is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import trajtrack
from trajtrack import Detections
from trajtrack.io import WRITABLE
from trajtrack.io.kitti import CLASS_NAMES

ANY_BOX = st.floats(-1e9, 1e9, width=32)
# Coordinates whose sums and differences are exact in float64.
USUAL_SIDE = st.floats(0.0625, 65536.0, width=32) | st.integers(0, 20000).map(lambda tenths: tenths / 10 + 1)
SCORES = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, 0.5, 0.9, 1.0])
LABELS = st.integers(0, 12) | st.integers(-(2**31), 2**31 - 1)
FRAMES = st.integers(0, 9) | st.integers(0, 2**31 - 1)
NAMES = st.dictionaries(LABELS, st.text(min_size=1), max_size=4)
# Distinct names that are not numbers.
XML_NAMES = st.dictionaries(
    LABELS,
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
        | st.sampled_from("<>&'\"\t\r\n")
    ).filter(lambda name: not name.lstrip("-").isdigit()),
    max_size=4,
).filter(lambda names: len({*names.values()}) == len(names))

once_a_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)


@st.composite
def detections(
    draw: st.DrawFn,
    *,
    sides: st.SearchStrategy[float] = USUAL_SIDE,
    frames: st.SearchStrategy[int] = FRAMES,
    labels: st.SearchStrategy[int] = LABELS,
    names: st.SearchStrategy[dict[int, str]] = NAMES,
    max_id: int = 2**63 - 1,
    empty_frames: int = 5,
) -> Detections:
    rows = draw(st.integers(0, 8))

    def column(values: st.SearchStrategy[float]) -> list[float]:
        return draw(st.lists(values, min_size=rows, max_size=rows))

    boxes = np.array(draw(st.lists(st.tuples(sides, sides, sides, sides), min_size=rows, max_size=rows)), np.float32)
    boxes = np.sort(boxes.reshape(rows, 2, 2), axis=1).reshape(rows, 4)
    numbers = column(frames)
    ids = draw(st.none() | st.lists(st.integers(-1, 3) | st.integers(0, max_id), min_size=rows, max_size=rows))
    last = max(numbers, default=-1)
    return Detections(
        boxes,
        column(SCORES),
        np.array(numbers, np.int64),
        labels=np.array(column(labels), np.int64),
        num_frames=last + 1 + draw(st.integers(0, empty_frames)),
        track_ids=None if ids is None or max(ids, default=-1) < 0 else np.array(ids, np.int64),
        label_names=draw(names),
    )


@st.composite
def tracks(draw: st.DrawFn, *, max_id: int = 2**63 - 1, **columns: Any) -> Detections:
    """Draw tracks: every row has an identity, each identity one label and at most one box per frame."""
    found = draw(detections(**columns))
    ids = draw(st.lists(st.integers(0, 3) | st.integers(0, max_id), min_size=len(found), max_size=len(found)))
    label_of = dict(zip(ids, found.labels.tolist(), strict=True))
    rows = {box: row for row, box in enumerate(zip(found.frames.tolist(), ids, strict=True))}
    return with_columns(
        found,
        labels=np.array([label_of[each] for each in ids], np.int64),
        track_ids=np.array(ids, np.int64) if ids else None,
    )[[*rows.values()]]


def by_track(written: Detections) -> Detections:
    """Return the rows sorted by identity and frame."""
    return written if written.track_ids is None else written[np.lexsort((written.frames, written.track_ids))]


def without_numbers_for_names(written: Detections) -> Detections:
    """Return detections without the names that equal the number of their label; files treat these as no name."""
    names = {label: name for label, name in written.label_names.items() if name != str(label)}
    return with_columns(written, label_names=names)


def through_file(tmp_path: Path, written: Detections, format: str) -> Detections:
    path = tmp_path / "rows"
    trajtrack.write(path, written, format)
    return trajtrack.read(path, format)


def with_columns(original: Detections, **columns: object) -> Detections:
    kept = {
        name: getattr(original, name)
        for name in ("boxes", "scores", "frames", "labels", "num_frames", "track_ids", "label_names")
    }
    return Detections(**(kept | columns))


EMPTY = Detections(np.empty((0, 4)), [], [], num_frames=7)
DEGENERATE = Detections([[3.3, 4.7, 3.3, 4.7], [1e9, -1e9, 1e9, 1e-45]], [1e-45, -3e38], [1, 0])


@once_a_file
@example(written=EMPTY)
@given(written=detections(max_id=2**53 - 2))
def test_mot_keeps_all_rows_but_no_names_and_no_trailing_empty_frames(tmp_path: Path, written: Detections) -> None:
    expected = with_columns(written, num_frames=None, label_names={})
    assert through_file(tmp_path, written, "mot") == expected


@once_a_file
@example(written=EMPTY)
@given(written=detections(max_id=2**53 - 2))
def test_visdrone_keeps_all_rows_but_no_names_and_no_trailing_empty_frames(tmp_path: Path, written: Detections) -> None:
    expected = with_columns(written, num_frames=None, label_names={})
    assert through_file(tmp_path, written, "visdrone") == expected


@once_a_file
@example(written=DEGENERATE)
@given(written=detections(sides=ANY_BOX, max_id=2**53 - 2))
def test_mot_keeps_any_box_or_names_the_row_that_it_cannot_store(tmp_path: Path, written: Detections) -> None:
    try:
        trajtrack.write(tmp_path / "rows.txt", written)
    except ValueError as error:
        assert "rows.txt: boxes, row " in str(error)  # noqa: PT017
        assert not list(tmp_path.glob("*.txt"))
        return
    assert np.array_equal(trajtrack.read(tmp_path / "rows.txt").boxes, written.boxes)
    (tmp_path / "rows.txt").unlink()


@once_a_file
@example(written=EMPTY)
@example(written=DEGENERATE)
@given(written=detections(sides=ANY_BOX, max_id=2**53 - 1, names=st.just(CLASS_NAMES)))
def test_kitti_keeps_all_rows_of_its_own_classes_and_of_numbers(tmp_path: Path, written: Detections) -> None:
    expected = with_columns(written, num_frames=None, label_names=CLASS_NAMES)
    assert through_file(tmp_path, with_columns(written, label_names=CLASS_NAMES), "kitti") == expected


@once_a_file
@given(
    written=detections(
        labels=st.integers(0, 3),
        names=st.lists(st.from_regex(r"[A-Za-z_\-]+", fullmatch=True), min_size=4, max_size=4, unique=True).map(
            lambda names: dict(enumerate(names))
        ),
    )
)
def test_kitti_keeps_the_class_name_of_every_row(tmp_path: Path, written: Detections) -> None:
    written = with_columns(written, track_ids=None)
    read = through_file(tmp_path, written, "kitti")
    names = [written.label_names[label] for label in written.labels.tolist()]
    assert [read.label_names[label] for label in read.labels.tolist()] == names


@once_a_file
@example(written=EMPTY)
@example(written=DEGENERATE)
@given(written=detections(sides=ANY_BOX, frames=st.integers(0, 20)))
def test_vidor_keeps_everything_in_the_order_of_the_frames(tmp_path: Path, written: Detections) -> None:
    expected = written[np.argsort(written.frames, kind="stable")]
    assert through_file(tmp_path, written, "vidor") == expected


@once_a_file
@example(written=EMPTY)
@given(written=detections())
def test_coco_vid_keeps_everything(tmp_path: Path, written: Detections) -> None:
    assert through_file(tmp_path, written, "coco-vid") == without_numbers_for_names(written)


@once_a_file
@example(written=EMPTY)
@given(written=tracks(max_id=2**63 - 2))
def test_tao_keeps_everything(tmp_path: Path, written: Detections) -> None:
    assert through_file(tmp_path, written, "tao") == without_numbers_for_names(written)


@once_a_file
@example(written=EMPTY)
@given(written=tracks(max_id=2**63 - 2, frames=st.integers(0, 20)))
def test_youtube_vis_keeps_everything_in_the_order_of_the_tracks(tmp_path: Path, written: Detections) -> None:
    expected = by_track(without_numbers_for_names(written))
    assert through_file(tmp_path, written, "youtube-vis") == expected


@once_a_file
@example(written=EMPTY)
@example(written=with_columns(DEGENERATE, track_ids=[0, 0]))
@given(written=tracks(sides=ANY_BOX, names=XML_NAMES))
def test_cvat_keeps_everything_in_the_order_of_the_tracks(tmp_path: Path, written: Detections) -> None:
    expected = by_track(without_numbers_for_names(written))
    assert through_file(tmp_path, written, "cvat") == expected


@once_a_file
@example(written=EMPTY)
@example(written=DEGENERATE)
@given(written=detections(sides=ANY_BOX))
def test_parquet_keeps_everything(tmp_path: Path, written: Detections) -> None:
    pytest.importorskip("pyarrow")
    assert through_file(tmp_path, written, "parquet") == written


@once_a_file
@example(written=DEGENERATE)
@given(
    written=detections(
        sides=ANY_BOX,
        max_id=2**53 - 2,
        names=st.dictionaries(
            LABELS, st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1), max_size=4
        ),
    )
)
def test_csv_keeps_all_rows_and_the_names_of_their_labels(tmp_path: Path, written: Detections) -> None:
    used = {*written.labels.tolist()}
    names = {label: name for label, name in written.label_names.items() if label in used}
    expected = with_columns(written, num_frames=None, label_names=names)
    assert through_file(tmp_path, written, "csv") == expected


@once_a_file
@example(written=EMPTY)
@given(written=detections())
def test_coco_results_keep_all_rows_but_no_names_and_no_trailing_empty_frames(
    tmp_path: Path, written: Detections
) -> None:
    expected = with_columns(written, num_frames=None, label_names={})
    assert through_file(tmp_path, written, "coco-results") == expected


@once_a_file
@example(written=EMPTY)
@example(written=DEGENERATE)
@given(written=detections(sides=ANY_BOX, labels=st.integers(0, 5), max_id=10**17))
def test_scalabel_keeps_all_rows_in_the_order_of_the_frames_but_numbers_classes_anew(
    tmp_path: Path, written: Detections
) -> None:
    names = {label: f"class {label}" for label in range(6)}
    written = with_columns(written, label_names=names)
    ordered = written[np.argsort(written.frames, kind="stable")]
    read = through_file(tmp_path, written, "scalabel")
    assert [read.label_names[label] for label in read.labels.tolist()] == [names[label] for label in ordered.labels]
    unnamed = {"labels": None, "label_names": None, "num_frames": None}
    assert with_columns(read, **unnamed) == with_columns(ordered, **unnamed)


@pytest.mark.parametrize("format", list(WRITABLE))
def test_writing_twice_gives_the_same_bytes(tmp_path: Path, format: str) -> None:
    if format == "parquet":
        pytest.importorskip("pyarrow")
    written = Detections([[0.1, 2, 3.7, 4]] * 2, [0.3, 1], [3, 0], labels=[0, 1], track_ids=[0, 1])
    for name in ("first", "second"):
        trajtrack.write(
            tmp_path / name,
            written,
            format,
            **({"video": "v"} if trajtrack.FORMATS[format].names_videos else {}),
        )
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
