"""What must hold for every input: it is accepted, or refused by a documented error with a readable message."""

from __future__ import annotations

import traceback
import unicodedata
import warnings
from pathlib import Path

from fuzz.target import Case, Difference, Files
from trajtrack import TrajtrackWarning

_LONGEST = 3000
_BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def fault_of_message(message: str, subject: str) -> str | None:
    """Return what is wrong with the message of an error, or None."""
    if subject not in message:
        return "message without the name of the file"
    bad = next((char for char in message if is_unprintable(char)), None)
    if bad is not None:
        return f"message with the character {bad!a}"
    return f"message of {len(message)} characters" if len(message) > _LONGEST else None


def is_unprintable(char: str) -> bool:
    """Return whether a character moves the cursor, changes the direction of text or cannot be encoded."""
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in _BIDIRECTIONAL


def read_case(case: Case, folder: Path, files: Files) -> tuple[bool, str | None]:
    """Return whether the case was accepted, and what is wrong: a line, then details."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        warnings.simplefilter("always", TrajtrackWarning)
        subject = case.target.subject or str(folder)
        try:
            case.read(folder, files)
        except case.target.refusals as error:
            fault = fault_of_message(str(error), subject)
            return False, None if fault is None else _described(f"{fault}, {type(error).__name__}", error)
        except Difference as error:
            return True, f"difference to the independent parser\n{error}"
        except Exception as error:
            return False, _described(f"undocumented {type(error).__name__}", error)
    messages = [str(each.message) for each in caught]
    faults = [fault_of_message(message, subject) for message in messages]
    return True, next((f"warning: {fault}\n{messages}" for fault in faults if fault is not None), None)


def _described(fault: str, error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/trajtrack/" in frame.filename or "/trajvqa/" in frame.filename]
    last = own[-1] if own else frames[-1]
    text = ascii(str(error))
    return f"{fault} at {Path(last.filename).name}:{last.lineno}\n{text[:600]}"
