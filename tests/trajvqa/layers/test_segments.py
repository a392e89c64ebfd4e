from __future__ import annotations

import pytest
import torch

from trajvqa.layers.segments import SegmentEncoder

CLIPS, SIZE, FEATURES, HEADS = 4, 8, 5, 2
LABEL_VECTORS = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))


def encoder(layers=2):
    torch.manual_seed(1)
    made = SegmentEncoder(FEATURES, LABEL_VECTORS, SIZE, CLIPS, layers, HEADS, 12, 0.3).eval()
    for layer in made.layers:
        torch.nn.init.normal_(layer.biases)
    return made


def segments(owners=(0, 0, 0, 5, 5), clips=(0, 1, 3, 1, 2)):
    """Return features, labels, spans, owners and mask of one video."""
    rng = torch.Generator().manual_seed(2)
    count = len(owners)
    spans = torch.tensor([[clip / CLIPS, (clip + 1) / CLIPS] for clip in clips])
    return (
        torch.randn(1, count, FEATURES, generator=rng),
        torch.randint(3, (1, count), generator=rng),
        spans.unsqueeze(0),
        torch.tensor([owners]),
        torch.ones(1, count, dtype=torch.bool),
    )


def plainly(made, features, labels, spans, owners, mask):
    """Return what the encoder computes, segment by segment."""
    features, labels, spans, owners = (values[0] for values in (features, labels, spans, owners))
    clips = [round(float(span[0]) * CLIPS) for span in spans]
    count = len(features)

    def mean(row, fits):
        chosen = [features[k] for k in range(count) if owners[k] == owners[row] and fits(clips[k] - clips[row])]
        return torch.stack(chosen).mean(dim=0) if chosen else torch.zeros(FEATURES)

    nodes = torch.stack(
        [
            made.visual(features[k])
            + made.trajectory(mean(k, lambda _: True))
            + made.before(mean(k, lambda distance: distance == -1))
            + made.after(mean(k, lambda distance: distance == 1))
            + made.label(LABEL_VECTORS[labels[k]])
            + made.time(spans[k])
            for k in range(count)
        ]
    )
    nodes = made.norm(nodes)
    farthest = (layer_size := made.layers[0].biases.shape[0] // 2) // 2
    for layer in made.layers:
        query, key, value = layer.joint(nodes).chunk(3, dim=-1)
        width = SIZE // HEADS
        attended = torch.zeros(count, SIZE)
        for head in range(HEADS):
            part = slice(head * width, (head + 1) * width)
            for row in range(count):
                scores = torch.stack(
                    [
                        query[row, part] @ key[k, part] / width**0.5
                        + layer.biases[
                            clips[k] - clips[row] + farthest + (0 if owners[k] == owners[row] else layer_size), head
                        ]
                        for k in range(count)
                    ]
                )
                attended[row, part] = torch.softmax(scores, dim=0) @ value[:, part]
        nodes = layer.norms[0](nodes + layer.output(attended))
        nodes = layer.norms[1](nodes + layer.feed_forward(nodes))
    return nodes.unsqueeze(0)


@pytest.mark.parametrize("layers", [1, 2])
def test_it_equals_a_plain_loop_over_segments(layers):
    made, given = encoder(layers), segments()
    torch.testing.assert_close(made(*given), plainly(made, *given))


@pytest.mark.parametrize(("frames", "clips"), [(100, 16), (8, 16), (120, 12), (100_003, 7)])
def test_a_segment_is_in_the_clip_in_which_it_starts(frames, clips):
    """Cut as trajectories are, at ``frame * clips // frames``, whatever frames of the clip it has."""
    torch.manual_seed(1)
    made = SegmentEncoder(FEATURES, LABEL_VECTORS, SIZE, clips, 1, HEADS, 12, 0.0).eval()
    parts = [frame * clips // frames for frame in range(frames)]
    starts = [frame for frame in range(frames) if frame == 0 or parts[frame] != parts[frame - 1]][:6]
    ends = [
        start if index % 2 else next((k for k in range(start, frames) if parts[k] != parts[start]), frames) - 1
        for index, start in enumerate(starts)
    ]
    count = len(starts)
    spans = torch.tensor([[[start / frames, (end + 1) / frames] for start, end in zip(starts, ends, strict=True)]])
    seen = []
    made.layers[0].forward = lambda nodes, pairs, mask: seen.append(pairs) or nodes
    zeros = torch.zeros(1, count, dtype=torch.int64)
    made(torch.zeros(1, count, FEATURES), zeros, spans, zeros, torch.ones(1, count, dtype=torch.bool))
    expected = torch.tensor([[parts[other] - parts[start] for other in starts] for start in starts])
    assert (seen[0][0] - seen[0][0, 0, 0]).tolist() == expected.clamp(-8, 8).tolist()


def test_the_order_of_segments_does_not_matter():
    made, given = encoder(), segments()
    order = [3, 1, 4, 0, 2]
    torch.testing.assert_close(made(*(values[:, order] for values in given)), made(*given)[:, order])


def test_which_numbers_tell_trajectories_apart_does_not_matter():
    made = encoder()
    torch.testing.assert_close(made(*segments(owners=(9, 9, 9, 2, 2))), made(*segments()))


def test_it_matters_which_segments_belong_together():
    made = encoder()
    assert not torch.allclose(made(*segments(owners=(0, 0, 5, 5, 0))), made(*segments()))


def test_what_is_outside_the_mask_has_no_effect_and_is_0():
    made = encoder()
    features, labels, spans, owners, mask = segments()
    mask = mask & (torch.arange(5) < 3)
    encoded = made(features, labels, spans, owners, mask)
    torch.testing.assert_close(
        encoded[:, :3], made(features[:, :3], labels[:, :3], spans[:, :3], owners[:, :3], mask[:, :3])
    )
    assert (encoded[:, 3:] == 0).all()


def test_a_video_without_segments_is_0():
    features, labels, spans, owners, mask = segments()
    assert (encoder()(features, labels, spans, owners, ~mask) == 0).all()


def test_videos_without_segments_have_none_encoded():
    features, labels, spans, owners, mask = (values[:, :0] for values in segments())
    assert encoder()(features, labels, spans, owners, mask).shape == (1, 0, SIZE)
