from __future__ import annotations

import torch

# Tests run side by side; each with all the cores would be slower.
torch.set_num_threads(1)
