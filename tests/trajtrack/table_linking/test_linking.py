from __future__ import annotations

import re
import warnings
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import trajtrack
from helpers.strategies import Scene, gap_scenes, grid_scenes, moving_scenes, scene_settings
from trajtrack import Detections, FlowOptions, LinkOptions, Trajectories, TrajtrackWarning, link_table

pa = pytest.importorskip("pyarrow")

SCENES = {name: trajtrack.make_scene(num_frames=40, seed=seed).detections for seed, name in enumerate(("a", "b", "c"))}
RESULTS = ["track_id", "reason", "suppressed_by"]
BOXES = ["track_x1", "track_y1", "track_x2", "track_y2"]


def table_of(videos: dict[Any, Detections]) -> Any:
    kind = pa.string() if isinstance(next(iter(videos)), str) else pa.int64()
    parts = []
    for name, each in videos.items():
        notes = pa.array([f"{name}{k}" for k in range(len(each))], pa.string())
        parts.append(pa.table({"video": pa.array([name] * len(each), kind), **each.to_columns(), "note": notes}))
    return pa.concat_tables(parts)


def linked_rows(table: Any, name: Any) -> Any:
    """Return the rows of a video that are not interpolated."""
    own = table.filter(pa.compute.equal(table["video"].cast(pa.string()), str(name)))
    return own.filter(pa.compute.is_valid(own["reason"]))


def check_video(table: Any, tracks: Trajectories) -> None:
    for name, expected in zip(RESULTS, (tracks.track_ids, tracks.reasons, tracks.suppressed_by), strict=True):
        np.testing.assert_array_equal(table[name].to_numpy(), expected)


@pytest.mark.parametrize("options", [FlowOptions(), LinkOptions()])
@pytest.mark.parametrize("num_threads", [1, 3])
def test_each_video_is_linked_as_if_alone(options, num_threads) -> None:
    table = link_table(table_of(SCENES), options, num_threads=num_threads)
    for name, detections in SCENES.items():
        check_video(linked_rows(table, name), trajtrack.link(detections, options))


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[Scene], list[int]]:
    """Draw a few videos, and the video of each row in an order that mixes them."""
    scenes = draw(st.lists(st.one_of(grid_scenes(), moving_scenes(), gap_scenes()), min_size=1, max_size=4))
    turns = [number for number, scene in enumerate(scenes) for _ in range(len(scene.detections))]
    return scenes, draw(st.permutations(turns)) if draw(st.booleans()) else turns


@scene_settings(60)
@given(corpora(), st.sampled_from(["flow", "seq-nms"]), st.sampled_from(["numbers", "names"]))
def test_any_videos_in_any_order_are_linked_to_the_bit_as_if_alone(corpus, method, classes) -> None:
    scenes, turns = corpus
    options = FlowOptions() if method == "flow" else scenes[0].options
    parts = [table_of({number: scene.detections}) for number, scene in enumerate(scenes)]
    joined = pa.concat_tables(parts)
    order = np.argsort(np.argsort(turns, kind="stable"), kind="stable")  # a row of video k, where its turn is
    if classes == "names":  # in the order of the numbers
        names = [f"{label + 2**31:010d}" for label in joined["label"].to_pylist()]
        joined = joined.set_column(joined.column_names.index("label"), "label", pa.array(names, pa.string()))
    mixed = joined.take(order)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrajtrackWarning)
        table = link_table(mixed, options, boxes=True, num_threads=2)
        for number, scene in enumerate(scenes):
            tracks = trajtrack.link(scene.detections, options)
            rows = linked_rows(table, number)
            check_video(rows, tracks)
            found = np.stack([rows[name].to_numpy() for name in BOXES], axis=1)
            np.testing.assert_array_equal(found[tracks.rows], tracks.boxes.reshape(-1, 4))
            assert np.isnan(found[tracks.track_ids < 0]).all()


@scene_settings(40)
@given(st.lists(st.one_of(moving_scenes(), gap_scenes()), min_size=1, max_size=3))
def test_interpolated_rows_are_those_of_the_trajectories(scenes) -> None:
    options = scenes[0].options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrajtrackWarning)
        given = table_of({number: scene.detections for number, scene in enumerate(scenes)})
        table = link_table(given, options, interpolate=True)
        results = [trajtrack.link(scene.detections, options) for scene in scenes]
    assert table.filter(pa.compute.is_valid(table["reason"])).select(given.column_names).equals(given)
    for number, tracks in enumerate(results):
        rows = table.filter(pa.compute.equal(table["video"], number))
        added = rows.filter(pa.compute.is_null(rows["reason"]))
        assert rows.slice(len(tracks.track_ids)).equals(added)
        expected = [each for track in tracks for each in zip(*_gaps(track), strict=True)]
        assert [tuple(row[name] for name in ("track_id", "frame", "label", *BOXES)) for row in added.to_pylist()] == [
            (int(k), int(frame), int(label), *map(float, box)) for k, frame, label, box in expected
        ]


