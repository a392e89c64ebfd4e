from __future__ import annotations

import numpy as np
import pytest

from trajtrack import Detections, link
from trajvqa.stores import LINKS, cut_trajectories

FRAMES, CLIPS = 12, 3
BOXES = {0: [0.0, 0, 20, 10], 1: [50.0, 0, 70, 10]}


@pytest.fixture
def tracks():
    """Return two objects that stay where they are, each in every frame."""
    rows = [(frame, label) for frame in range(FRAMES) for label in BOXES]
    detections = Detections(
        boxes=[BOXES[label] for _, label in rows],
        scores=[0.5 + 0.01 * frame for frame, _ in rows],
        frames=[frame for frame, _ in rows],
        labels=[label for _, label in rows],
        num_frames=FRAMES,
    )
    return link(detections, method="seq-nms")


def rng(seed=0):
    return np.random.Generator(np.random.PCG64(seed))


def test_all_links_are_kept_on_request(tracks):
    pieces, kept, _ = cut_trajectories(tracks, "all", CLIPS, rng())
    assert pieces is tracks
    assert kept.tolist() == [0, 1]


@pytest.mark.parametrize("links", LINKS)
def test_no_detection_is_lost(tracks, links):
    pieces, *_ = cut_trajectories(tracks, links, CLIPS, rng())
    assert pieces.rows.tolist() == tracks.rows.tolist()
    assert pieces.offsets[0] == 0
    assert pieces.offsets[-1] == len(tracks.rows)


def test_trajectories_are_cut_at_the_borders_of_clips(tracks):
    pieces, kept, _ = cut_trajectories(tracks, "clips", CLIPS, rng())
    assert kept.tolist() == list(range(2 * CLIPS))
    assert list(zip(pieces.starts.tolist(), pieces.ends.tolist(), strict=True)) == [(0, 3), (4, 7), (8, 11)] * 2


def test_segments_are_the_pieces_of_clips_and_tell_their_trajectory(tracks):
    cut, kept, owners = cut_trajectories(tracks, "segments", CLIPS, rng())
    pieces, others, none = cut_trajectories(tracks, "clips", CLIPS, rng())
    assert cut.offsets.tolist() == pieces.offsets.tolist()
    assert kept.tolist() == others.tolist()
    assert owners.tolist() == [0] * CLIPS + [1] * CLIPS
    assert none is None


def test_an_unknown_kind_of_links_is_named(tracks):
    with pytest.raises(ValueError, match="links: found 'some', expected one of all, segments, clips, none"):
        cut_trajectories(tracks, "some", CLIPS, rng())


def test_without_links_an_object_is_one_of_its_detections(tracks):
    pieces, kept, _ = cut_trajectories(tracks, "none", CLIPS, rng())
    assert pieces.lengths.tolist() == [1] * len(tracks.rows)
    owners = np.repeat(np.arange(len(tracks)), tracks.lengths)
    assert owners[kept].tolist() == [0, 1]


def test_any_detection_of_an_object_may_be_drawn(tracks):
    drawn = {cut_trajectories(tracks, "none", CLIPS, rng(seed))[1][0] for seed in range(200)}
    assert drawn == set(range(FRAMES))


@pytest.mark.parametrize("links", ["segments", "clips", "none"])
def test_a_piece_has_the_label_of_its_detections_and_the_score_of_its_trajectory(tracks, links):
    pieces, *_ = cut_trajectories(tracks, links, CLIPS, rng())
    owners = np.searchsorted(tracks.offsets, pieces.offsets[:-1], "right") - 1
    assert pieces.labels.tolist() == tracks.labels[owners].tolist()
    assert pieces.scores.tolist() == tracks.scores[owners].tolist()


@pytest.mark.parametrize("links", ["segments", "clips", "none"])
def test_the_detections_of_a_piece_are_told_by_its_id(tracks, links):
    pieces, *_ = cut_trajectories(tracks, links, CLIPS, rng())
    for number, piece in enumerate(pieces):
        assert (pieces.track_ids[piece.rows[~piece.interpolated]] == number).all()


@pytest.mark.parametrize("links", LINKS)
def test_a_video_may_have_no_trajectory(links):
    none = link(Detections(np.empty((0, 4)), [], [], num_frames=4))
    pieces, kept, _ = cut_trajectories(none, links, CLIPS, rng())
    assert (len(pieces), len(kept)) == (0, 0)
