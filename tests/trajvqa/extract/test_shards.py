from __future__ import annotations

import pytest

from trajvqa.extract.shards import Shard

VIDEOS = [f"video{number}" for number in range(4000)]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_each_video_is_in_one_shard(count):
    shards = [Shard(number, count) for number in range(1, count + 1)]
    assert all(sum(shard.has(video) for shard in shards) == 1 for video in VIDEOS)


def test_shards_are_about_equal():
    sizes = [sum(map(Shard(number, 8).has, VIDEOS)) for number in range(1, 9)]
    assert max(sizes) < 1.2 * min(sizes)


def test_the_shard_of_a_video_stays_the_same():
    assert [video for video in VIDEOS[:12] if Shard(1, 3).has(video)] == [
        "video1",
        "video4",
        "video5",
        "video6",
        "video7",
        "video11",
    ]


def test_files_are_named_after_number_and_count():
    assert Shard.parse("3/8").name == "00003-of-00008"


def test_ids_that_are_no_text_have_a_shard():
    assert Shard(1, 1).has("\udcff")
