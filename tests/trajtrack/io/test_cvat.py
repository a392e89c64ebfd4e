from __future__ import annotations

import re
import time
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import trajtrack
from trajtrack import Detections

# An export of CVAT, shortened.
EXPORTED = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>5</id>
      <name>street</name>
      <size>9</size>
      <mode>interpolation</mode>
      <labels>
        <label><name>dog</name><color>#fff</color><attributes><attribute><name>score</name></attribute></attributes></label>
        <label><name>a &lt;b&gt; &amp; "c"</name><attributes></attributes></label>
      </labels>
      <owner><username>admin</username></owner>
    </task>
    <dumped>2026-01-01</dumped>
  </meta>
  <track id="3" label="a &lt;b&gt; &amp; &quot;c&quot;" source="manual">
    <box frame="1" keyframe="1" outside="0" occluded="0" xtl="1.00" ytl="2.50" xbr="3.00" ybr="4.00" z_order="0">
    </box>
    <box frame="2" keyframe="0" outside="0" occluded="1" xtl="2.00" ytl="2.50" xbr="4.00" ybr="4.00" z_order="0">
      <attribute name="parked">true</attribute>
      <attribute name="score">0.25</attribute>
    </box>
    <box frame="3" keyframe="1" outside="1" occluded="0" xtl="2.00" ytl="2.50" xbr="4.00" ybr="4.00" z_order="0">
      <attribute name="score">0.75</attribute>
    </box>
  </track>
  <track id="0" label="dog" source="manual">
    <box frame="0" keyframe="1" outside="0" occluded="0" xtl="10" ytl="20" xbr="30" ybr="40" z_order="0"/>
  </track>
