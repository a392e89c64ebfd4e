from __future__ import annotations

from pathlib import Path

import pytest

import trajtrack
from helpers.export_examples import NAMES, linked
from helpers.libraries import library

coco = library("pycocotools.coco")


@pytest.fixture
def dataset(tmp_path: Path):
    trajtrack.write(tmp_path / "street.json", linked(), "coco-vid")
    return coco.COCO(str(tmp_path / "street.json"))


def test_annotations_of_a_class_are_found(dataset) -> None:
    (number,) = dataset.getCatIds(catNms=[NAMES[5]])
    (annotation,) = dataset.loadAnns(dataset.getAnnIds(catIds=[number]))
    assert annotation["bbox"] == [100.25, 50, 30, 40]
    assert (annotation["score"], annotation["instance_id"]) == (0.25, 1)
    assert dataset.loadImgs(annotation["image_id"])[0]["frame_id"] == 6


def test_annotations_are_found_by_area(dataset) -> None:
    assert len(dataset.getAnnIds(areaRng=[1201, 2000])) == 3


def test_annotations_of_an_image_are_found(dataset) -> None:
    frames = {image["frame_id"]: len(dataset.getAnnIds(imgIds=[image["id"]])) for image in dataset.dataset["images"]}
    assert frames == {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 6: 1}
