"""Choice among the videos of a file."""

from __future__ import annotations

from collections.abc import Sequence

from trajtrack.printable import shown

__all__ = ["choose_video"]


def choose_video(videos: Sequence[tuple[int | str | None, str]], wanted: str | int | None) -> int:
    """Return the index of the wanted video.

    Parameters
    ----------
    videos
        ID and name of each video.
    wanted
        A name or an ID, which may be given as text; None for the only video.

    Raises
    ------
    ValueError
        If the wanted video is missing or its name is not unique; if none is wanted and there is not exactly one.
    """
    text = wanted if isinstance(wanted, str) else shown(wanted)
    if wanted is None:
        matches = list(range(len(videos)))
    else:
        matches = [index for index, (_, name) in enumerate(videos) if name == wanted] or [
            index for index, (number, _) in enumerate(videos) if str(number) == text
        ]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(repr(name) for _, name in videos[:20]) + (", ..." if len(videos) > 20 else "")
    if not videos:
        raise ValueError("videos: found none, expected at least one")
    if wanted is None:
        raise ValueError(f"videos: found {len(videos)}, expected video= or --video-name to choose one of {names}")
    raise ValueError(f"video: found {shown(wanted)}, which matches {len(matches)} videos, expected one of {names}")
