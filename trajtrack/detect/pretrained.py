"""Models in local folders of Hugging Face Transformers, loaded whole and quietly; the network is never reached."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trajtrack.printable import shown

__all__ = ["CONFIG", "WEIGHTS", "libraries", "load_model", "load_part", "require_files", "torch_device"]

CONFIG = "config.json"
"""File with the configuration of a model."""
WEIGHTS = ("*.safetensors", "*.bin")
"""Patterns of files with its weights."""

_LOCAL = {"local_files_only": True, "trust_remote_code": False}


def require_files(folder: Path, *kinds: tuple[str, ...]) -> None:
    """Raise ValueError if a folder has no file of one of the kinds, each of which is a tuple of patterns."""
    for names in kinds:
        if not any(any(folder.glob(name)) for name in names):
            listed = [each[0] for each in kinds]
            raise ValueError(
                f"{folder}: found no {names[0]}, expected a folder of Transformers with "
                f"{', '.join(listed[:-1])} and {listed[-1]}"
            )


def libraries() -> tuple[Any, Any]:
    """Return the modules torch and transformers, imported quietly.

    Raises
    ------
    ImportError
        If one of them is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import torch
            import transformers
        except ImportError as error:
            raise ImportError("folders of Transformers need its library: pip install 'trajtrack[detect]'") from error
    return torch, transformers


def torch_device(torch: Any, device: str | None) -> Any:
    """Return a device of torch by its name; default: a GPU if there is one.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"device: found {shown(device)} ({reason}), expected a device such as cpu or cuda") from error
    return chosen


def load_part(transformers: Any, auto: str, folder: Path) -> Any:
    """Load a processor, a tokenizer or a configuration.

    Parameters
    ----------
    transformers
        The library.
    auto
        Name of the class that loads it, such as ``AutoTokenizer``.
    folder
        Folder as `save_pretrained` writes it.

    Raises
    ------
    ImportError
        If it needs another package.
    ValueError
        If it cannot be loaded, naming the folder.
    """
    with _silence(transformers), _reporting(folder):
        return getattr(transformers, auto).from_pretrained(folder, **_LOCAL)


def load_model(transformers: Any, auto: str, folder: Path, unused: tuple[str, ...] = ()) -> Any:
    """Load a model with all its weights, in evaluation mode.

    Parameters
    ----------
    transformers, auto, folder
        As for `load_part`, such as ``AutoModel``.
    unused
        Beginnings of the names of parameters that may be missing, because the caller does not use them.

    Raises
    ------
    ImportError
        If it needs another package.
    ValueError
        If it cannot be loaded or weights are missing, naming the folder.
    """
    with _silence(transformers), _reporting(folder):
        model, report = getattr(transformers, auto).from_pretrained(folder, output_loading_info=True, **_LOCAL)
    absent = [name for name in map(str, report["missing_keys"]) if not name.startswith(unused)]
    absent = sorted([*absent, *(str(each[0]) for each in report["mismatched_keys"])])
    if absent:
        raise ValueError(
            f"{folder}: found no weights for {len(absent)} parameters, the first of which is {absent[0]}, expected "
            "the weights of the whole model"
        )
    return model.eval()


@contextmanager
def _reporting(folder: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # Damaged files make the library raise errors of many types.
        reason = " ".join(str(error).split())
        if isinstance(error, ImportError):
            raise ImportError(f"{folder}: found a model that needs another package ({reason})") from error
        raise ValueError(f"{folder}: found a model that cannot be loaded ({reason})") from error


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
