from __future__ import annotations

from pathlib import Path

import pytest

from trajtrack.files.atomic import atomic_output, atomic_path, remove_unfinished


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    with atomic_output(tmp_path / "out") as file:
        file.write(b"whole")
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out").read_bytes() == b"whole"


def write_half_and_raise(path: Path, exception: type[BaseException]) -> None:
    with atomic_output(path) as file:
        file.write(b"half")
        raise exception


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_remains_after_an_exception(tmp_path: Path, exception: type[BaseException]) -> None:
    with pytest.raises(exception):
        write_half_and_raise(tmp_path / "out", exception)
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_stays_after_an_exception(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"old")
    with pytest.raises(ValueError, match="stop"), atomic_output(tmp_path / "out"):
        raise ValueError("stop")
    assert (tmp_path / "out").read_bytes() == b"old"


def test_the_old_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"old and longer")
    with atomic_output(tmp_path / "out") as file:
        file.write(b"new")
    assert (tmp_path / "out").read_bytes() == b"new"


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with atomic_output(tmp_path / "link") as file:
        file.write(b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_new_files_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    with atomic_output(tmp_path / "out"):
        pass
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_the_temporary_path_keeps_the_suffix(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "image.png") as path:
        assert path.suffix == ".png"
        path.write_bytes(b"")


def test_a_device_is_written_to_directly() -> None:
    with atomic_output("/dev/null") as file:
        file.write(b"gone")
    assert Path("/dev/null").is_char_device()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match=r"No such folder.*missing"),
        atomic_output(tmp_path / "missing" / "out"),
    ):
        pass


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError, match="expected a file"), atomic_output(tmp_path):
        pass


def test_only_unfinished_files_are_removed(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "out.pt") as path:
        path.write_bytes(b"half")
        (tmp_path / ".hidden.pt").write_bytes(b"")
        remove_unfinished(tmp_path)
        assert [each.name for each in tmp_path.iterdir()] == [".hidden.pt"]
        path.write_bytes(b"whole")
