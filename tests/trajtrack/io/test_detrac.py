from __future__ import annotations

import re
from pathlib import Path

import pytest

import trajtrack
from trajtrack import Detections

SEQUENCE = """\
<?xml version="1.0" encoding="utf-8"?>
<sequence name="MVI_20011">
   <sequence_attribute camera_state="unstable" sence_weather="sunny"/>
   <ignored_region>
      <box left="778.75" top="24.75" width="181.75" height="63.5"/>
   </ignored_region>
   <frame density="2" num="1">
      <target_list>
         <target id="1">
            <box left="592.75" top="378.5" width="160" height="162"/>
            <attribute orientation="18.488" speed="6.859" truncation_ratio="0.1" vehicle_type="car"/>
            <occlusion>
               <region_overlap left="1" top="2" width="3" height="4" occlusion_id="2" occlusion_status="1"/>
            </occlusion>
         </target>
         <target id="2">
            <box left="10" top="20" width="30" height="40"/>
            <attribute vehicle_type="taxi"/>
         </target>
      </target_list>
   </frame>
   <frame density="1" num="3">
      <target_list>
         <target id="1">
            <box left="592.75" top="378.5" width="160" height="162"/>
            <attribute vehicle_type="bus"/>
         </target>
      </target_list>
   </frame>
   <frame density="0" num="5"><target_list/></frame>
</sequence>
"""


def write(tmp_path: Path, old: str = "", new: str = "") -> Path:
    path = tmp_path / "MVI_20011.xml"
    path.write_text(SEQUENCE.replace(old, new) if old else SEQUENCE)
    return path


def test_targets_of_frames_are_read(tmp_path: Path) -> None:
    box = [592.75, 378.5, 752.75, 540.5]
    expected = Detections(
        [box, [10, 20, 40, 60], box],
        [1, 1, 1],
        [0, 0, 2],
        [0, 4, 1],
        num_frames=5,
        track_ids=[0, 1, 0],
        label_names={0: "car", 1: "bus", 2: "van", 3: "others", 4: "taxi"},
    )
    path = write(tmp_path)
    assert trajtrack.read(path) == trajtrack.read(path, video="MVI_20011") == expected


def test_frames_may_lie_at_a_step(tmp_path: Path) -> None:
    read = trajtrack.read(write(tmp_path), frame_step=2)
    assert (read.frames.tolist(), read.num_frames) == ([0, 0, 1], 3)


def test_files_without_types_have_no_classes(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text(re.sub('vehicle_type="[a-z]*"', "", SEQUENCE))
    read = trajtrack.read(path)
    assert (read.labels.tolist(), read.label_names) == ([0, 0, 0], {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('width="30"', 'width="-30"', "line 16: found x2 < x1 (w = -30), expected a width of at least 0"),
        ('width="30"', "", "line 17: found <box> without 'width', expected one"),
        ('left="10"', 'left="ten"', "line 17: found left 'ten', expected a finite number"),
        ('num="1"', 'num="0"', "line 9: found frame 0, expected frames from 1"),
        ('num="5"', 'num="1"', "line 30: found <frame> 1 a second time, expected distinct numbers"),
        ('num="1"', "", "line 7: found <frame> without 'num', expected one"),
        ('id="2"', 'id="two"', "line 16: found id 'two', expected an integer"),
        (
            'vehicle_type="taxi"',
            "",
            "line 16: found <target> without 'vehicle_type', expected one",
        ),
        ('<box left="10" top="20" width="30" height="40"/>', "", "line 19: found <target> without <box>, expected one"),
        ('</target_list>\n   </frame>\n   <frame density="0"', "<", "line 28: found invalid XML"),
    ],
)
def test_errors_name_file_and_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"MVI_20011.xml, {message}")):
        trajtrack.read(write(tmp_path, old, new))


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "<sequence name", '<!DOCTYPE sequence [<!ENTITY a "b">]>\n<sequence name')
    with pytest.raises(ValueError, match="line 2: found a document type declaration, expected none"):
        trajtrack.read(path)
