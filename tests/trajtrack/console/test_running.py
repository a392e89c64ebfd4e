from __future__ import annotations

import argparse
import signal
from collections.abc import Callable

import pytest

from trajtrack.console.running import Terminated, run_command


def parser_that_runs(command: Callable[[argparse.Namespace], bool]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="program")
    parser.set_defaults(run=command)
    return parser


def raise_sigterm(_: argparse.Namespace) -> bool:
    signal.raise_signal(signal.SIGTERM)
    return False


def test_sigterm_raises_in_the_command_and_ends_it_with_its_own_exit_code() -> None:
    seen = []

    def run(arguments: argparse.Namespace) -> bool:
        try:
            return raise_sigterm(arguments)
        except Terminated:
            seen.append("cleaned up")
            raise

    assert run_command(parser_that_runs(run), []) == 143
    assert seen == ["cleaned up"]


def test_a_second_sigterm_does_not_disturb_the_cleaning_up() -> None:
    seen = []

    def run(arguments: argparse.Namespace) -> bool:
        try:
            return raise_sigterm(arguments)
        finally:
            raise_sigterm(arguments)
            seen.append("cleaned up")

    assert run_command(parser_that_runs(run), []) == 143
    assert seen == ["cleaned up"]


def test_the_handler_of_sigterm_is_restored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    run_command(parser_that_runs(raise_sigterm), [])
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_handler_that_the_process_installed_stays() -> None:
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        assert run_command(parser_that_runs(raise_sigterm), []) == 0
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_failed_input_and_a_command_without_a_name_have_their_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(parser_that_runs(lambda _: True), []) == 1
    assert run_command(argparse.ArgumentParser(prog="program"), []) == 2
    assert capsys.readouterr().err.startswith("usage: program")
