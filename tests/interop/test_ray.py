from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from helpers import corpora
from helpers.libraries import library
from trajtrack import FlowOptions, link_table
from trajtrack.corpus import find_parts, link_corpus
from trajtrack.corpus.local_engine import DiedError
from trajtrack.corpus.ray_engine import run_on_ray
from trajtrack.table_linking import TableOptions

ray = library("ray")
library("pyarrow")

TESTS = str(Path(corpora.__file__).parents[1])
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
            runtime_env={"env_vars": {"PYTHONPATH": TESTS}},
        )
        yield
        ray.shutdown()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    return corpora.write_corpus(tmp_path_factory.mktemp("corpus") / "in", num_parts=4)


@pytest.mark.usefixtures("cluster")
def test_a_corpus_is_the_same_as_of_the_local_engine(corpus: Path, tmp_path: Path) -> None:
    found = {}
    for engine in ("local", "ray"):
        output = str(tmp_path / engine)
        parts = find_parts([str(corpus)], output)
        link_corpus(parts, output, TableOptions(FlowOptions(), interpolate=True, boxes=True), engine=engine, workers=2)
        found[engine] = corpora.outputs(tmp_path / engine)
    assert found["ray"] == found["local"]
    assert len(found["ray"]) == 4


@pytest.mark.usefixtures("cluster")
def test_a_task_whose_process_dies_is_tried_again(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in "abc"]
    assert dict(run_on_ray(paths, corpora.die_once, 2, retries=1)) == {path: path for path in paths}


@pytest.mark.usefixtures("cluster")
def test_a_task_whose_process_always_dies_is_given_up() -> None:
    ((task, found),) = run_on_ray([1], corpora.die, 1, retries=1)
    assert task == 1
    assert isinstance(found, DiedError)


@pytest.mark.usefixtures("cluster")
def test_what_a_task_raises_ends_the_run() -> None:
    with pytest.raises(OSError, match="No space left on device"):
        list(run_on_ray(["a"], corpora.fail, 1, retries=1))


@pytest.mark.usefixtures("cluster")
def test_ray_data_maps_files_of_whole_videos_and_groups(corpus: Path) -> None:
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    whole = corpora.corpus_table(0)
    expected = link_table(whole).sort_by([("video", "ascending"), ("frame", "ascending"), ("x1", "ascending")])
    blocks = ray.data.from_arrow([whole])
    for linked in (
        blocks.map_batches(link_table, batch_size=None, batch_format="pyarrow", fn_kwargs={"num_threads": 1}),
        blocks.groupby("video").map_groups(link_table, batch_format="pyarrow", fn_kwargs={"num_threads": 1}),
    ):
        import pyarrow

        table = pyarrow.concat_tables(ray.get(linked.to_arrow_refs()))
        table = table.sort_by([("video", "ascending"), ("frame", "ascending"), ("x1", "ascending")])
        assert table["track_id"].equals(expected["track_id"])
