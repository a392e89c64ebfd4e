from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.data_examples import small_experiment, write_data
from trajvqa.data.batches import Batch, QuestionBatches
from trajvqa.data.negatives import draw_negatives
from trajvqa.data.splits import open_split, schema_of
from trajvqa.evaluation.predict import predict, predict_scores

EXPERIMENT = small_experiment("text-only", negatives="qa")


class Scorer(torch.nn.Module):
    """Scores each candidate by its index; raises an error, or scores NaN, if told to."""

    def __init__(self, score: float | None = 1.0) -> None:
        super().__init__()
        self.score = score

    def forward(self, batch: Batch) -> torch.Tensor:
        assert not self.training
        if self.score is None:
            raise RuntimeError("no memory")
        return self.score * torch.arange(batch.words.shape[1]).expand(batch.words.shape[:2])


@pytest.fixture
def data(tmp_path: Path) -> QuestionBatches:
    """Return training data with negatives."""
    folder = write_data(tmp_path / "data", ("train",))
    data = open_split(folder, "train", EXPERIMENT, schema_of(folder, EXPERIMENT, ()))
    data.negatives = draw_negatives(data.questions, EXPERIMENT.negatives, seed=0, epoch=1)
    return data


def test_only_the_own_candidates_get_a_score(data):
    scores = predict_scores(Scorer(), data, EXPERIMENT.training)
    np.testing.assert_array_equal(scores, np.broadcast_to(np.arange(5), (len(data), 5)))
    assert set(predict(Scorer(), data, EXPERIMENT.training)) == {4}


def test_the_first_of_equal_scores_is_chosen(data):
    assert set(predict(Scorer(0.0), data, EXPERIMENT.training)) == {0}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("score", "error", "message"),
    [
        (1.0, None, ""),
        (None, RuntimeError, "no memory"),
        (float("nan"), ValueError, "scores: found .*nan.* for question train-video0_0, expected finite numbers"),
    ],
)
def test_predicting_changes_neither_data_nor_mode(data, training, score, error, message):
    model, negatives = Scorer(score).train(training), data.negatives
    if error is None:
        predict(model, data, EXPERIMENT.training)
    else:
        with pytest.raises(error, match=message):
            predict(model, data, EXPERIMENT.training)
    assert data.negatives is negatives
    assert model.training == training
