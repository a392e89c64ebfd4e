from __future__ import annotations

import errno
import os
import stat
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


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755])
@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_a_replaced_file_keeps_its_permissions(tmp_path: Path, mode: int, umask: int) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    target.chmod(mode)
    before = os.umask(umask)
    try:
        with atomic_path(target) as unfinished:
            unfinished.write_bytes(b"new")
            assert stat.S_IMODE(unfinished.stat().st_mode) & ~mode == 0
    finally:
        os.umask(before)
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_permissions_are_kept_if_a_library_makes_the_file_anew(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    target.chmod(0o600)
    with atomic_path(target) as unfinished:
        unfinished.unlink()
        unfinished.write_bytes(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o400, 0o444])
def test_a_read_only_file_is_not_replaced(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "out"
    target.write_bytes(b"old")
    target.chmod(mode)
    with pytest.raises(PermissionError, match="Is read-only, expected a file that may be replaced") as caught:
        write_half_and_raise(target, ValueError)
    assert caught.value.filename == str(target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_a_full_disk_is_named_by_the_file(tmp_path: Path, number: int) -> None:
    (tmp_path / "out").write_bytes(b"old")
    with pytest.raises(OSError, match=os.strerror(number)) as caught, atomic_output(tmp_path / "out"):
        raise OSError(number, os.strerror(number))
    assert caught.value.filename == str(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"old"


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


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which no file can be created")
def test_an_error_names_the_file_and_not_the_temporary_one() -> None:
    with pytest.raises(FileNotFoundError) as refused, atomic_output("/proc/tracks.txt"):
        pass
    assert (refused.value.filename, refused.value.errno) == ("/proc/tracks.txt", errno.ENOENT)


def test_an_error_of_a_read_only_file_system_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OSError, match="Read-only file system") as caught, atomic_path(tmp_path / "file.txt") as path:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
    assert caught.value.filename == str(tmp_path / "file.txt")
