from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from helpers.data_examples import small_experiment, write_data
from helpers.several_processes import first_step, in_processes
from trajvqa.processes import ALONE


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.mark.parametrize("model", ["trajectory", "hga", "hcrn", "text-only"])
# Of 3 questions, processes have different numbers; of 1, a process has none.
@pytest.mark.parametrize("batch_size", [8, 3, 1])
def test_the_first_step_of_two_processes_is_that_of_one(data, tmp_path, model, batch_size):
    experiment = small_experiment(model, negatives="both", dropout=0.0)
    experiment = replace(experiment, training=replace(experiment.training, batch_size=batch_size))
    expected = first_step(ALONE, experiment, data, tmp_path / "one")
    for found in in_processes(2, first_step, experiment, data, tmp_path / "two"):
        assert found["loss"] == pytest.approx(expected["loss"], rel=0, abs=1e-12)
        assert found["gradients"].keys() == expected["gradients"].keys()
        for name, gradient in expected["gradients"].items():
            if gradient is None:
                assert found["gradients"][name] is None
            else:
                np.testing.assert_allclose(found["gradients"][name], gradient, rtol=0, atol=1e-12, err_msg=name)


def test_gradients_are_not_zero_in_the_comparison(data, tmp_path):
    found = first_step(ALONE, small_experiment(dropout=0.0), data, tmp_path / "run")
    assert max(np.abs(gradient).max() for gradient in found["gradients"].values() if gradient is not None) > 1e-3
