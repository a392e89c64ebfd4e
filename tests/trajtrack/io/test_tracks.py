"""Formats that store tracks refuse rows that do not form tracks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import trajtrack
from trajtrack import Detections

BOXES = [[0, 0, 1, 1]] * 3


@pytest.fixture(params=["tao", "youtube-vis", "cvat"])
def format(request: pytest.FixtureRequest) -> str:
    return request.param


def refused(tmp_path: Path, format: str, message: str, **columns: list[int]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"a.out: {message}")):
        trajtrack.write(tmp_path / "a.out", Detections(BOXES, [1] * 3, **columns), format)
    assert not list(tmp_path.iterdir())


def test_a_row_without_an_identity_is_refused(tmp_path: Path, format: str) -> None:
    message = f"track_ids, row 1: found none, expected an identity for every row: {format} files store tracks"
    refused(tmp_path, format, message, frames=[0, 1, 2], track_ids=[4, -1, 4])


def test_detections_without_identities_are_refused(tmp_path: Path, format: str) -> None:
    refused(tmp_path, format, "track_ids, row 0: found none, expected an identity", frames=[0, 1, 2])


def test_a_second_label_of_an_identity_is_refused(tmp_path: Path, format: str) -> None:
    message = (
        f"labels, row 2: found label 5 for id 4, expected one label per identity: {format} files store the class "
        "of a track once"
    )
    refused(tmp_path, format, message, frames=[8, 1, 0], labels=[3, 5, 5], track_ids=[4, 0, 4])


def test_a_second_box_of_an_identity_in_a_frame_is_refused(tmp_path: Path, format: str) -> None:
    message = (
        f"track_ids, row 2: found id 4 a second time in frame 8, expected one box per identity and frame: {format}"
    )
    refused(tmp_path, format, message, frames=[8, 8, 8], track_ids=[4, 0, 4])
