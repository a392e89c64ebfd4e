"""Checking that a dataset's values are in its own file, and as many as it claims.

An HDF5 file of a few kilobytes can claim any number of values, and take them from any other file.
"""

from __future__ import annotations

import math
import os

import h5py

from trajtrack.printable import shown

__all__ = ["has_dataset", "own_dataset", "require_small", "require_stored"]

_MAX_READ_WHOLE = 1 << 30
"""Maximum number of bytes of a column that is read when a file is opened, and of a chunk."""
_MAX_COMPRESSION = 1100
"""Maximum ratio of a dataset's size to that of its chunks in the file; the limit of deflate is 1032."""


def has_dataset(file: h5py.File, name: str) -> bool:
    """Return whether there is a dataset or anything else of that name; a link to another file is not followed."""
    return file.get(name, getlink=True) is not None


def own_dataset(file: h5py.File, name: str) -> h5py.Dataset | None:
    """Return a dataset, or None if there is none of that name.

    Raises
    ------
    ValueError
        If its values are in another file.
    """
    where = f"{file.filename}: {name}"
    link = file.get(name, getlink=True)
    # A link within the file may lead through one to another file.
    if link is not None and not isinstance(link, h5py.HardLink):
        raise ValueError(f"{where}: found a link to {shown(link.path)}, expected a dataset in the file itself")
    found = file.get(name)
    if not isinstance(found, h5py.Dataset):
        return None
    if found.external is not None:
        raise ValueError(
            f"{where}: found values in {len(found.external)} other files, expected them in the file itself"
        )
    if found.is_virtual:
        _require_own_sources(found, where)
    return found


def require_stored(dataset: h5py.Dataset, where: str) -> None:
    """Raise ValueError if a dataset claims more values than the file holds, for which reading would make up zeros."""
    if dataset.is_virtual:
        return
    claimed = dataset.size * dataset.dtype.itemsize
    stored = min(dataset.id.get_storage_size(), os.path.getsize(dataset.file.filename))
    if claimed > stored * (1 if dataset.chunks is None else _MAX_COMPRESSION):
        raise ValueError(
            f"{where}: found shape {dataset.shape} of {claimed} bytes, but {stored} bytes in the file, expected all"
        )
    chunk = math.prod(dataset.chunks or ()) * dataset.dtype.itemsize
    if chunk > _MAX_READ_WHOLE:
        raise ValueError(f"{where}: found chunks of {chunk} bytes, expected at most {_MAX_READ_WHOLE}")


def require_small(dataset: h5py.Dataset, where: str) -> None:
    """Raise ValueError if a dataset, which is read as a whole, has more than 1 GiB."""
    claimed = dataset.size * dataset.dtype.itemsize
    if claimed > _MAX_READ_WHOLE:
        raise ValueError(f"{where}: found {claimed} bytes, expected at most {_MAX_READ_WHOLE}")


def _require_own_sources(dataset: h5py.Dataset, where: str) -> None:
    """Raise ValueError if a virtual dataset has values that no plain dataset of its file holds."""
    values = 0
    for source in dataset.virtual_sources():
        # The library replaces % in a name by numbers.
        if source.file_name != "." or "%" in source.dset_name:
            raise ValueError(
                f"{where}: found a virtual dataset of {shown(source.file_name)}, expected values in the file itself"
            )
        name = source.dset_name.strip("/")
        held = None if "/" in name else own_dataset(dataset.file, name)
        if held is None or held.is_virtual:
            raise ValueError(f"{where}: found a virtual dataset of {shown(name)}, expected a plain dataset")
        require_stored(held, f"{dataset.file.filename}: {name}")
        values += source.vspace.get_select_npoints()
    if values < dataset.size:
        raise ValueError(f"{where}: found {values} values in other datasets, expected {dataset.size}")
