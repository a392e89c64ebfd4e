from __future__ import annotations

from pathlib import Path

import pytest
import torch

# Tests run side by side; each with all the cores would be slower.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with tiny models: detector, resnet, dinov2, vit, videomae, clip and bert."""
    pytest.importorskip("transformers")
    from helpers import tiny_detectors, tiny_encoders, tiny_models

    folder = tmp_path_factory.mktemp("models")
    tiny_detectors.save(folder / "detector")
    for make in (tiny_models.resnet, tiny_models.dinov2, tiny_models.vit, tiny_models.videomae):
        make(folder / make.__name__)
    tiny_encoders.clip(folder / "clip")
    tiny_encoders.bert(folder / "bert")
    return folder
