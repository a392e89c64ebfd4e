from __future__ import annotations

from pathlib import Path

import pytest

from helpers import corpora
from helpers.libraries import library
from trajtrack import FlowOptions
from trajtrack.corpus import find_parts, link_corpus
from trajtrack.table_linking import TableOptions

library("pyarrow")
library("ray")
cluster_utils = library("ray.cluster_utils")

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def cluster():
    """Run a head and a worker, each with processes of its own, as two machines would."""
    cluster = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield cluster
    cluster.shutdown()


def test_a_machine_that_dies_costs_nothing_but_time(cluster, tmp_path: Path) -> None:
    corpus = corpora.write_corpus(tmp_path / "in", num_parts=12, num_videos=12)
    options = TableOptions(FlowOptions(), interpolate=True, boxes=True)
    expected, output = str(tmp_path / "expected"), str(tmp_path / "out")
    link_corpus(find_parts([str(corpus)], expected), expected, options, workers=2)
    machine = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    lost = []

    def lose_a_machine(*_: object) -> None:
        if not lost:
            cluster.remove_node(machine, allow_graceful=False)
            lost.append(machine)

    parts = find_parts([str(corpus)], output)
    summary = link_corpus(parts, output, options, engine="ray", address=cluster.address, progress=lose_a_machine)
    assert lost
    assert summary.report is None
    assert corpora.outputs(tmp_path / "out") == corpora.outputs(tmp_path / "expected")
