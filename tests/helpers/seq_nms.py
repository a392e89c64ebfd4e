"""`link` by Seq-NMS, whose results on small examples can be worked out by hand."""

from __future__ import annotations

from functools import partial

import trajtrack

link = partial(trajtrack.link, method="seq-nms")
