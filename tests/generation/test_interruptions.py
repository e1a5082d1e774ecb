"""Whatever ends a run, nothing half made stays."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.errors import OutputError
from ex4d.generation import generate
from ex4d.given_render import Generation
from ex4d.progress import Progress
from ex4d.synthesis.mesh_engine import MeshEngine
from ex4d.synthesis.synthesizer import SynthesisRequest


class Failing(MeshEngine):
    """Fails as an engine does that finds its weights gone."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
        yield next(iter(super().synthesize(guide, request)))
        raise self._error


def test_when_the_video_takes_its_name_its_manifest_is_whole(job: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full by then leaves the old video and its old manifest."""
    manifest = generate(job).manifest
    before = manifest.read_bytes(), job.output.read_bytes()
    settle = os.fsync

    def full(file: int) -> None:
        if ".json." in str(Path(f"/proc/self/fd/{file}").readlink()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        settle(file)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"cannot be written: No space left"):
        generate(replace(job, frame_count=3))
    assert (manifest.read_bytes(), job.output.read_bytes()) == before


@pytest.mark.parametrize("late", [True, False])
def test_what_an_engine_cannot_read_is_not_told_of_the_output(
    job: Generation, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    gone = FileNotFoundError(errno.ENOENT, "No such file", "weights.safetensors")

    def open_engine(options: EngineOptions, progress: Progress) -> MeshEngine:
        if late:
            return Failing(gone)
        raise gone

    monkeypatch.setitem(ENGINES, "mesh", replace(ENGINES["mesh"], open=open_engine))
    with pytest.raises(FileNotFoundError) as found:
        generate(job)
    assert found.value is gone
    assert not list(job.output.parent.glob("*film*"))


def test_what_a_killed_run_left_is_removed_by_the_next(job: Generation, tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from dataclasses import replace; from pathlib import Path\n"
        "from ex4d import generation; from ex4d.given_render import Generation\n"
        "from ex4d.shotlist.model import Synthesis\n"
        "generation._first_frame = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)\n"
        "colour, mask, film = map(Path, sys.argv[1:])\n"
        "generation.generate(Generation(colour, mask, film, Synthesis(engine='mesh')))"
    )
    apart = tmp_path / "system"
    apart.mkdir()
    files = [str(file) for file in (job.colour, job.mask, job.output)]
    killed = subprocess.run([sys.executable, "-c", code, *files], env={**os.environ, "TMPDIR": str(apart)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not list(apart.iterdir())
    assert [each.is_dir() for each in tmp_path.glob(".film*")] == [True]
    generate(job)
    assert not list(tmp_path.glob(".film*"))


def test_what_is_interrupted_leaves_nothing(job: Generation, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Failing(KeyboardInterrupt())
    monkeypatch.setitem(ENGINES, "mesh", replace(ENGINES["mesh"], open=lambda options, progress: stopped))
    before = set(job.output.parent.iterdir())
    with pytest.raises(KeyboardInterrupt):
        generate(job)
    assert {each for each in job.output.parent.iterdir() if each.name != "cache"} <= before
