from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import trajtrack
from helpers.videos import moving_square, write_video
from trajtrack.detect.sources import source_of

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("PIL.Image")

BASE = {"width": 8, "height": 8}
IMAGE = np.zeros((16, 32, 3), np.uint8)
IMAGE[:] = (10, 20, 30)
VALUES = {"boxes": "boxes", "scores": "scores", "labels": "labels"}


def save(path: Path, declaration, outputs, kind="float", batch="n", extra_inputs=()):
    """Save a model whose outputs are constants, or its inputs if they are named so, and its declaration."""
    helper, types = onnx.helper, onnx.TensorProto
    kinds = {"float": types.FLOAT, "uint8": types.UINT8, "float16": types.FLOAT16, "int64": types.INT64}
    inputs = [helper.make_tensor_value_info("images", kinds[kind], [batch, None, None, None])]
    inputs += [helper.make_tensor_value_info(name, types.INT64, [batch, 2]) for name in extra_inputs]
    nodes, infos = [], []
    for name, value in outputs.items():
        if isinstance(value, str):
            nodes.append(helper.make_node("Identity", [value], [name]))
            infos.append(helper.make_tensor_value_info(name, kinds[kind if value == "images" else "int64"], None))
            continue
        array = np.asarray(value)
        constant = onnx.numpy_helper.from_array(array)
        nodes.append(helper.make_node("Constant", [], [name], value=constant))
        infos.append(helper.make_tensor_value_info(name, constant.data_type, array.shape))
    graph = helper.make_graph(nodes, "model", inputs, infos)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)
    path.with_suffix(".json").write_text(json.dumps({**BASE, **declaration}))
    return path


def run(path: Path, images=(IMAGE,)):
    return source_of(path).load("cpu", 1)(list(images))


def three(boxes, scores, labels):
    return {
        "boxes": np.array([boxes], np.float32),
        "scores": np.array([scores], np.float32),
        "labels": np.array([labels], np.int64),
    }


def shown(entry):
    return {name: column.tolist() for name, column in entry.items()}


@pytest.mark.parametrize(
    ("declared", "boxes", "expected"),
    [
        ({}, [[1, 2, 5, 6]], [[4, 4, 20, 12]]),
        ({"box_unit": "relative"}, [[0.125, 0.25, 0.625, 0.75]], [[4, 4, 20, 12]]),
        ({"box_unit": "image"}, [[1, 2, 5, 6]], [[1, 2, 5, 6]]),
        ({"box_format": "xywh"}, [[1, 2, 4, 4]], [[4, 4, 20, 12]]),
        ({"box_format": "cxcywh"}, [[3, 4, 4, 4]], [[4, 4, 20, 12]]),
        ({"resize": "letterbox"}, [[1, 2, 5, 3]], [[4, 8, 20, 12]]),
        ({"resize": "letterbox", "box_unit": "relative"}, [[0.125, 0.25, 0.625, 0.375]], [[4, 8, 20, 12]]),
    ],
)
def test_boxes_become_corners_in_pixels_of_the_image(tmp_path, declared, boxes, expected):
    path = save(tmp_path / "model.onnx", {**VALUES, **declared}, three(boxes, [0.5], [3]))
    (entry,) = run(path)
    assert shown(entry) == {"boxes": expected, "scores": [0.5], "labels": [3]}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("names", [[], ["cat", "dog"]])
def test_one_tensor_has_boxes_and_a_score_per_class(tmp_path, turned, names):
    rows = np.zeros((1, 9, 6), np.float32)
    rows[0, 0] = [1, 2, 5, 6, 0.2, 0.7]
    rows[0, 1] = [1, 2, 5, 6, 0.6, 0.1]
    declared = {"predictions": "rows", "names": names}
    path = save(tmp_path / "model.onnx", declared, {"rows": rows.transpose(0, 2, 1) if turned else rows})
    (entry,) = run(path)
    assert entry["labels"][:2].tolist() == [1, 0]
    np.testing.assert_allclose(entry["scores"][:2], [0.7, 0.6])
    assert entry["boxes"][0].tolist() == [4, 4, 20, 12]