def _gaps(track):
    gaps = track.interpolated
    count = int(gaps.sum())
    return [track.id] * count, track.frames[gaps], [track.label] * count, track.boxes[gaps]


def test_other_columns_pass_through_without_a_copy() -> None:
    given = table_of(SCENES)
    table = link_table(given, boxes=True)
    assert table.column_names == [*given.column_names, *RESULTS, *BOXES]
    assert table.select(given.column_names).equals(given)
    for own, passed in zip(given["note"].chunks, table["note"].chunks, strict=True):
        assert [each.address for each in own.buffers()[1:]] == [each.address for each in passed.buffers()[1:]]


def test_interpolated_rows_hold_what_is_known_of_them() -> None:
    columns = {"x1": [0.0, 2, 8], "y1": [0.0, 0, 0], "x2": [10.0, 12, 18], "y2": [9.0] * 3}
    table = pa.table(
        {
            "video": ["v"] * 3,
            "frame": pa.array([0, 1, 4], pa.uint16()),
            "conf": [0.5] * 3,
            "cls": ["dog"] * 3,
            **columns,
        }
    )
    found = link_table(table, interpolate=True, max_gap=5).to_pylist()
    assert [row["frame"] for row in found] == [0, 1, 4, 2, 3]
    assert {name: value for name, value in found[3].items() if value is not None} == {
        "video": "v",
        "frame": 2,
        "cls": "dog",
        "track_id": 0,
        "track_x1": 4.0,
        "track_y1": 0.0,
        "track_x2": 14.0,
        "track_y2": 9.0,
    }


@pytest.mark.parametrize(
    "kind",
    [
        *(pa.string(), pa.large_string(), pa.string_view(), pa.int64(), pa.uint8()),
        *(pa.dictionary(pa.int32(), pa.string()), pa.dictionary(pa.int8(), pa.int64())),
    ],
    ids=str,
)
def test_videos_are_text_or_integers_of_any_type(kind) -> None:
    table = table_of({1: SCENES["a"], 2: SCENES["b"]})
    value_type = kind.value_type if pa.types.is_dictionary(kind) else kind
    column = table["video"].cast(value_type)
    if pa.types.is_dictionary(kind):
        column = column.dictionary_encode().cast(kind)
    found = link_table(table.set_column(0, "video", column))
    assert found["video"].type == kind
    assert found["track_id"].equals(link_table(table)["track_id"])


def test_a_column_of_another_name_and_tables_of_other_formats_are_found() -> None:
    given = table_of({"a": SCENES["a"]})
    expected = link_table(given)["track_id"]
    boxes = SCENES["a"].boxes.astype(np.float64)
    other = pa.table(
        {
            "clip": given["video"],
            "Frame_ID": given["frame"],
            "confidence": given["score"],
            "class": given["label"],
            "x": boxes[:, 0],
            "y": boxes[:, 1],
            "width": boxes[:, 2] - boxes[:, 0],
            "height": boxes[:, 3] - boxes[:, 1],
            "object_id": pa.nulls(len(boxes)),
            "instance_id": pa.nulls(len(boxes)),
        }
    )
    assert link_table(other, video="clip")["track_id"].equals(expected)
    renamed = given.rename_columns({"score": "certainty"})
    assert link_table(renamed, columns={"score": "certainty"})["track_id"].equals(expected)


def test_record_batches_and_whatever_exports_a_stream_are_accepted() -> None:
    polars = pytest.importorskip("polars")
    table = table_of(SCENES)
    expected = link_table(table)
    batch = table.combine_chunks().to_batches()[0]
    assert link_table(batch).equals(expected)
    assert link_table(polars.from_arrow(table))["track_id"].equals(expected["track_id"])
    with pytest.raises(TypeError, match="table: found dict, expected a pyarrow table or an object with __arrow_c_st"):
        link_table(table.to_pydict())


def test_an_empty_table_gets_the_columns() -> None:
    table = link_table(table_of(SCENES).slice(0, 0), interpolate=True, errors="column")
    full = link_table(table_of(SCENES), interpolate=True, errors="column")
    assert table.num_rows == 0
    assert table.schema.equals(full.schema)


def broken() -> Any:
    """Return three videos whose rows take turns; row 5, of video c, has no score that is a number."""
    columns = {"x1": [0.0] * 9, "y1": [0.0] * 9, "x2": [9.0] * 9, "y2": [9.0] * 9}
    scores = [0.5] * 5 + [np.nan] + [0.5] * 3
    return pa.table({"video": ["a", "b", "c"] * 3, "frame": [0] * 3 + [1] * 3 + [2] * 3, "score": scores, **columns})


