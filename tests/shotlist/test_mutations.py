"""Shipped files, broken in two thousand ways: each is sound or told what is wrong with it, and nothing is touched.

``python -m tests.bench.bench_mutations`` does the same a hundred thousand times.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.shotlist.document_trees import read, written
from tests.shotlist.mutant_runs import Tally, documents, watched
from tests.shotlist.mutations import Mutator

MUTANTS = 2000


@pytest.fixture(scope="module")
def tally() -> Tally:
    """What became of the mutants, in an interpreter without the checks of arrays that tests run under."""
    command = [sys.executable, "-m", "tests.shotlist.mutant_runs", "0", str(MUTANTS)]
    return Tally(**json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def test_no_mutant_does_what_none_may(tally: Tally) -> None:
    """No traceback, no second of processor time, no fault outside its file, no write, socket, process or code."""

    assert tally.mutants == MUTANTS
    assert not tally.wrong, "\n\n".join(tally.wrong[:3])


def test_most_mutants_get_far(tally: Tally) -> None:
    """Half are YAML and a fifth are sound to the loader, so that what comes behind is reached; most have faults."""

    assert tally.parsed >= MUTANTS / 2
    assert tally.read >= MUTANTS / 5
    assert tally.sound <= tally.read <= tally.parsed < MUTANTS
    assert tally.faults > MUTANTS


def test_what_is_touched_is_heard(tmp_path: Path) -> None:
    """The hook that hears nothing of mutants hears a write, a folder, a socket and code."""
    with watched() as heard:
        (tmp_path / "a").write_text("a")
        (tmp_path / "b").mkdir()
        os.close(os.open(tmp_path / "c", os.O_CREAT))
        (tmp_path / "a").unlink()
        socket.socket().close()
        eval("1 + 1")  # noqa: S307 - to be heard
        (tmp_path / "c").read_bytes()

    events = [event.partition(" ")[0] for event in heard]
    assert events == ["open", "os.mkdir", "open", "os.remove", "socket.__new__", "compile", "exec"]


def test_a_document_that_is_written_reads_the_same() -> None:
    """So a mutant differs from its document by its mutation alone."""

    assert all(read(written(document)) == document for document in documents())


def test_the_same_seed_makes_the_same_mutants() -> None:
    """A mutant that is told can be made again."""
    sources = documents()[:3]
    first, second = (Mutator(sources, Random(3)) for _ in range(2))

    assert [first.mutant(sources[0]) for _ in range(20)] == [second.mutant(sources[0]) for _ in range(20)]