def test_scores_of_classes_are_multiplied_by_that_of_any_object(tmp_path):
    rows = np.array([[[1, 2, 5, 6, 0.5, 0.2, 0.8]] * 9], np.float32)
    declared = {"predictions": "rows", "objectness": True, "names": ["cat", "dog"]}
    (entry,) = run(save(tmp_path / "model.onnx", declared, {"rows": rows}))
    np.testing.assert_allclose(entry["scores"][0], 0.4)


def test_a_tensor_of_another_width_than_names_is_refused(tmp_path):
    declared = {"predictions": "rows", "names": ["cat"]}
    path = save(tmp_path / "model.onnx", declared, {"rows": np.zeros((1, 9, 6), np.float32)})
    with pytest.raises(ValueError, match=r"^rows: found shape 9x6, expected 5 columns as in names$"):
        run(path)


def test_scores_per_class_need_no_labels(tmp_path):
    outputs = {"boxes": np.zeros((1, 2, 4), np.float32), "scores": np.array([[[0.1, 0.9], [0.8, 0.2]]], np.float32)}
    (entry,) = run(save(tmp_path / "model.onnx", {"boxes": "boxes", "scores": "scores"}, outputs))
    assert entry["labels"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("activation", "scores"),
    [("none", [2, 3]), ("sigmoid", [0.880797, 0.952574]), ("softmax", [0.766157, 0.047426])],
)
def test_logits_become_scores_of_classes(tmp_path, activation, scores):
    logits = np.array([[[2, 0.5, -0.5], [0, -9, 3]]], np.float32)
    outputs = {"boxes": np.zeros((1, 2, 4), np.float32), "scores": logits}
    declared = {"boxes": "boxes", "scores": "scores", "activation": activation}
    (entry,) = run(save(tmp_path / "model.onnx", declared, outputs))
    np.testing.assert_allclose(entry["scores"], scores, rtol=1e-4)
    assert entry["labels"].tolist() == ([0, 0] if activation == "softmax" else [0, 2])


def test_lower_boxes_of_the_same_class_are_suppressed(tmp_path):
    boxes = [[0, 0, 4, 4], [0, 0, 4, 4.1], [0, 0, 4, 4], [5, 5, 8, 8], [5, 5, 8, 8]]
    outputs = three(boxes, [0.5, 0.9, 0.8, 0.3, 0.001], [0, 0, 1, 0, 0])
    (entry,) = run(save(tmp_path / "model.onnx", {**VALUES, "nms": 0.6}, outputs))
    np.testing.assert_allclose(entry["scores"], [0.9, 0.8, 0.3])


@pytest.mark.parametrize(
    ("declared", "kind", "expected"),
    [
        ({}, "float", np.array([10, 20, 30]) / 255),
        ({"channels": "BGR"}, "float", np.array([30, 20, 10]) / 255),
        ({"scale": 1, "mean": [10, 10, 10], "std": [1, 2, 4]}, "float", [0, 5, 5]),
        ({"scale": 1}, "float16", [10, 20, 30]),
        ({}, "uint8", [10, 20, 30]),
    ],
)
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_pixels_are_prepared_as_declared(tmp_path, declared, kind, expected, layout):
    outputs = {**three([], [], []), "boxes": "images"}
    path = save(tmp_path / "model.onnx", {**VALUES, **declared, "layout": layout}, outputs, kind)
    detector = source_of(path).load("cpu", 1)
    values = detector._prepared(IMAGE)
    assert values.dtype == {"float": np.float32, "float16": np.float16, "uint8": np.uint8}[kind]
    assert values.shape == ((3, 8, 8) if layout == "NCHW" else (8, 8, 3))
    pixel = values[:, 3, 3] if layout == "NCHW" else values[3, 3]
    np.testing.assert_allclose(pixel, expected, rtol=1e-5)


def test_a_letterbox_is_grey_below_the_image(tmp_path):
    path = save(tmp_path / "model.onnx", {**VALUES, "resize": "letterbox", "scale": 1}, three([], [], []))
    values = source_of(path).load("cpu", 1)._prepared(IMAGE)
    assert values[:, 3, 0].tolist() == [10, 20, 30]
    assert values[:, 4, 0].tolist() == [114, 114, 114]


def test_a_model_may_ask_for_the_size_of_images(tmp_path):
    outputs = {**three([[0, 0, 1, 1]], [0.5], [0]), "labels": "sizes"}
    declared = {**VALUES, "labels": "labels", "size_input": "sizes"}
    path = save(tmp_path / "model.onnx", declared, outputs, extra_inputs=["sizes"])
    (entry,) = run(path)
    assert entry["labels"].tolist() == [32, 16]