def test_a_broken_video_is_named_with_its_row_of_the_table() -> None:
    with pytest.raises(ValueError, match=r"^video 'c': scores, row 5: found nan, expected a finite number$"):
        link_table(broken())
    missing = broken().set_column(3, "x1", pa.array([0.0] * 7 + [None, 0.0]))
    with pytest.raises(ValueError, match=r"^video 'b': column 'x1', row 7: found a missing value"):
        link_table(missing)
    nameless = broken().set_column(0, "video", pa.array(["a", None, "b"] * 3))
    with pytest.raises(ValueError, match=r"^video, row 1: found a missing value, expected the name of a video$"):
        link_table(nameless)


def test_errors_in_a_column_leave_the_other_videos_linked() -> None:
    table = link_table(broken(), errors="column", boxes=True, interpolate=True)
    failed = "video 'c': scores, row 5: found nan, expected a finite number"
    assert table["error"].to_pylist() == [None, None, failed] * 3
    for name in RESULTS:
        assert table[name].null_count == 3
    fine = broken().filter(pa.compute.not_equal(broken()["video"], "c"))
    kept = table.filter(pa.compute.is_null(table["error"])).drop_columns("error")
    assert kept.equals(link_table(fine, boxes=True, interpolate=True))


def test_a_column_of_the_name_of_the_errors_passes_through_where_there_are_none() -> None:
    table = table_of(SCENES).rename_columns({"note": "error"})
    assert link_table(table)["error"].equals(table["error"])
    with pytest.raises(ValueError, match="table: found the column 'error', which linking adds"):
        link_table(table, errors="column")


def test_mistakes_in_the_call_are_raised_in_both_ways() -> None:
    table = table_of(SCENES)
    for errors in ("raise", "column"):
        with pytest.raises(ValueError, match="table: found no column 'clip', expected the video of each row"):
            link_table(table, video="clip", errors=errors)
        with pytest.raises(ValueError, match="table: found no column 'score', expected frame, score"):
            link_table(table.drop_columns("score"), errors=errors)
        with pytest.raises(TypeError, match="column 'score': found float, expected text or integers"):
            link_table(table, video="score", columns={"score": "x1"}, errors=errors)
        with pytest.raises(ValueError, match="table: found the column 'reason', which linking adds"):
            link_table(table.rename_columns({"note": "reason"}), errors=errors)
    with pytest.raises(ValueError, match="errors: found 'ignore', expected 'raise' or 'column'"):
        link_table(table, errors="ignore")
    with pytest.raises(TypeError, match=re.escape("found an unknown option 'max_gaps'")):
        link_table(table, max_gaps=1)


def test_a_warning_names_the_video() -> None:
    table = table_of({"clip": SCENES["a"]})
    with pytest.warns(TrajtrackWarning, match="^video 'clip': min_score: found 2, expected at most"):
        link_table(table, min_score=2.0)


def test_options_are_those_of_link() -> None:
    options = LinkOptions(max_gap=0, iou_threshold=0.3)
    assert link_table(table_of(SCENES), **asdict(options)).equals(link_table(table_of(SCENES), options))


@pytest.mark.parametrize("column", ["video", "label"])
def test_nulls_in_any_chunk_are_errors_of_their_videos_alone(column: str) -> None:
    rows = {"video": "ab", "frame": [0, 0], "x1": [0, 0], "y1": [0, 0], "x2": [9, 9], "y2": [9, 9], "score": [1.0, 1.0]}
    chunks = []
    for first, second in (("a", "b"), ("c", "d")):
        table = pa.table({**rows, "video": [first, second], "label": ["dog", "cat"]})
        values = pa.array([None, table[column][1].as_py()], pa.string())
        chunks.append(table.set_column(table.column_names.index(column), column, values))
    found = link_table(pa.concat_tables(chunks), errors="column")
    assert [error is None for error in found["error"].to_pylist()] == [False, True, False, True]


@pytest.mark.parametrize("kind", ["string_view", "binary_view", "large_string"])
def test_text_of_any_layout_passes_between_interpolated_rows(kind: str) -> None:
    detections = Detections([[0, 0, 9, 9]] * 6, [0.9] * 6, [0, 1, 2, 4, 5, 6])
    notes = pa.array([f"{k}" for k in range(6)]).cast(getattr(pa, kind)())
    table = pa.table({"video": ["v"] * 6, **detections.to_columns(), "note": notes})
    found = link_table(table, interpolate=True)
    assert found.schema.field("note").type == notes.type
    texts = found["note"].cast(pa.large_string()).to_pylist()
    assert texts == ["0", "1", "2", "3", "4", "5", None]


def test_frames_of_a_dictionary_can_be_interpolated() -> None:
    detections = Detections([[0, 0, 9, 9]] * 6, [0.9] * 6, [0, 1, 2, 4, 5, 6])
    table = pa.table({"video": ["v"] * 6, **detections.to_columns()})
    place = table.column_names.index("frame")
    table = table.set_column(place, "frame", table["frame"].dictionary_encode())
    assert link_table(table, interpolate=True)["frame"].to_pylist() == [0, 1, 2, 4, 5, 6, 3]