</annotations>
"""


def read(tmp_path: Path, text: str | bytes, **options: str) -> Detections:
    (tmp_path / "street.xml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return trajtrack.read(tmp_path / "street.xml", **options)


def refused(tmp_path: Path, text: str | bytes, message: str, **options: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"street.xml, {message}")):
        read(tmp_path, text, **options)


def boxes_of(path: Path) -> list[dict[str, str]]:
    return [dict(box.attrib) for box in ElementTree.parse(path).getroot().iter("box")]


def test_boxes_outside_are_not_rows(tmp_path: Path) -> None:
    expected = Detections(
        [[1, 2.5, 3, 4], [2, 2.5, 4, 4], [10, 20, 30, 40]],
        [1, 0.25, 1],
        [1, 2, 0],
        labels=[1, 1, 0],
        num_frames=9,
        track_ids=[3, 3, 0],
        label_names={0: "dog", 1: 'a <b> & "c"'},
    )
    assert read(tmp_path, EXPORTED) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_declared_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    text = EXPORTED.replace("utf-8", encoding).replace("dog", "chien é")
    assert read(tmp_path, text.encode(encoding)).label_names[0] == "chien é"


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    message = "line 1: found unknown encoding: klingon, expected an encoding that Python knows"
    refused(tmp_path, EXPORTED.replace("utf-8", "klingon"), message)


@pytest.mark.parametrize("encoding", ["big5", "idna", "punycode", "undefined"])
def test_an_encoding_that_is_no_encoding_of_single_bytes_is_refused(tmp_path: Path, encoding: str) -> None:
    refused(tmp_path, EXPORTED.replace("utf-8", encoding), "line 1: found an unreadable encoding")


def test_the_video_may_be_named(tmp_path: Path) -> None:
    assert len(read(tmp_path, EXPORTED, video="street")) == 3
    refused(tmp_path, EXPORTED, "video: found 'sea', which matches 0 videos, expected one of 'street'", video="sea")


def test_names_that_are_numbers_are_labels_without_a_name(tmp_path: Path) -> None:
    found = read(tmp_path, EXPORTED.replace("dog", "1"))
    assert (found.labels.tolist(), found.label_names) == ([0, 0, 1], {0: 'a <b> & "c"'})


def test_undeclared_labels_are_numbered_in_order_of_appearance(tmp_path: Path) -> None:
    found = read(tmp_path, re.sub("<meta>.*</meta>", "", EXPORTED, flags=re.DOTALL))
    assert (found.labels.tolist(), found.label_names) == ([0, 0, 1], {0: 'a <b> & "c"', 1: "dog"})
    assert found.num_frames == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (' xbr="3.00"', "", "line 19: found <box> without 'xbr', expected one"),
        ('"3.00"', '"wide"', "line 19: found xbr 'wide', expected a finite number"),
        ('"3.00"', '"inf"', "line 19: found xbr 'inf', expected a finite number"),
        ('"3.00"', '"0"', "line 19: found x2 < x1 (x1 = 1, x2 = 0), expected x1 <= x2"),
        (' frame="1"', ' frame="-1"', "line 19: found frame '-1', expected an integer from 0 to 2147483647"),
        (' frame="1"', ' frame="1.0"', "line 19: found frame '1.0', expected an integer from 0"),
        (' frame="1"', ' frame="1" rotation="90"', "line 19: found rotation '90', expected an upright box"),
        ("0.25", "high", "line 23: found score 'high', expected a finite number"),
        ("0.25", "1e300", "line 21: found score 1e+300, expected a score within the range of float32"),
        ('id="3"', "", "line 18: found <track> without 'id', expected one"),
        ('id="3"', 'id="-1"', "line 18: found id '-1', expected an integer from 0"),
        ("<size>9", "<size>many", "line 8: found size 'many', expected an integer from 0"),
        (
            "<size>9</size>",
            "<size>9</size><size>8</size>",
            "line 8: found a second <size>, expected the annotations of one",
        ),
        (
            "<label><name>dog",
            '<label id="x"><name>dog',
            "line 11: found id 'x', expected an integer from -2147483648",
        ),
        ("<box frame", '<polygon frame="0"/><box frame', "line 19: found <polygon>, expected <box>"),
        ("<track", '<image id="0"/><track', "line 18: found <image>, expected <track>, as in CVAT for video"),
        ("<track", '<box frame="0"/><track', "line 18: found <box> in <annotations>, expected <box> in <track>"),
        ("<track", "<job><track", "line 18: found <track> in <job>, expected <track> in <annotations>"),
        ("<track", '<polygon points=""/><track', "line 18: found <polygon> in <annotations>, expected <box> in"),
        ("<box frame", "<frame><box frame", "line 19: found <box> in <frame>, expected <box> in <track>"),
        ("<track", "<Track", "line 18: found <Track> in <annotations>, expected <track> in <annotations>"),
        ("<box", "<Box", "line 19: found <Box>, expected <box>"),
        ('outside="0"', 'outside="true"', "line 19: found outside 'true', expected 0 or 1"),
        ('outside="0"', 'outside=""', "line 19: found outside '', expected 0 or 1"),
        ("</track>", "</box>", "line 28: found invalid XML (mismatched tag), expected an XML document"),
        (EXPORTED, EXPORTED[:700], "line 19: found invalid XML (unclosed token), expected an XML document"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    refused(tmp_path, EXPORTED.replace(old, new), message)


@pytest.mark.parametrize("element", ["<shape/>", '<track id="0" label="dog"><shape/></track>'])
def test_elements_without_a_box_are_refused_instead_of_read_as_none(tmp_path: Path, element: str) -> None:
    text = f"<annotations>\n{element}\n</annotations>"
    refused(tmp_path, text, "line 2: found <shape>, but no <box> in a <track>, expected tracks of boxes")


def test_tracks_without_boxes_and_tags_are_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, '<annotations><tag frame="0"/><track id="0" label="dog"/></annotations>')) == 0


def test_two_labels_of_the_same_name_or_number_are_refused(tmp_path: Path) -> None:
    label = "<label><name>dog</name>"
    refused(tmp_path, EXPORTED.replace(label, f"{label}</label>{label}"), "line 11: found label 'dog' a second time")
    twice = EXPORTED.replace("<label>", '<label id="4">')
    refused(tmp_path, twice, "line 12: found label id 4 a second time, expected distinct ids")


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE a SYSTEM "http://localhost/a.dtd">',
    ],
)
def test_entities_cannot_be_declared(tmp_path: Path, declaration: str) -> None:
    text = EXPORTED.replace("<annotations>", f"{declaration}<annotations>").replace("dog", "&c;")
    refused(tmp_path, text, "line 2: found a document type declaration, expected none, because it may declare entities")


def test_deeply_nested_elements_are_read(tmp_path: Path) -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    assert len(read(tmp_path, EXPORTED.replace("<dumped>", f"{deep}<dumped>"))) == 3


def test_the_end_of_a_track_is_marked_by_a_box_outside_unless_the_video_ends(tmp_path: Path) -> None:
    written = Detections(
        [[0, 0, 1, 1], [2, 0, 3, 1], [4, 0, 5, 1], [9, 9, 9, 9]], [1] * 4, [0, 3, 4, 2], track_ids=[0, 0, 0, 1]
    )
    trajtrack.write(tmp_path / "a.xml", written)
    boxes = boxes_of(tmp_path / "a.xml")
    assert [(box["frame"], box["outside"], box["xtl"]) for box in boxes] == [
        ("0", "0", "0"),
        ("1", "1", "0"),
        ("3", "0", "2"),
        ("4", "0", "4"),
        ("2", "0", "9"),
        ("3", "1", "9"),
    ]


def test_interpolated_boxes_are_not_key_frames(tmp_path: Path) -> None:
    detections = Detections([[0, 0, 9, 9], [0.1, 0, 9.1, 9], [0.9, 0, 9.9, 9]], [0.9, 0.8, 0.7], [0, 1, 8])
    trajtrack.write(tmp_path / "a.xml", trajtrack.link(detections, method="seq-nms"))
    assert [box["keyframe"] for box in boxes_of(tmp_path / "a.xml")] == [*"110000001"]


@pytest.mark.parametrize(
    ("scores", "third"), [([1, 0, 0, 1], 2.5), ([1, 0.1, 0, 1], 2), ([0, 0, 0, 1], 2), ([1, 0, 0, 0], 2)]
)
def test_boxes_that_differ_from_the_interpolation_are_key_frames(tmp_path: Path, scores: list, third: float) -> None:
    lefts = np.array([0, 1, third, 3])
    boxes = np.stack([lefts, 0 * lefts, lefts + 1, 0 * lefts + 1], axis=1)
    written = Detections(boxes, scores, [0, 1, 2, 3], track_ids=[0] * 4)
    trajtrack.write(tmp_path / "a.xml", written)
    given = [box["keyframe"] == "1" for box in boxes_of(tmp_path / "a.xml")]
    frames = np.flatnonzero(given)
    np.testing.assert_array_equal(np.interp(range(4), frames, lefts[frames]), lefts)
    assert trajtrack.read(tmp_path / "a.xml") == written


def test_a_box_beside_a_frame_without_one_is_a_key_frame(tmp_path: Path) -> None:
    # The box outside is a key frame, and the interpolation towards it differs from the box before it.
    written = Detections([[0, 0, 1, 1], [1, 0, 2, 1], [3, 0, 4, 1]], [1, 0, 1], [0, 1, 3], track_ids=[0] * 3)
    trajtrack.write(tmp_path / "a.xml", written)
    boxes = [(box["frame"], box["outside"], box["keyframe"]) for box in boxes_of(tmp_path / "a.xml")]
    assert boxes == [("0", "0", "1"), ("1", "0", "1"), ("2", "1", "1"), ("3", "0", "1")]


def test_the_written_file(tmp_path: Path) -> None:
    written = Detections([[1, 2, 4.5, 6]], [0.5], [10**9], labels=[7], track_ids=[3], label_names={7: '<"é&\r\n'})
    trajtrack.write(tmp_path / "beach.xml", written)
    assert (
        (tmp_path / "beach.xml").read_text()
        == """<?xml version='1.0' encoding='utf-8'?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <name>beach</name>
      <size>1000000001</size>
      <mode>interpolation</mode>
      <labels>
        <label id="7">
          <name>&lt;"é&amp;&#13;
