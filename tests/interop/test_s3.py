"""Corpora on an object store: an S3 server of this machine, by pyarrow (s3) and by fsspec (s3a)."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers import corpora
from helpers.libraries import library
from trajtrack.cli import main

library("pyarrow")
boto3 = library("boto3")
servers = library("moto.server")
library("s3fs")

pytestmark = pytest.mark.filterwarnings("ignore")
COMMAND = [sys.executable, "-m", "trajtrack", "corpus"]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def store(address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a client of a server that holds a corpus in a bucket, and the corpus."""
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{address}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    client = boto3.client("s3")
    client.create_bucket(Bucket="bucket")
    for path in sorted(corpora.write_corpus(tmp_path / "in", num_parts=4).iterdir()):
        client.upload_file(str(path), "bucket", f"in/{path.name}")
    yield client
    for key in keys(client):
        client.delete_object(Bucket="bucket", Key=key)


def keys(client: Any, folder: str = "") -> list[str]:
    return [each["Key"] for each in client.list_objects_v2(Bucket="bucket", Prefix=folder).get("Contents", [])]


def outputs(client: Any) -> dict[str, bytes]:
    names = [key for key in keys(client, "out/") if key.endswith(".parquet")]
    return {key[4:]: client.get_object(Bucket="bucket", Key=key)["Body"].read() for key in names}


def linked_here() -> dict[str, bytes]:
    main(["corpus", "in", "-o", "out", "--workers", "1"])
    return corpora.outputs(Path("out"))


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_outputs_are_those_of_a_local_run_and_are_kept(store, scheme: str, capsys) -> None:
    words = ["corpus", f"{scheme}://bucket/in", "-o", f"{scheme}://bucket/out", "--workers", "1"]
    assert main(words) == 0
    assert outputs(store) == linked_here()
    capsys.readouterr()
    assert main(words) == 0
    assert "4 files (4 finished before)" in capsys.readouterr().out


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_a_killed_run_is_completed_by_the_same_command(store, scheme: str) -> None:
    command = [*COMMAND, f"{scheme}://bucket/in", "-o", f"{scheme}://bucket/out", "--workers", "1"]
    with subprocess.Popen(command) as process:
        while not any("/parts/part-" in key for key in keys(store, "out/")) and process.poll() is None:
            time.sleep(0.2)
        process.kill()
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "finished before" in again.stdout
    assert outputs(store) == linked_here()
    assert not any("/." in key for key in keys(store, "out/"))


def test_endpoint_and_credentials_may_be_in_the_url_and_are_shown_nowhere(
    store, address: str, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    store.put_object(Bucket="bucket", Key="in/part-9.parquet", Body=b"no table")
    given, output = (
        f"s3://name:secret@bucket/{folder}?endpoint_override={address}&scheme=http&region=us-east-1"
        for folder in ("in", "out")
    )
    assert main(["corpus", given, "-o", output, "--workers", "1"]) == 1
    printed = capsys.readouterr()
    assert printed.out.endswith(" -> s3://bucket/out\n")
    assert "error: s3://bucket/in/part-9.parquet: " in printed.err
    assert "trajtrack: see s3://bucket/out/_failed.jsonl" in printed.err
    stored = [store.get_object(Bucket="bucket", Key=key)["Body"].read() for key in keys(store, "out/_")]
    assert not any(b"secret" in content for content in stored)
    assert "secret" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("given", "output", "message"),
    [
        ("s3://none/in", "out", "s3://none/in: No such file or folder"),
        ("in", "s3://none/out", "Bucket 'none' not found"),
    ],
)
def test_a_missing_bucket_is_named(store, given: str, output: str, message: str, capsys) -> None:
    assert main(["corpus", given, "-o", output, "--workers", "1"]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("scheme", "message"),
    [("s3", "AWS Error ACCESS_DENIED"), ("s3a", "s3a://bucket/out: Unable to locate credentials")],
)
def test_missing_credentials_are_an_error(store, scheme: str, message: str) -> None:
    environment = {"AWS_ENDPOINT_URL": store.meta.endpoint_url, "AWS_REGION": "us-east-1"}
    environment |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": str(Path.cwd())}
    command = [*COMMAND, "in", "-o", f"{scheme}://bucket/out"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert message in result.stderr
