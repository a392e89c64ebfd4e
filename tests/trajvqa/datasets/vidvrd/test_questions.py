from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.vidvrd_examples import document, still, two_dogs
from trajvqa.datasets.vidvrd.annotations import read_annotations
from trajvqa.datasets.vidvrd.claims import INVERSES, Claim, Name, Number, claims_of, noun, third_person
from trajvqa.datasets.vidvrd.geometry import agreement
from trajvqa.datasets.vidvrd.questions import draft_questions
from trajvqa.datasets.vidvrd.timeline import Timeline


def timeline_of(tmp_path, content):
    (tmp_path / "one.json").write_text(json.dumps(content))
    return Timeline(next(iter(read_annotations(tmp_path))), 90)


@pytest.fixture
def dogs(tmp_path):
    return timeline_of(tmp_path, two_dogs())


def find(drafts, question):
    return [draft for draft in drafts if draft.question == question]


def whole(timeline):
    return np.ones(timeline.video.num_frames, np.bool_)


@pytest.mark.parametrize(
    ("predicate", "texts"),
    [
        ("walk_left", ["walk", "left of the car"]),
        ("stand_next_to", ["stand", "next to the car"]),
        ("front", ["in front of the car"]),
        ("in_front_of", ["in front of the car"]),
        ("run_toward", ["run", "go toward the car"]),
        ("larger", ["larger than the car"]),
        ("chase", ["chase the car"]),
        ("fall_off", ["fall off the car"]),
        ("hold_hand_of", ["hold hand of the car"]),
    ],
)
def test_predicates_are_spelled_out(predicate, texts):
    assert [claim.text("dog") for claim in claims_of(predicate, "car")] == texts


def test_an_object_of_the_subjects_class_is_the_other_one():
    assert Claim("chase", "dog").text("dog") == "chase the other one"


def test_names_and_numbers_are_words():
    assert Name("giant_panda", "left").text() == "the left giant panda"
    assert noun("domestic_cat") == "cat"
    assert Number(3).text() == "three"
    assert [third_person(words) for words in ("go past the car", "fly", "sit")] == [
        "goes past the car",
        "flies",
        "sits",
    ]


boxes = st.tuples(*[st.floats(0, 100)] * 2, *[st.floats(1, 100)] * 2).map(
    lambda b: np.tile([b[0], b[1], b[0] + b[2], b[1] + b[3]], (20, 1))
)


@given(boxes, boxes, st.sampled_from(sorted(set(INVERSES) - {"next to"})))
def test_swapped_objects_have_the_inverse_relation(first, second, words):
    forth, back = agreement(first, second, words), agreement(second, first, INVERSES[words])
    np.testing.assert_allclose(forth, back, atol=1e-9)
    np.testing.assert_allclose(forth, -agreement(first, second, INVERSES[words]), atol=1e-9)


def test_boxes_do_not_determine_actions():
    assert agreement(np.zeros((3, 4)), np.zeros((3, 4)), "chase") is None


def test_relations_are_claims_about_both_objects(dogs):
    assert Claim("left of", "dog") in dogs.true(0, whole(dogs))
    assert Claim("smaller than", "dog") in dogs.true(1, whole(dogs))
    assert Claim("behind", "dog") in dogs.true(1, whole(dogs))


def test_objects_of_one_class_are_named_by_position_and_size(dogs):
    assert [name.text() for name in dogs.names[0]] == ["the left dog", "the large dog"]
    assert [name.text() for name in dogs.names[1]] == ["the right dog", "the small dog"]
    assert [name.text() for name in dogs.names[2]] == ["the ball"]


def test_objects_that_cannot_be_distinguished_have_no_name(tmp_path):
    same = still((10, 10, 60, 60))
    assert timeline_of(tmp_path, document({0: ("dog", same), 1: ("dog", same)}, [])).names == {0: (), 1: ()}


def test_boxes_contradict_claims_that_they_are_far_from(dogs):
    assert dogs.contradicted(0, Claim("right of", "ball"), whole(dogs))
    assert dogs.contradicted(0, Claim("left of", "car"), whole(dogs)), "there is no car"
    assert not dogs.contradicted(0, Claim("left of", "ball"), whole(dogs))
    assert not dogs.contradicted(0, Claim("chase", "dog"), whole(dogs)), "boxes do not tell"


def test_the_opposite_of_an_annotation_is_false_whatever_the_boxes(tmp_path):
    box = still((10, 10, 60, 60))
    timeline = timeline_of(tmp_path, document({0: ("dog", box), 1: ("car", box)}, [(0, "front", 1, 0, 90)]))
    assert timeline.contradicted(0, Claim("behind", "car"), whole(timeline))


def test_the_dogs_are_asked_about_by_name(dogs):
    found = find(draft_questions(dogs), "what is true of the large dog")
    assert {draft.text(draft.answer) for draft in found} == {
        "left of the other one",
        "in front of the other one",
        "left of the ball",
    }
    assert {draft.type for draft in found} == {"DL"}
    assert all(draft.shared for draft in found)


def test_a_name_does_not_give_the_answer_away(dogs):
    answers = {draft.text(draft.answer) for draft in find(draft_questions(dogs), "what is true of the left dog")}
    assert "left of the other one" not in answers
    assert "larger than the other one" in answers


def test_order_in_time_is_asked_about(dogs):
    (after,) = find(draft_questions(dogs), "what does the right dog do after it walks")
    assert (after.type, after.text(after.answer)) == ("TN", "sit")
    assert Claim("walk") in after.near
    (before,) = find(draft_questions(dogs), "what does the right dog do before it sits")
    assert (before.type, before.text(before.answer)) == ("TP", "walk")


def test_simultaneous_actions_are_asked_about(dogs):
    found = find(draft_questions(dogs), "what does the left dog do while the right dog sits")
    assert {draft.text(draft.answer) for draft in found} == {"stand", "watch the ball"}
    assert {draft.type for draft in found} == {"TC"}


def test_the_beginning_and_the_end_are_asked_about(dogs):
    drafts = list(draft_questions(dogs))
    (start,) = find(drafts, "what does the small dog do at the beginning")
    (end,) = find(drafts, "what does the small dog do at the end")
    assert (start.text(start.answer), end.text(end.answer)) == ("walk", "sit")


def test_who_does_something_is_asked(dogs):
    found = find(draft_questions(dogs), "what watches the ball")
    assert {draft.text(draft.answer) for draft in found} == {"the left dog", "the large dog"}
    assert set(found[0].near) == {Name("dog", "right"), Name("dog", "small")}


def test_objects_are_counted(dogs):
    (found,) = find(draft_questions(dogs), "how many dogs are there")
    assert (found.type, found.text(found.answer)) == ("DC", "two")


def test_answers_are_correct_and_near_ones_wrong(dogs):
    for draft in draft_questions(dogs):
        assert draft.answer in draft.true
        assert not draft.is_wrong(draft.answer)
        assert not draft.true & set(draft.near)


def test_an_answer_that_the_boxes_contradict_is_not_asked_for(tmp_path):
    left, right = still((10, 10, 60, 60)), still((300, 10, 350, 60))
    timeline = timeline_of(tmp_path, document({0: ("dog", left), 1: ("car", right)}, [(0, "right", 1, 0, 90)]))
    assert [draft.family for draft in draft_questions(timeline)] == ["count", "count"]
