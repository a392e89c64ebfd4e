from __future__ import annotations

import numpy as np

from trajtrack import link, make_scene
from trajtrack.viewer.content import content_of
from trajtrack.viewer.sources import join


def test_joined_sources_keep_their_boxes_and_what_suppressed_them():
    contents = [
        content_of(link(make_scene(num_frames=20, proposals_per_object=2, seed=seed).detections, method="seq-nms"))
        for seed in (1, 2)
    ]
    joined = join(contents)
    tracked = int(joined.content.offsets[-1])
    tracked_sources = np.repeat(joined.track_sources, np.diff(joined.content.offsets))
    sources = np.concatenate([tracked_sources, joined.untracked_sources])
    assert (np.diff(joined.content.frames[tracked:]) >= 0).all()
    for source, content in enumerate(contents):
        own = sources == source
        np.testing.assert_array_equal(joined.content.boxes[own], content.boxes)
        by, expected = joined.content.suppressed_by[own], content.suppressed_by
        assert (expected >= 0).any()
        np.testing.assert_array_equal(by >= 0, expected >= 0)
        np.testing.assert_array_equal(joined.content.boxes[by[by >= 0]], content.boxes[expected[expected >= 0]])
