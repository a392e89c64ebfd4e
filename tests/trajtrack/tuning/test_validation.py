from __future__ import annotations

import warnings
from dataclasses import replace

import pytest

import trajtrack
from trajtrack import FlowOptions, LinkOptions
from trajtrack.metrics.matching import Origin
from trajtrack.tuning.validation import Fold, Tuned, best_of, folds_of, most_linkings, tune
from trajtrack.tuning.videos import Linkings, TuningVideo


def noisy_scene(seed: int) -> TuningVideo:
    """Return a scene with many false boxes, of which Seq-NMS makes trajectories if nothing is set."""
    scene = trajtrack.make_scene(num_frames=30, objects_per_frame=3, false_positives=5, num_classes=1, seed=seed)
    return TuningVideo(scene.detections, scene.truth, (Origin("truth"), Origin("detections")))


def linkings_of(count: int, **settings) -> Linkings:
    pytest.importorskip("trackeval")
    return Linkings([noisy_scene(seed) for seed in range(count)], LinkOptions(), **settings)


def test_options_that_are_clearly_better_are_found_and_are_better_on_videos_held_out():
    result = tune("seq-nms", linkings_of(2))
    assert result.score > result.default_score + 0.2
    assert result.held_out > result.default_score + 0.2
    assert result.is_better
    assert result.expected == (result.options, result.held_out)


def test_the_videos_held_out_do_not_influence_the_options_that_are_tested_on_them():
    linkings = linkings_of(2)
    first, second = linkings.videos
    hardly_annotated = replace(first, truth=first.truth[:1])
    other = Linkings([hardly_annotated, second], LinkOptions())
    before, after = tune("seq-nms", linkings), tune("seq-nms", other)
    assert before.folds[0].options == after.folds[0].options
    assert before.options != after.options


def test_the_score_of_the_defaults_is_that_of_evaluate_many():
    linkings = linkings_of(2, metric="idf1")
    pairs = [(video.truth, trajtrack.link(video.detections, method="seq-nms")) for video in linkings.videos]
    assert tune("seq-nms", linkings).default_score == trajtrack.evaluate_many(pairs).idf1


def test_one_video_is_tuned_but_not_tested():
    result = tune("seq-nms", linkings_of(1))
    assert (result.held_out, result.folds, result.is_better) == (None, (), None)
    assert result.expected == (result.options, result.score)


def test_the_result_does_not_depend_on_the_number_of_threads():
    assert tune("seq-nms", linkings_of(2, num_threads=1)) == tune("seq-nms", linkings_of(2, num_threads=3))


def test_linkings_are_bounded_counted_and_never_repeated():
    done = []
    linkings = linkings_of(2, on_progress=lambda: done.append(1))
    tune("seq-nms", linkings)
    assert len(done) == len(linkings) <= most_linkings("seq-nms", linkings)
    tune("seq-nms", linkings)
    assert len(done) == len(linkings)


def test_options_that_link_nothing_do_not_warn():
    linkings = linkings_of(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert linkings.score([LinkOptions(min_score=200)], [0]) == [0]


def test_up_to_five_videos_are_held_out_one_by_one_and_more_in_five_parts():
    assert folds_of(1) == []
    assert folds_of(3) == [(0,), (1,), (2,)]
    assert folds_of(7) == [(0, 5), (1, 6), (2,), (3,), (4,)]


SET = LinkOptions(max_gap=0)


def result_of(held_out: float, *gains: float, default: float = 0.5) -> Tuned:
    folds = tuple(Fold((number,), SET, default, default + gain) for number, gain in enumerate(gains))
    return Tuned("seq-nms", SET, default, 0.9, held_out, folds)


@pytest.mark.parametrize(
    ("result", "is_better"),
    [
        (result_of(0.52, 0.02, 0.02), True),
        (result_of(0.48, -0.02, -0.02), False),
        (result_of(0.5005, 0.001, 0.001), False),
        (result_of(0.52, 0.2, -0.01, -0.01), False),
        (replace(result_of(0.52, 0.02, 0.02), options=LinkOptions()), False),
    ],
    ids=["better", "worse", "hardly better", "better in one part", "no options for all videos"],
)
def test_the_defaults_are_kept_unless_tuned_options_are_better_on_videos_held_out(result, is_better):
    assert result.is_better is is_better
    assert result.expected == ((SET, result.held_out) if is_better else (LinkOptions(), 0.5))


def test_the_best_method_is_chosen_by_what_to_expect_of_it():
    flow = Tuned("flow", FlowOptions(), 0.51, 0.51, 0.51, result_of(0.51, 0).folds)
    assert best_of([flow, result_of(0.52, 0.02)]).method == "seq-nms"
    assert best_of([flow, result_of(0.5105, 0.02)]).method == "flow"
    assert best_of([flow, replace(result_of(0.49, -0.01), score=0.99)]).method == "flow"
