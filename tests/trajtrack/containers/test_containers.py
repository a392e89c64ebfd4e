"""Detector outputs in and IDs out, for the containers that need only tensors and tables.

tests/interop has the same for the libraries themselves. detectron2 is not on the package index: it has a stand-in here.
"""

from __future__ import annotations

import copy
import sys
from itertools import chain

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch

import trajtrack
from helpers.comparisons import exactly
from helpers.seq_nms import link
from trajtrack import Detections

MOVING = [[[0, 0, 10, 20], [100, 0, 110, 20]], [[1, 0, 11, 20]], [[102, 0, 112, 20], [2, 0, 12, 20]]]
"""Boxes of two objects in three frames; the second is missing from the middle frame and first in the last one."""
SCORES = [[0.5, 1.0], [0.5], [1.0, 0.5]]
LABELS = [[3, 1], [3], [1, 3]]
IDS = [[1, 0], [1], [0, 1]]


class Boxes:
    """Stand-in for detectron2's class: a tensor of corners."""

    def __init__(self, tensor: object) -> None:
        self.tensor = tensor

    def __len__(self) -> int:
        return len(self.tensor)


class Instances:
    """Stand-in for detectron2's class: fields of equal length, read as attributes."""

    def __init__(self, image_size: tuple[int, int], **fields: object) -> None:
        self.image_size = image_size
        self._fields = fields

    def __getattr__(self, name: str) -> object:
        if name == "_fields" or name not in self._fields:
            raise AttributeError(name)
        return self._fields[name]

    def set(self, name: str, value: object) -> None:
        assert len(value) == len(self)
        self._fields[name] = value

    def get_fields(self) -> dict[str, object]:
        return self._fields

    def __len__(self) -> int:
        return len(next(iter(self._fields.values())))


def as_array(boxes, scores, labels):
    return np.column_stack([boxes, scores, labels])


def as_mapping(boxes, scores, labels):
    return {"boxes": torch.tensor(boxes), "scores": torch.tensor(scores), "labels": torch.tensor(labels)}


def as_pipeline(boxes, scores, labels):
    names = ("xmin", "ymin", "xmax", "ymax")
    return [
        {"score": score, "label": "cat" if label == 1 else "dog", "box": dict(zip(names, box, strict=True))}
        for box, score, label in zip(boxes, scores, labels, strict=True)
    ]


def as_instances(boxes, scores, labels):
    return Instances(
        (20, 200), pred_boxes=Boxes(torch.tensor(boxes)), scores=torch.tensor(scores), pred_classes=torch.tensor(labels)
    )


def as_prediction(boxes, scores, labels):
    return {"instances": as_instances(boxes, scores, labels)}


def video_of(make):
    return [make(*columns) for columns in zip(MOVING, SCORES, LABELS, strict=True)]


# --- entries per frame: input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [as_array, as_mapping, as_instances, as_prediction])
def test_each_container_gives_the_same_detections(make) -> None:
    found = Detections.from_frames(video_of(make))
    assert found.boxes.tolist() == [box for frame in MOVING for box in frame]
    assert found.scores.tolist() == list(chain(*SCORES))
    assert found.labels.tolist() == list(chain(*LABELS))
    assert found.frames.tolist() == [0, 0, 1, 2, 2]
    assert found.label_names == {}


def test_names_of_a_pipeline_are_numbered_in_alphabetical_order() -> None:
    found = Detections.from_frames(video_of(as_pipeline))
    assert found.label_names == {0: "cat", 1: "dog"}
    assert found.labels.tolist() == [1, 0, 1, 0, 1]


def test_names_have_the_numbers_of_label_names() -> None:
    names = {7: "dog", 4: "cat", 9: "bird"}
    found = Detections.from_frames(video_of(as_pipeline), label_names=names)
    assert found.labels.tolist() == [7, 4, 7, 4, 7]
    assert found.label_names == names


def test_a_pipeline_without_detections_gives_an_empty_frame() -> None:
    found = Detections.from_frames([[], *video_of(as_pipeline), []])
    assert (found.num_frames, found.frames.tolist()) == (5, [1, 1, 2, 3, 3])


def test_boxes_of_a_pipeline_are_corners_whatever_the_box_format() -> None:
    assert Detections.from_frames(video_of(as_pipeline), "xywh").boxes[1].tolist() == MOVING[0][1]