def test_a_model_of_one_image_gets_one_at_a_time(tmp_path):
    path = save(tmp_path / "model.onnx", VALUES, three([[0, 0, 1, 1]], [0.5], [0]), batch=1)
    assert len(run(path, [IMAGE] * 3)) == 3


def test_a_video_has_detections_with_class_names(tmp_path):
    pytest.importorskip("av")
    video = write_video(tmp_path / "video.mp4", moving_square(5))
    declared = {**VALUES, "names": ["cat", "dog"]}
    path = save(tmp_path / "model.onnx", declared, three([[0, 0, 4, 4]] * 2, [0.5, 0.04], [1, 0]), batch=1)
    found = trajtrack.detect(video, path)
    assert (found.labels.tolist(), found.label_names) == ([1] * 5, {0: "cat", 1: "dog"})
    assert found.boxes[0].tolist() == [0, 0, 48, 32]


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ("{", "line 1"),
        ("[]", r"found \[\], expected an object with the fields of a model"),
        ({"width": 8, "boxes": "b", "scores": "s"}, "found no height, expected it"),
        ({**BASE, **VALUES, "size": 3}, "found an unknown field 'size', expected some of width, height"),
        ({**BASE, **VALUES, "width": "wide"}, 'width: found "wide", expected an integer'),
        ({**BASE, **VALUES, "width": 0}, "found 0x8, expected a width and a height of at least 1"),
        ({**BASE, **VALUES, "nms": True}, "nms: found true, expected a number"),
        ({**BASE, **VALUES, "mean": [1, 2]}, "mean: found 2 numbers, expected 3"),
        ({**BASE, **VALUES, "names": [1]}, r"names: found \[1\], expected a list of names"),
        ({**BASE, **VALUES, "layout": "HWC"}, 'layout: found "HWC", expected one of NCHW, NHWC'),
        (BASE, "found neither or both, expected either predictions or boxes and scores"),
        ({**BASE, "boxes": "b"}, "found one of boxes and scores, expected both"),
    ],
)
def test_an_invalid_declaration_is_refused_before_the_model_is_loaded(tmp_path, declaration, message):
    (tmp_path / "model.onnx").write_bytes(b"")
    text = declaration if isinstance(declaration, str) else json.dumps(declaration)
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(ValueError, match=rf"model\.json[:,] {message}"):
        source_of(tmp_path / "model.onnx")


def test_a_model_without_declaration_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.onnx: found no model\.json beside it, expected one that declares it"):
        source_of(tmp_path / "model.onnx")


def test_outputs_that_the_model_does_not_have_are_refused(tmp_path):
    path = save(tmp_path / "model.onnx", {**VALUES, "scores": "conf"}, three([], [], []))
    with pytest.raises(ValueError, match=r"found no scores 'conf' in the model, expected one of boxes, "):
        run(path)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    path = save(tmp_path / "model.onnx", VALUES, three([], [], []))
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"model\.onnx: found a model that cannot be loaded \("):
        run(path)


@pytest.mark.parametrize(
    ("device", "message"),
    [("tpu", "found 'tpu', expected cpu, cuda or cuda:N"), ("cuda:x", "found 'cuda:x', expected cpu, cuda or cuda:N")],
)
def test_a_device_that_does_not_exist_is_refused(tmp_path, device, message):
    path = save(tmp_path / "model.onnx", VALUES, three([], [], []))
    with pytest.raises(ValueError, match=f"^device: {message}$"):
        source_of(path).load(device, 1)


def test_the_recipe_changes_with_the_declaration(tmp_path):
    path = save(tmp_path / "model.onnx", VALUES, three([], [], []))
    before = source_of(path).recipe()
    (tmp_path / "model.json").write_text(json.dumps({**BASE, **VALUES, "nms": 0.5}))
    assert source_of(path).recipe() != before


def test_without_the_library_the_error_says_what_to_install(tmp_path, monkeypatch):
    path = save(tmp_path / "model.onnx", VALUES, three([], [], []))
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ImportError, match=r"^ONNX models need onnxruntime: pip install 'trajtrack\[onnx\]'$"):
        run(path)
