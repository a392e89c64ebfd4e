from __future__ import annotations

from pathlib import Path

import pytest

from trajtrack.files.folders import make_folder


def test_a_folder_and_those_that_hold_it_are_created(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("folder", ["file", "file/folder", "file/folder/folder"])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="Is a file, expected a folder") as refused:
        make_folder(tmp_path / folder)
    assert refused.value.filename == str(tmp_path / "file")