def test_text_labels_of_a_mapping_are_its_labels() -> None:
    entry = {"boxes": MOVING[0], "scores": SCORES[0], "labels": [5, 5], "text_labels": ["dog", "cat"]}
    found = Detections.from_frames([entry])
    assert (found.labels.tolist(), found.label_names) == ([1, 0], {0: "cat", 1: "dog"})


def test_text_labels_may_be_an_array() -> None:
    entry = {"boxes": MOVING[0], "scores": SCORES[0], "labels": np.array(["dog", "cat"])}
    assert Detections.from_frames([entry]).label_names == {0: "cat", 1: "dog"}


@pytest.mark.parametrize(
    "entry",
    [
        np.ma.masked_array([[0, 0, 9, 9, 1]] * 2, mask=[[0] * 5, [1] * 5]),
        {"boxes": MOVING[0], "scores": np.ma.masked_array(SCORES[0], mask=[0, 1])},
        {"boxes": MOVING[0], "scores": SCORES[0], "labels": np.ma.masked_array(["dog", "cat"], mask=[0, 1])},
        {"boxes": MOVING[0], "scores": SCORES[0], "labels": ["dog", None]},
        [
            {**item, "score": score}
            for item, score in zip(as_pipeline(MOVING[0], *[[1, 1]] * 2), [1, None], strict=True)
        ],
    ],
    ids=["array", "scores", "names", "names in a list", "pipeline"],
)
def test_a_masked_or_missing_value_is_named_with_its_entry_and_row(entry) -> None:
    with pytest.raises(ValueError, match=r"^frames, entry 1: \w+, row 1: found a (masked|missing) value, expected a"):
        Detections.from_frames([None, entry])


def test_narrow_floats_are_read() -> None:
    entry = {name: tensor.to(torch.bfloat16) for name, tensor in as_mapping(MOVING[0], SCORES[0], LABELS[0]).items()}
    assert Detections.from_frames([entry]).labels.tolist() == LABELS[0]


FULL = as_array(MOVING[1], SCORES[1], LABELS[1])
UNLABELLED = {
    "array": FULL[:, :5],
    "mapping": {"boxes": MOVING[1], "scores": SCORES[1]},
    "mapping with None": {"boxes": MOVING[1], "scores": SCORES[1], "labels": None},
    "instances": Instances((20, 200), pred_boxes=Boxes(torch.tensor(MOVING[1])), scores=torch.tensor(SCORES[1])),
}


@pytest.mark.parametrize("entry", UNLABELLED.values(), ids=UNLABELLED)
def test_labels_in_some_frames_and_not_in_others_are_refused_by_entry(entry) -> None:
    message = "frames, entry {}: labels: found {}, expected {} as in earlier entries"
    with pytest.raises(ValueError, match=exactly(message.format(2, "no labels", "numbers"))):
        Detections.from_frames([FULL, None, entry])
    with pytest.raises(ValueError, match=exactly(message.format(1, "numbers", "no labels"))):
        Detections.from_frames([entry, FULL])
    with pytest.raises(ValueError, match=exactly(message.format(1, "no labels", "names"))):
        Detections.from_frames([as_pipeline(MOVING[1], [1], [1]), entry])


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        np.empty((0, 5)),
        {"boxes": []},
        {"boxes": torch.zeros((0, 4))},
        {"boxes": np.empty((0, 4)), "scores": None, "labels": None},
        Instances((20, 200), pred_boxes=Boxes(torch.zeros((0, 4)))),
    ],
    ids=["None", "list", "array", "empty list", "no scores", "scores of None", "instances"],
)
def test_an_empty_frame_needs_neither_scores_nor_labels(entry) -> None:
    entries = [FULL, entry, FULL]
    found = Detections.from_frames(entries)
    assert (found.num_frames, found.frames.tolist(), found.labels.tolist()) == (3, [0, 2], [3, 3])
    assert len(trajtrack.attach_ids(entries, trajtrack.link(found, method="seq-nms"))) == 3


