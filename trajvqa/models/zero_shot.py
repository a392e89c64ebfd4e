"""Zero-shot answers: the similarity of image and text, by a model such as CLIP or SigLIP that was trained elsewhere."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, one_hot

from trajvqa.config import ModelConfig
from trajvqa.data.batches import Batch, Inputs
from trajvqa.layers.clips import appearance_and_motion, sizes_of
from trajvqa.models.explanation import Explanation
from trajvqa.models.query_encoders import required

__all__ = ["ZeroShot"]


class ZeroShot(nn.Module):
    """Scores a candidate by the cosine of its text with the video's clips and with its best trajectory.

    Question and candidate are one embedding; clips and trajectories are embeddings of images by the same image-text
    model. The video is the mean of its clips' directions, as in CLIP4Clip's zero-shot retrieval (Luo et al., 2021). A
    trajectory shows one object, and most objects have nothing to do with the question: of the trajectories, the most
    similar counts. Cosines of one model have one scale, so that the score is their plain mean over the streams. Nothing
    is trained.

    Parameters
    ----------
    config
        The streams, and which part of a clip's features is its appearance.
    inputs
        Sizes of the data.

    Raises
    ------
    ValueError
        If the data lack text features or a stream, if their widths differ, or if questions are to be averaged.
    """

    def __init__(self, config: ModelConfig, inputs: Inputs) -> None:
        super().__init__()
        if config.text != "bert":
            raise ValueError(
                f"text: found {config.text!r}, expected 'bert': embeddings of question and candidate by an image-text "
                "model, in place of BERT features"
            )
        if config.mean_question:
            raise ValueError("mean_question: found True, expected False: an embedding has no part for the question")
        if inputs.text_size is None:
            raise ValueError("text: found 'bert', but the data have no such text")
        self.streams = config.used_streams
        self.appearance_size = config.appearance_size
        widths = {}
        if "frame" in self.streams:
            widths["frame"], _ = sizes_of(required(inputs.frame_size, "frame"), config.appearance_size)
        if "trajectory" in self.streams:
            widths["trajectory"] = required(inputs.trajectory_size, "trajectory")
        for stream, width in widths.items():
            if width != inputs.text_size:
                raise ValueError(
                    f"streams: found {stream!r} features of {width} numbers, expected {inputs.text_size} as in the "
                    "text features; clips, trajectories and text must be extracted with one image-text model"
                )

    def forward(self, batch: Batch) -> Tensor:
        """Return scores (B, C) between -1 and 1.

        Raises
        ------
        ValueError
            If the text of a candidate is not one embedding.
        """
        return self.explain(batch).scores

    def explain(self, batch: Batch) -> Explanation:
        """Return the scores, and as weights which trajectory is the most similar to each candidate.

        Raises
        ------
        ValueError
            As `forward`.
        """
        text = _embeddings(batch)
        cosines, weights = [], None
        if "frame" in self.streams:
            assert batch.frames is not None
            clips, _ = appearance_and_motion(batch.frames, self.appearance_size)
            video = normalize(normalize(clips, dim=-1).mean(dim=1), dim=-1)
            cosines.append(torch.einsum("bcd,bd->bc", text, video))
        if "trajectory" in self.streams:
            assert batch.trajectory_mask is not None
            best, which = self.similarities(batch).max(dim=-1)
            # Without trajectories, no candidate is nearer than another.
            cosines.append(torch.where(batch.trajectory_mask.any(dim=-1, keepdim=True), best, 0.0))
            chosen = one_hot(which, batch.trajectory_mask.shape[-1])
            weights = (chosen * batch.trajectory_mask.unsqueeze(1)).float()
        return Explanation(torch.stack(cosines).mean(dim=0), weights=weights)

    def similarities(self, batch: Batch) -> Tensor:
        """Return the cosines (B, C, K) of each candidate with each trajectory; minus infinity for padding."""
        assert batch.trajectories is not None
        assert batch.trajectory_mask is not None
        cosines = torch.einsum("bcd,bkd->bck", _embeddings(batch), normalize(batch.trajectories, dim=-1))
        return cosines.masked_fill(~batch.trajectory_mask.unsqueeze(1), -torch.inf)


def _embeddings(batch: Batch) -> Tensor:
    """Return unit embeddings (B, C, S) of question and candidate."""
    words = batch.word_mask.sum(dim=-1)
    if (words != 1).any():
        raise ValueError(
            f"text: found {int(words[words != 1][0])} features for a candidate, expected one embedding by an "
            "image-text model"
        )
    # The one feature is the sum, wherever the padding is.
    embedding = (batch.words * batch.word_mask.unsqueeze(-1)).sum(dim=2)
    return normalize(embedding, dim=-1)
