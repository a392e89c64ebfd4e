"""Many videos are linked as each one alone; a fault in one does not affect the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections, link, link_many
from trajtrack.scenes import make_scene

VIDEOS = [make_scene(num_frames=60 + seed, objects_per_frame=6, seed=seed).detections for seed in range(12)]


def test_each_video_is_linked_independently() -> None:
    for video, found in zip(VIDEOS, link_many(VIDEOS, num_threads=3), strict=True):
        expected = link(video)
        np.testing.assert_array_equal(found.result().track_ids, expected.track_ids)
        np.testing.assert_array_equal(found.result().scores, expected.scores)


def test_results_come_in_the_order_of_the_input() -> None:
    assert [found.index for found in link_many(VIDEOS, num_threads=4)] == list(range(len(VIDEOS)))


def test_unordered_results_are_the_same_set() -> None:
    found = list(link_many(VIDEOS, num_threads=4, ordered=False))
    assert sorted(one.index for one in found) == list(range(len(VIDEOS)))
    assert all(one.source is VIDEOS[one.index] for one in found)


def test_options_apply_to_every_video(tmp_path: Path) -> None:
    assert all(found.result().options.max_gap == 3 for found in link_many(VIDEOS, max_gap=3))


def test_files_are_read_while_linking(tmp_path: Path) -> None:
    for number, video in enumerate(VIDEOS):
        trajtrack.write(tmp_path / f"{number}.txt", video)
    paths = [tmp_path / f"{number}.txt" for number in range(len(VIDEOS))]
    for video, found in zip(VIDEOS, link_many(paths), strict=True):
        np.testing.assert_array_equal(found.result().track_ids, link(video).track_ids)
        assert found.source == str(paths[found.index])


def test_a_broken_video_is_reported_and_the_others_continue(tmp_path: Path) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_text("1,2,3\n")
    found = list(link_many([VIDEOS[0], broken, tmp_path / "missing.txt", VIDEOS[1]]))
    assert [one.error is None for one in found] == [True, False, False, True]
    assert "broken.txt, line 1: found 3 columns" in str(found[1].error)
    assert isinstance(found[2].error, FileNotFoundError)
    with pytest.raises(ValueError, match=r"broken\.txt"):
        found[1].result()


def test_something_other_than_a_video_is_reported_as_its_own_error() -> None:
    (found,) = link_many([3])  # type: ignore[list-item]
    assert "found int, expected trajtrack.Detections" in str(found.error)


def test_no_videos_give_no_results() -> None:
    assert list(link_many([])) == []


def test_wrong_options_are_rejected_before_the_first_video() -> None:
    with pytest.raises(TypeError, match="unknown option 'max_gaps'"):
        link_many(VIDEOS, max_gaps=1)
    with pytest.raises(ValueError, match="num_threads: found 0, expected an integer from 1 to 1024"):
        link_many(VIDEOS, num_threads=0)


def test_only_a_few_videos_are_taken_ahead() -> None:
    asked = 0

    def endless() -> Iterator[Detections]:
        nonlocal asked
        while True:
            asked += 1
            yield VIDEOS[0]

    results = link_many(endless(), num_threads=2)
    for _ in range(3):
        next(results)
    results.close()  # type: ignore[attr-defined]
    assert asked <= 3 + 4


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    list(link_many(VIDEOS, num_threads=4))
    assert threading.active_count() == before


def test_videos_are_given_as_to_link() -> None:
    rows = [np.column_stack([VIDEOS[0].boxes, VIDEOS[0].scores])[VIDEOS[0].frames == k] for k in range(60)]
    columns = {"xyxy": VIDEOS[0].boxes, "conf": VIDEOS[0].scores, "frame": VIDEOS[0].frames}
    found = list(link_many([rows, dict(enumerate(rows)), columns, iter(rows)], num_threads=2))
    expected = link(rows)
    assert [one.error for one in found] == [None] * 4
    for one in found:
        np.testing.assert_array_equal(one.result().boxes, expected.boxes)


def test_boxes_of_videos_have_the_format_given() -> None:
    sized = [np.array([[10, 20, 40, 60, 0.9]])] * 3
    (found,) = link_many([sized], box_format="xywh", method="seq-nms")
    assert found.result().detections.boxes[0].tolist() == [10, 20, 50, 80]


@pytest.mark.parametrize("one", ["video.txt", Path("video.txt"), VIDEOS[0], {"frame": [0]}])
def test_one_video_instead_of_several_is_refused(one) -> None:
    with pytest.raises(TypeError, match=r"^videos: found one .*, expected an iterable of videos; link\("):
        link_many(one)
