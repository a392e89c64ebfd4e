from __future__ import annotations

import numpy as np
import pytest

from trajvqa.datasets.events.timeline import (
    NUM_CLIPS,
    ORDINARY,
    REACTIONS,
    TRIGGERS,
    Phase,
    make_timeline,
    phases_of,
)

STAYS = [range(NUM_CLIPS)] * 5
LABELS = [0, 0, 1, 1, 1]


@pytest.fixture(params=range(20))
def timeline(request):
    rng = np.random.Generator(np.random.PCG64(request.param))
    made = None
    while made is None:
        made = make_timeline(STAYS, LABELS, rng)
    return made


def test_an_event_brings_about_another_one_clip_later(timeline):
    doing, causes = timeline
    for cause in causes:
        assert doing[cause.source][cause.clip] == cause.trigger
        assert doing[cause.target][cause.clip + 1] == cause.reaction
        assert cause.trigger in TRIGGERS
        assert cause.reaction in REACTIONS
        assert cause.source != cause.target


def test_nothing_but_a_trigger_brings_about_a_reaction(timeline):
    doing, causes = timeline
    found = {(clip, index) for index, own in enumerate(doing) for clip, action in own.items() if action in REACTIONS}
    assert found == {(cause.clip + 1, cause.target) for cause in causes}


def test_triggers_happen_one_at_a_time(timeline):
    doing, causes = timeline
    clips = [clip for own in doing for clip, action in own.items() if action in TRIGGERS]
    assert len(clips) == len(set(clips)) == len(causes)


def test_each_reaction_has_a_look_alike_with_another_cause(timeline):
    _, causes = timeline
    for cause in causes:
        assert any(
            other.target != cause.target
            and LABELS[other.target] == LABELS[cause.target]
            and other.reaction == cause.reaction
            and (LABELS[other.source], other.trigger) != (LABELS[cause.source], cause.trigger)
            for other in causes
        )


def test_actors_do_something_in_each_clip_and_most_things_again(timeline):
    doing, _ = timeline
    assert [sorted(own) for own in doing] == [list(clips) for clips in STAYS]
    ordinary = [[phase.action for phase in phases_of(own) if phase.action in ORDINARY] for own in doing]
    assert all(len(set(own)) <= 3 < len(own) for own in ordinary)


def test_phases_are_runs_of_one_action():
    assert phases_of({3: 1, 4: 1, 5: 2, 6: 1}) == [Phase(1, 3, 4), Phase(2, 5, 5), Phase(1, 6, 6)]


def test_actors_that_do_not_meet_bring_about_nothing():
    rng = np.random.Generator(np.random.PCG64(0))
    assert make_timeline([range(2), range(2), range(2), range(2)], [0, 0, 1, 1], rng) is None
