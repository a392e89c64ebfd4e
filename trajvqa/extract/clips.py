"""Features of the clips of a video, from frames that come one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trajvqa.extract.image_models import ImageModel
from trajvqa.extract.video_models import VideoModel

__all__ = ["ClipReader", "clip_frames"]


def clip_frames(num_frames: int, clips: int, frames_per_clip: int) -> NDArray[np.int64]:
    """Return the frames of each clip: consecutive ones around evenly spaced centres, as HCRN takes them.

    At the ends of a video, and in short videos, frames are repeated.

    Returns
    -------
    (clips, frames_per_clip) frame numbers, ascending in each clip and from clip to clip.
    """
    centres = np.linspace(0, num_frames, clips + 2).astype(np.int64)[1:-1]
    around = np.arange(frames_per_clip) - frames_per_clip // 2
    frames: NDArray[np.int64] = np.clip(centres[:, None] + around, 0, num_frames - 1)
    return frames


class ClipReader:
    """Collects the features of clips while the frames of a video are read.

    Memory holds the prepared frames of the clips that are not complete, and small features.

    Parameters
    ----------
    frames
        (N, F) frames of each clip, from `clip_frames`.
    appearance, motion
        The models; either may be None.
    batch_size
        Number of images that the appearance model gets at a time.
    """

    def __init__(
        self, frames: NDArray[np.int64], appearance: ImageModel | None, motion: VideoModel | None, batch_size: int
    ) -> None:
        self._clips = frames
        self._appearance, self._motion = appearance, motion
        self._batch_size = batch_size
        self._wanted = set(np.unique(frames).tolist())
        self._waiting: list[tuple[int, Any]] = []
        self._of_frame: dict[int, NDArray[np.float32]] = {}
        self._prepared: dict[int, Any] = {}
        self._motions: list[NDArray[np.float32]] = []

    def wants(self, frame: int) -> bool:
        """Return whether a frame belongs to a clip."""
        return frame in self._wanted

    def add(self, frame: int, image: NDArray[np.uint8]) -> None:
        """Add the next frame that belongs to a clip."""
        if self._appearance is not None:
            self._waiting.append((frame, self._appearance.prepared(image)))
            if len(self._waiting) == self._batch_size:
                self._encode_waiting(self._appearance)
        if self._motion is not None:
            self._prepared[frame] = self._motion.prepared(image)
            self._finish_clips(self._motion, frame)

    def features(self) -> NDArray[np.float32]:
        """Return (N, D) features, appearance before motion, after all frames.

        Raises
        ------
        ValueError
            If a frame was not added, or a number is not finite.
        """
        parts = []
        if self._appearance is not None:
            self._encode_waiting(self._appearance)
            missing = sorted(self._wanted - self._of_frame.keys())
            if missing:
                raise ValueError(f"found no frame {missing[0]}, expected the frames of the clips")
            parts.append(
                np.stack([np.mean([self._of_frame[frame] for frame in clip], axis=0) for clip in self._clips.tolist()])
            )
        if self._motion is not None:
            if len(self._motions) < len(self._clips):
                raise ValueError(f"found the frames of {len(self._motions)} clips, expected {len(self._clips)}")
            parts.append(np.stack(self._motions))
        found = np.concatenate(parts, axis=1, dtype=np.float32)
        if not np.isfinite(found).all():
            raise ValueError("clips: found features that are not finite, expected finite numbers")
        return found

    def _encode_waiting(self, model: ImageModel) -> None:
        if self._waiting:
            features = model.encode([prepared for _, prepared in self._waiting])
            for (frame, _), row in zip(self._waiting, features, strict=True):
                self._of_frame[frame] = row
            self._waiting = []

    def _finish_clips(self, model: VideoModel, frame: int) -> None:
        while len(self._motions) < len(self._clips) and self._clips[len(self._motions), -1] <= frame:
            clip = self._clips[len(self._motions)].tolist()
            self._motions.append(model.encode([self._prepared[each] for each in clip]))
        following = len(self._motions)
        first = self._clips[following, 0] if following < len(self._clips) else frame + 1
        for old in [each for each in self._prepared if each < first]:
            del self._prepared[old]
