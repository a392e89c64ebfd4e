from __future__ import annotations

import numpy as np
import pytest

import trajtrack
from helpers.libraries import library
from trajtrack import Detections

torch = library("torch")
transformers = library("transformers")
Image = library("PIL.Image")

NAMES = {0: "person", 1: "car", 2: "dog"}
SIZE = {"height": 32, "width": 48}


@pytest.fixture(scope="module")
def model():
    """Return an untrained detector, with boxes at random positions."""
    torch.manual_seed(0)
    config = transformers.YolosConfig(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=[SIZE["height"], SIZE["width"]],
        num_detection_tokens=5,
        id2label=NAMES,
        label2id={name: label for label, name in NAMES.items()},
        initializer_range=0.5,
    )
    return transformers.YolosForObjectDetection(config).eval()


@pytest.fixture(scope="module")
def processor():
    return transformers.YolosImageProcessor(size=SIZE)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 255, (64, 96, 3), np.uint8)) for _ in range(3)]


@pytest.fixture(scope="module")
def found_by_pipeline(model, processor, images):
    detect = transformers.pipeline("object-detection", model=model, image_processor=processor)
    return detect(images, threshold=0.3)


@pytest.fixture(scope="module")
def found_by_processor(model, processor, images):
    with torch.no_grad():
        outputs = model(**processor(images=images, return_tensors="pt"))
    return processor.post_process_object_detection(outputs, threshold=0.3, target_sizes=[(64, 96)] * 3)


def test_a_pipeline_is_accepted_with_the_labels_of_its_model(found_by_pipeline, found_by_processor) -> None:
    found = Detections.from_frames(found_by_pipeline, label_names=NAMES)
    assert len(found) > 0
    assert found.labels.tolist() == [label for entry in found_by_processor for label in entry["labels"].tolist()]
    assert found.scores.tolist() == [score for entry in found_by_processor for score in entry["scores"].tolist()]
    assert found.label_names == NAMES


def test_a_pipeline_is_accepted_with_labels_in_the_order_of_names(found_by_pipeline) -> None:
    found = Detections.from_frames(found_by_pipeline)
    names = [item["label"] for entry in found_by_pipeline for item in entry]
    assert [found.label_names[label] for label in found.labels.tolist()] == names
    assert list(found.label_names.values()) == sorted(set(names))


def test_a_pipeline_gets_track_ids(found_by_pipeline) -> None:
    tracks = trajtrack.link(Detections.from_frames(found_by_pipeline))
    attached = trajtrack.attach_ids(found_by_pipeline, tracks)
    assert [item["track_id"] for entry in attached for item in entry] == tracks.track_ids.tolist()
    assert [[item | {"track_id": None} for item in entry] for entry in found_by_pipeline] == [
        [item | {"track_id": None} for item in entry] for entry in attached
    ]
    assert all("track_id" not in item for entry in found_by_pipeline for item in entry)


def test_processor_output_is_accepted(found_by_processor) -> None:
    found = Detections.from_frames(found_by_processor, label_names=NAMES)
    assert found.boxes.tolist() == [box for entry in found_by_processor for box in entry["boxes"].tolist()]
    assert found.num_frames == 3


def test_processor_output_gets_track_ids(found_by_processor) -> None:
    tracks = trajtrack.link(Detections.from_frames(found_by_processor))
    attached = trajtrack.attach_ids(found_by_processor, tracks)
    assert torch.cat([entry["track_ids"] for entry in attached]).tolist() == tracks.track_ids.tolist()
    assert all("track_ids" not in entry for entry in found_by_processor)
