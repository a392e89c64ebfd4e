from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from helpers.data_examples import TEXT_SIZE, small_experiment, write_data
from helpers.seen_videos import Reader
from helpers.videos import moving_square, write_video
from trajvqa.answering import write_answers_page
from trajvqa.answering.asking import Answerer, remembering
from trajvqa.data.splits import inputs_of, schema_of
from trajvqa.models import create_model, streams_of

CANDIDATES = ["run", "eat grass", "sing"]
QUESTION = "what does the dog do"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"), ("train",), bert=True)


class Encoder:
    """Stands for a model of text: five tokens, whose features depend on the texts."""

    size = TEXT_SIZE

    def encode(self, texts, following=None):
        seeds = [sum(map(ord, f"{first} {second}")) for first, second in zip(texts, following, strict=True)]
        features = [np.random.default_rng(seed).standard_normal((5, TEXT_SIZE)) for seed in seeds]
        return np.array(features, np.float32), np.ones((len(texts), 5), np.bool_)

    def tokens(self, text, following=None):
        return ("[CLS]", "question", "[SEP]", "candidate", "[SEP]")


def answerer(folder, model="trajectory", reader=None, encoder=None, **settings):
    experiment = small_experiment(model, **settings)
    schema = schema_of(folder, experiment, streams_of(model, experiment.settings))
    network = create_model(model, experiment.settings, inputs_of(folder, schema, experiment)).eval()
    return Answerer(network, experiment, schema, reader, encoder)


@pytest.mark.parametrize("count", [2, 3, 5, 6])
def test_a_model_of_five_candidates_answers_any_number_of_them(folder, count):
    texts = ["run", "jump", "sleep", "eat grass", "sing", "fall down"][:count]
    answer, _ = answerer(folder, reader=Reader()).ask("clip.mp4", QUESTION, texts)
    assert len(answer.scores) == count
    assert answer.candidates == tuple(texts)
    assert (answer.video, answer.correct, answer.kind) == ("clip", None, "")


def test_the_score_of_a_candidate_does_not_depend_on_the_others(folder):
    asked = answerer(folder, reader=Reader())
    all_of_them, _ = asked.ask("clip.mp4", QUESTION, CANDIDATES)
    two, _ = asked.ask("clip.mp4", QUESTION, [CANDIDATES[2], CANDIDATES[0]])
    np.testing.assert_allclose(two.scores, [all_of_them.scores[2], all_of_them.scores[0]], rtol=1e-4, atol=1e-6)


def test_trajectories_have_the_classes_of_the_training_data(folder):
    answer, video = answerer(folder, reader=Reader()).ask("clip.mp4", QUESTION, CANDIDATES)
    names = ["cat", "dog", "cat"]
    assert [each.name for each in answer.attended.trajectories] == names
    assert [(each.track, each.name) for each in video.trajectories] == list(enumerate(names))
    assert len(video.tracks) == 3


@pytest.mark.parametrize("model", ["trajectory", "hga", "text-only"])
def test_each_model_gets_what_it_reads_and_has_a_page(folder, tmp_path, model):
    path = write_video(tmp_path / "clip.mp4", moving_square(12))
    reader = Reader() if model != "text-only" else None
    answer, video = answerer(folder, model, reader).ask(path, QUESTION, CANDIDATES)
    write_answers_page(tmp_path / "page.html", [(model, answer)], video)
    assert (tmp_path / "page.html").stat().st_size > 10_000


def test_text_is_encoded_where_the_model_reads_features(folder):
    answer, _ = answerer(folder, reader=Reader(), encoder=Encoder(), text="bert").ask("clip.mp4", "q", CANDIDATES)
    assert answer.attended.words[0] == ("[CLS]", "question", "[SEP]", "candidate", "[SEP]")
    assert len(set(answer.scores)) == 3


def test_an_encoder_of_another_width_is_refused(folder):
    encoder = Encoder()
    encoder.size = 4
    with pytest.raises(ValueError, match="text encoder: found features of 4 numbers, expected 6 as in the training"):
        answerer(folder, reader=Reader(), encoder=encoder, text="bert").ask("clip.mp4", QUESTION, CANDIDATES)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"clips": None}, "clip: found no clips, expected clips of 7 numbers"),
        ({"clips": np.ones((4, 3), np.float32)}, "clip: found clips of 3 numbers, expected clips of 7 numbers"),
        ({"feature_size": 2}, "found trajectories of 2 numbers, expected 5"),
    ],
)
def test_features_of_another_width_are_refused(folder, changes, message):
    with pytest.raises(ValueError, match=message):
        answerer(folder, reader=Reader(**changes)).ask("clip.mp4", QUESTION, CANDIDATES)


def test_a_model_of_segments_is_refused(folder):
    of_segments = answerer(folder, reader=Reader())
    of_segments = replace(of_segments, schema=replace(of_segments.schema, segment_clips=8))
    with pytest.raises(
        ValueError, match=r"clip\.mp4: found a model of segments of trajectories, expected one of whole"
    ):
        of_segments.ask("clip.mp4", QUESTION, CANDIDATES)


@pytest.mark.parametrize(
    ("question", "candidates", "message"),
    [
        (" ", CANDIDATES, "question: found no words"),
        (QUESTION, ["run", ""], "candidates, row 1: found no words"),
        (QUESTION, ["run", "run"], "candidates: found the same text twice"),
        (QUESTION, ["run"], "candidates, row 0: found 1 texts, expected at least 2"),
    ],
)
def test_unfit_questions_are_refused(folder, question, candidates, message):
    with pytest.raises(ValueError, match=message):
        answerer(folder, reader=Reader()).ask("clip.mp4", question, candidates)


def test_unknown_words_are_named_but_not_a_question_mark_that_training_lacked(folder):
    asked = answerer(folder, reader=Reader())
    answer, _ = asked.ask("clip.mp4", "What does the zebra do?", ["run.", "jump", "yodel"])
    assert answer.unknown_words == ("zebra", "yodel")
    assert (answer.question, answer.candidates[0]) == ("What does the zebra do?", "run.")
    plain, _ = asked.ask("clip.mp4", "what does the zebra do", ["run", "jump", "yodel"])
    assert answer.scores == plain.scores


def test_a_video_is_read_once_for_several_questions(folder):
    reader = Reader()
    asked = replace(answerer(folder), read_video=remembering(reader))
    for question in ("what does the dog do", "what does the cat do"):
        asked.ask("clip.mp4", question, CANDIDATES)
    assert len(reader.paths) == 1