@pytest.mark.parametrize(
    ("entries", "label_names", "message"),
    [
        (
            [as_pipeline(MOVING[1], [1], [1]), as_mapping(MOVING[1], [1.0], [1])],
            None,
            "frames, entry 1: labels: found numbers, expected names as in earlier entries",
        ),
        (
            [as_mapping(MOVING[1], [1.0], [1]), None, as_pipeline(MOVING[1], [1], [1])],
            None,
            "frames, entry 2: labels: found names, expected numbers as in earlier entries",
        ),
        (
            [None, as_pipeline(MOVING[1], [1], [1])],
            {0: "dog"},
            "frames, entry 1: labels: found the name 'cat', expected one of label_names",
        ),
        (
            [as_pipeline(MOVING[1], [1], [1])],
            {0: "cat", 1: "cat"},
            "frames, entry 0: labels: found the name 'cat', expected one that label_names gives to one label only",
        ),
        (
            [None, [{"score": 0.5, "label": "cat"}]],
            None,
            "frames, entry 1: row 0: found {'score': 0.5, 'label': 'cat'}, "
            "expected score, label and box with xmin, ymin, xmax, ymax",
        ),
        (
            [Instances((20, 200), pred_boxes=Boxes([[0, 0, 1, 1]]))],
            None,
            "frames, entry 0: found instances without scores, expected pred_boxes and scores",
        ),
        (
            [Instances((20, 200), gt_boxes=[])],
            None,
            "frames, entry 0: found instances without pred_boxes, expected pred_boxes and scores",
        ),
    ],
)
def test_an_invalid_entry_is_rejected_with_its_index(entries, label_names, message: str) -> None:
    with pytest.raises(ValueError, match=exactly(message)):
        Detections.from_frames(entries, label_names=label_names)


# --- entries per frame: output ---------------------------------------------------------------------------------------


@pytest.fixture
def tracks() -> trajtrack.Trajectories:
    return link(Detections.from_frames(video_of(as_array)), iou_threshold=0.3)


def test_the_expected_ids(tracks) -> None:
    assert tracks.track_ids.tolist() == list(chain(*IDS))


@pytest.mark.parametrize(
    ("make", "ids_of"),
    [
        (as_array, lambda entry: entry[:, -1].tolist()),
        (as_mapping, lambda entry: entry["track_ids"].tolist()),
        (as_pipeline, lambda entry: [item["track_id"] for item in entry]),
        (as_instances, lambda entry: entry.track_ids.tolist()),
        (as_prediction, lambda entry: entry["instances"].track_ids.tolist()),
    ],
)
def test_each_entry_gets_the_ids_of_its_rows(make, ids_of, tracks) -> None:
    assert [ids_of(entry) for entry in trajtrack.attach_ids(video_of(make), tracks)] == IDS


@pytest.mark.parametrize("make", [as_array, as_mapping, as_pipeline, as_instances, as_prediction])
def test_entries_with_ids_keep_their_type_and_detections(make, tracks) -> None:
    given = video_of(make)
    attached = trajtrack.attach_ids(given, tracks)
    assert [type(entry) for entry in attached] == [type(entry) for entry in given]
    if make is not as_array:  # `from_frames` rejects a seventh column
        assert Detections.from_frames(attached) == Detections.from_frames(given)


def test_input_entries_are_not_modified(tracks) -> None:
    array, mapping, pipeline, instances = (video_of(make) for make in (as_array, as_mapping, as_pipeline, as_instances))
    before = copy.deepcopy((array, pipeline))
    for given in (array, mapping, pipeline, instances):
        trajtrack.attach_ids(given, tracks)
    assert [entry.shape for entry in array] == [entry.shape for entry in before[0]]
    assert pipeline == before[1]
    assert all("track_ids" not in entry for entry in mapping)
    assert all("track_ids" not in entry.get_fields() for entry in instances)


def test_ids_come_only_from_trajectories() -> None:
    given = video_of(as_array)
    with pytest.raises(TypeError, match=r"^tracks: found Detections, expected Trajectories$"):
        trajtrack.attach_ids(given, Detections.from_frames(given))


def test_copies_share_memory_with_the_input(tracks) -> None:
    given = video_of(as_mapping)
    assert all(
        copied["boxes"] is entry["boxes"]
        for copied, entry in zip(trajtrack.attach_ids(given, tracks), given, strict=True)
    )


def test_ids_are_an_int64_tensor_if_the_scores_are_a_tensor(tracks) -> None:
    (with_tensor, *_), (with_list, *_) = (
        trajtrack.attach_ids(given, tracks)
        for given in (
            video_of(as_mapping),
            [{"boxes": boxes, "scores": scores} for boxes, scores in zip(MOVING, SCORES, strict=True)],
        )
    )
    assert with_tensor["track_ids"].dtype == torch.int64
    assert isinstance(with_list["track_ids"], np.ndarray)
    assert with_list["track_ids"].dtype == np.int64