</name>
          <attributes>
            <attribute>
              <name>score</name>
              <mutable>True</mutable>
              <input_type>text</input_type>
              <default_value />
              <values />
            </attribute>
          </attributes>
        </label>
      </labels>
      <original_size>
        <width>0</width>
        <height>0</height>
      </original_size>
    </task>
  </meta>
  <track id="3" label="&lt;&quot;é&amp;&#13;&#10;" source="auto">
    <box frame="1000000000" keyframe="1" outside="0" occluded="0" xtl="1" ytl="2" xbr="4.5" ybr="6" z_order="0">
      <attribute name="score">0.5</attribute>
    </box>
  </track>
</annotations>
"""
    )
    assert trajtrack.read(tmp_path / "beach.xml") == written


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            {1: "dog", 2: "dog"},
            "label_names, label 2: found 'dog', which is also the name of label 1, expected distinct names",
        ),
        ({1: "0"}, "label_names, label 1: found '0', which is also the name of label 0, expected distinct names"),
        ({1: "a\0"}, "label_names, label 1: found the character '\\x00', expected characters that XML allows"),
        ({1: "\ud800"}, "label_names, label 1: found the character '\\ud800', expected characters that XML allows"),
    ],
)
def test_names_that_cannot_be_written_are_refused(tmp_path: Path, names: dict[int, str], message: str) -> None:
    written = Detections([[0, 0, 1, 1]], [1], [0], track_ids=[0], label_names=names)
    with pytest.raises(ValueError, match=re.escape(f"a.xml: {message}")):
        trajtrack.write(tmp_path / "a.xml", written)


def test_a_video_name_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.xml: video: found the character '\\x07', expected characters that XML"):
        trajtrack.write(tmp_path / "a.xml", Detections([], [], []), video="\a")


def test_many_labels_are_read_in_time(tmp_path: Path) -> None:
    labels = "".join(f"<label id='{number}'><name>n{number}</name></label>" for number in range(40_000))
    path = tmp_path / "a.xml"
    path.write_text(f"<annotations><meta><task><labels>{labels}</labels></task></meta></annotations>")
    start = time.monotonic()
    assert len(trajtrack.read(path).label_names) == 40_000
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n<annotation/>", "line 2: found <annotation>, expected <annotations>, the root of a CVAT file"),
        ("", "line 1: found invalid XML (no element found), expected an XML document"),
    ],
)
def test_other_documents_are_refused_if_read_by_name(tmp_path: Path, text: str, message: str) -> None:
    refused(tmp_path, text, message, format="cvat")
