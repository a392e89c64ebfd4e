"""Local folders of Hugging Face Transformers: checked before they are loaded, known by the hashes of their files."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trajtrack.detect.fingerprints import file_digest
from trajtrack.files import json_fields
from trajtrack.printable import shown

__all__ = [
    "CONFIG",
    "PROCESSORS",
    "WEIGHTS",
    "check_folder",
    "chosen_device",
    "folder_identity",
    "libraries",
    "load_folder",
    "read_config",
]

CONFIG = ("config.json",)
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
WEIGHTS = ("*.safetensors", "*.bin")
"""Names of files, any one of which suffices."""


def check_folder(folder: Path, *needed: Sequence[str]) -> None:
    """Raise ValueError if there is no such folder, or it lacks a file.

    Parameters
    ----------
    folder
        The folder.
    *needed
        For each file, the names and patterns of which one must be there, such as `CONFIG`.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder}: found no such folder, expected a folder of Transformers")
    for names in needed:
        if not any(any(folder.glob(name)) for name in names):
            *first, last = (each[0] for each in needed)
            raise ValueError(
                f"{folder}: found no {names[0]}, expected a folder of Transformers with {', '.join(first)} and {last}"
            )


def read_config(folder: Path) -> dict[str, Any]:
    """Return the configuration of a model.

    Raises
    ------
    ValueError
        If it is no JSON object.
    """
    path = folder / CONFIG[0]
    try:
        config = json_fields.parse(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path}: found {shown(config)}, expected a JSON object")
    return config


def folder_identity(folder: Path, *names: Sequence[str]) -> dict[str, Any]:
    """Return what tells a model from others: the hashes of its files, those with the given names and patterns."""
    files = sorted({path for group in names for name in group for path in folder.glob(name)})
    return {"kind": "transformers", "files": {path.name: file_digest(path) for path in files}}


def libraries() -> tuple[Any, Any]:
    """Return the modules `torch` and `transformers`.

    Raises
    ------
    ImportError
        If one is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import torch
            import transformers
        except ImportError as error:
            raise ImportError("folders of Transformers need its library: pip install 'trajtrack[detect]'") from error
    return torch, transformers


def chosen_device(device: str | None) -> Any:
    """Return a device of torch; None stands for a GPU if there is one.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    torch, _ = libraries()
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"device: found {shown(device)} ({reason}), expected a device such as cpu or cuda") from error
    return chosen


def load_folder(
    folder: Path, kind: str, *, processor: str | None = None, optional: str | None = None, **settings: Any
) -> tuple[Any, Any, list[str]]:
    """Load a model, and what prepares its input; the network is never reached, and nothing is printed.

    Parameters
    ----------
    folder
        The folder.
    kind
        Class of `transformers` that loads the model, such as ``"AutoModel"``.
    processor
        Class that loads what prepares its input, such as ``"AutoImageProcessor"``; images are prepared by Pillow, so
        that results do not depend on whether torchvision is installed. Default: none.
    optional
        Beginning of the names of parameters that may lack weights; default: none may.
    **settings
        Arguments of the model's ``from_pretrained``.

    Returns
    -------
    model, processor, and the names of the parameters without weights

    Raises
    ------
    ValueError
        If the model cannot be loaded, or weights are missing.
    ImportError
        If a package is not installed.
    """
    _, transformers = libraries()
    local = {"local_files_only": True, "trust_remote_code": False}
    prepare = None
    with _silence(transformers):
        try:
            if processor is not None:
                backend = {"backend": "pil"} if processor == "AutoImageProcessor" else {}
                prepare = getattr(transformers, processor).from_pretrained(folder, **local, **backend)
            model, report = getattr(transformers, kind).from_pretrained(
                folder, output_loading_info=True, **local, **settings
            )
        except Exception as error:
            reason = " ".join(str(error).split())
            if isinstance(error, ImportError):
                raise ImportError(f"{folder}: found a model that needs another package ({reason})") from error
            raise ValueError(f"{folder}: found a model that cannot be loaded ({reason})") from error
    absent = sorted(map(str, [*report["missing_keys"], *report["mismatched_keys"]]))
    needed = [name for name in absent if optional is None or not name.startswith(optional)]
    if needed:
        raise ValueError(
            f"{folder}: found no weights for {len(needed)} parameters, the first of which is {needed[0]}, expected "
            "the weights of the whole model"
        )
    return model, prepare, absent


@contextmanager
def _silence(transformers: Any) -> Iterator[None]:
    """Keep bars, notes and warnings of the library off the terminal."""
    logging = transformers.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