def test_attached_ids_are_independent_of_the_tracks(tracks) -> None:
    arrays = [
        {"boxes": np.array(boxes), "scores": np.array(scores)} for boxes, scores in zip(MOVING, SCORES, strict=True)
    ]
    for given in (arrays, video_of(as_mapping)):
        for entry in trajtrack.attach_ids(given, tracks):
            entry["track_ids"] += 100
    assert tracks.track_ids.tolist() == list(chain(*IDS))


def test_rows_without_a_trajectory_are_kept_with_id_minus_1() -> None:
    given = video_of(as_mapping)
    tracks = link(Detections.from_frames(given), min_length=3)
    assert [entry["track_ids"].tolist() for entry in trajtrack.attach_ids(given, tracks)] == [[0, -1], [0], [-1, 0]]


def test_empty_frames_do_not_change() -> None:
    given = [None, [], as_pipeline([], [], [])]
    assert trajtrack.attach_ids(given, link(Detections.from_frames(given)))[0] is None
    nothing = link(Detections.from_frames([]))
    assert trajtrack.attach_ids([], nothing) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda given: given[:2], "container: found 2 entries, expected 3, one per frame of tracks"),
        (lambda given: given[::-1][1:] + given[:1], "container, entry 0: found 1 rows, expected 2 as in tracks"),
        (
            lambda given: [given[0], {"boxes": MOVING[1]}, given[2]],
            "container, entry 1: found a mapping without scores, expected boxes and scores",
        ),
    ],
)
def test_entries_that_do_not_match_the_tracks_are_rejected(change, message: str, tracks) -> None:
    with pytest.raises(ValueError, match=exactly(message)):
        trajtrack.attach_ids(change(video_of(as_mapping)), tracks)


def test_tracks_with_rows_out_of_frame_order_are_rejected(tracks) -> None:
    shuffled = link(tracks.detections[[2, 0, 1, 3, 4]])
    with pytest.raises(ValueError, match=exactly("tracks, row 1: found frame 0, expected rows in frame order")):
        trajtrack.attach_ids(video_of(as_mapping), shuffled)


def test_a_container_of_another_type_is_rejected(tracks) -> None:
    with pytest.raises(TypeError, match=exactly("container: found int, expected one entry per frame or a table")):
        trajtrack.attach_ids(3, tracks)


# --- tables ----------------------------------------------------------------------------------------------------------

TABLE = {"frame": [0, 1, 1], "x1": [0, 1, 50], "y1": [0] * 3, "x2": [9, 10, 60], "y2": [9] * 3, "score": [0.5, 0.75, 1]}
NAMED = TABLE | {"label": ["dog", "cat", "dog"]}


