"""Which video of a file the caller wants."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["choose_video"]


def choose_video(videos: Sequence[tuple[int | str | None, str]], wanted: str | int | None) -> int:
    """Return the place of the wanted video.

    Parameters
    ----------
    videos
        Id and name of each.
    wanted
        A name or an id, an id also as text; None for the only one.

    Raises
    ------
    ValueError
        When the wanted video is not there or not the only one of its name; when none is wanted and there is
        not exactly one.
    """
    if wanted is None:
        matches = list(range(len(videos)))
    else:
        matches = [place for place, (_, name) in enumerate(videos) if name == wanted] or [
            place for place, (number, _) in enumerate(videos) if str(number) == str(wanted)
        ]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(repr(name) for _, name in videos[:20]) + (", ..." if len(videos) > 20 else "")
    if not videos:
        raise ValueError("videos: found none, expected at least one")
    if wanted is None:
        raise ValueError(f"videos: found {len(videos)}, expected video= or --video-name to choose one of {names}")
    raise ValueError(f"video: found {wanted!r}, which is {len(matches)} videos of the file, expected one of {names}")