class ArrowAlone:
    """A table that supports only the Arrow protocol."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def as_reader(columns):
    return pa.table(columns).to_reader()


def as_batch(columns):
    return pa.RecordBatch.from_pydict(columns)


def as_stream(columns):
    return ArrowAlone(pa.table(columns))


every_table = pytest.mark.parametrize(
    "make", [dict, pd.DataFrame, pl.DataFrame, pa.table, as_batch, as_reader, as_stream]
)
tables_with_room = pytest.mark.parametrize("make", [dict, pd.DataFrame, pl.DataFrame, pa.table, as_batch])


@every_table
def test_every_kind_of_table_gives_the_same_detections(make) -> None:
    assert Detections.from_table(make(TABLE)) == Detections(
        [[0, 0, 9, 9], [1, 0, 10, 9], [50, 0, 60, 9]], [0.5, 0.75, 1], [0, 1, 1]
    )


@every_table
def test_columns_may_have_other_names(make) -> None:
    theirs = {"score": "confidence", "x1": "left", "label": "class"}
    table = {theirs.get(name, name): column for name, column in TABLE.items()} | {"class": [4, 5, 6]}
    found = Detections.from_table(make(table), columns=theirs)
    assert found == Detections.from_table(TABLE | {"label": [4, 5, 6]})


def test_a_named_column_takes_precedence_over_one_of_the_default_name() -> None:
    found = Detections.from_table(TABLE | {"confidence": [1, 2, 3]}, columns={"score": "confidence"})
    assert found.scores.tolist() == [1, 2, 3]


@every_table
def test_labels_of_a_table_may_be_text(make) -> None:
    found = Detections.from_table(make(NAMED))
    assert (found.labels.tolist(), found.label_names) == ([1, 0, 1], {0: "cat", 1: "dog"})


@pytest.mark.parametrize(
    "table", [pd.DataFrame(NAMED).iloc[:0], pl.DataFrame(NAMED).head(0), pa.table(NAMED).slice(0, 0)], ids=type
)
def test_a_table_without_rows_may_have_text_labels(table) -> None:
    assert len(Detections.from_table(table)) == 0


@every_table
def test_a_missing_value_is_rejected_with_column_and_row(make) -> None:
    with pytest.raises(ValueError, match=exactly("column 'score', row 1: found a missing value, expected a value")):
        Detections.from_table(make(TABLE | {"score": [0.5, None, 1.0]}))


def test_a_missing_value_of_a_nullable_column_of_pandas_is_rejected() -> None:
    table = pd.DataFrame(TABLE).astype({"frame": "Int64"})
    table.loc[2, "frame"] = pd.NA
    with pytest.raises(ValueError, match=exactly("column 'frame', row 2: found a missing value, expected a value")):
        Detections.from_table(table)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"confidence": "score"},
            "columns: found 'confidence', expected one of frame, score, x1, y1, x2, y2, x, y, w, h, label, track_id",
        ),
        (
            {"score": "confidence"},
            "columns, 'score': found 'confidence', expected one of frame, x1, y1, x2, y2, score",
        ),
    ],
)
def test_names_of_columns_that_do_not_exist_are_rejected(columns, message: str) -> None:
    with pytest.raises(ValueError, match=exactly(message)):
        Detections.from_table(TABLE, columns=columns)


def test_a_name_that_is_not_among_label_names_is_rejected() -> None:
    message = "column 'label': labels: found the name 'cat', expected one of label_names"
    with pytest.raises(ValueError, match=exactly(message)):
        Detections.from_table(TABLE | {"label": ["cat"] * 3}, label_names={0: "dog"})


@tables_with_room
def test_a_table_gets_a_column_of_ids(make) -> None:
    given = make(TABLE)
    attached = trajtrack.attach_ids(given, link(Detections.from_table(given)))
    assert type(attached) is type(given)
    assert [int(identity) for identity in np.asarray(attached["track_id"])] == [0, 0, 1]
    assert np.asarray(attached["track_id"]).dtype == np.int64
    assert Detections.from_table(attached)[:].scores.tolist() == TABLE["score"]
    assert "track_id" not in (given if make is dict else pa.table(given).column_names)


@tables_with_room
def test_an_existing_column_of_ids_is_replaced_in_place(make) -> None:
    given = make({"track_id": [7, 7, 7]} | TABLE)
    attached = trajtrack.attach_ids(given, link(Detections.from_table(given)))
    assert np.asarray(attached["track_id"]).tolist() == [0, 0, 1]
    assert pa.table(attached).column_names == ["track_id", *TABLE]
    assert np.asarray(given["track_id"]).tolist() == [7, 7, 7]


@tables_with_room
def test_a_table_with_other_rows_is_rejected(make) -> None:
    tracks = link(Detections.from_table(TABLE)[:2])
    with pytest.raises(ValueError, match=exactly("container: found 3 rows, expected 2 as in tracks")):
        trajtrack.attach_ids(make(TABLE), tracks)


def test_a_table_that_no_column_can_be_added_to_is_rejected() -> None:
    expected = "expected one entry per frame, a mapping of columns or a table of pandas, polars or pyarrow"
    with pytest.raises(TypeError, match=exactly(f"container: found ArrowAlone, {expected}")):
        trajtrack.attach_ids(as_stream(TABLE), link(Detections.from_table(TABLE)))


def test_a_lazy_table_is_rejected() -> None:
    lazy = pl.DataFrame(TABLE).lazy()
    with pytest.raises(TypeError, match=exactly("table: found LazyFrame, expected a table or a mapping of columns")):
        Detections.from_table(lazy)
    tracks = link(Detections.from_table(TABLE))
    with pytest.raises(TypeError, match=exactly("container: found LazyFrame, expected one entry per frame or a table")):
        trajtrack.attach_ids(lazy, tracks)


def test_the_error_says_how_to_install_a_missing_dependency(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    message = "a table of type ArrowAlone needs pyarrow: pip install 'trajtrack[io]'"
    with pytest.raises(ImportError, match=exactly(message)):
        Detections.from_table(as_stream(TABLE))


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_tables_with_access_by_column_need_no_pyarrow(make, monkeypatch: pytest.MonkeyPatch) -> None:
    given = make(TABLE)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    tracks = link(Detections.from_table(given))
    assert list(trajtrack.attach_ids(given, tracks)["track_id"]) == [0, 0, 1]
