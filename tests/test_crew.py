"""Several graphics cards share a film's shots; what workers make is what one process makes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ex4d import crew
from ex4d.crew import make_together
from ex4d.crew_jobs import Job, Share, read_job, share_out, visible
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.errors import MissingPart, SynthesisError, UserError
from ex4d.production import shoot
from ex4d.setups import Setup, set_up_all, with_engine
from ex4d.shotlist.load import load
from ex4d.workspace import Workspace
from tests.production.shooting import digests
from tests.tiny_film import SHOTS

pytestmark = pytest.mark.usefixtures("own_folders")


def setups(file: Path, engine: str) -> list[Setup]:
    """Three shots: still and push of 6 frames, swing of 12."""
    film = with_engine(load(file), engine)
    return set_up_all(film.shots, film.output)


def shared(file: Path, cards: int, engine: str = "ex4d", **stated: float) -> tuple[Share, ...]:
    return share_out(setups(file, engine), EngineOptions({"devices": cards, **stated}))


def test_each_card_gets_about_as_many_frames(file: Path) -> None:
    assert shared(file, 2) == (Share(("swing",), (0,)), Share(("still", "push"), (1,)))


def test_cards_that_are_left_go_to_the_shots_as_far_as_their_engine_can_use_them(file: Path) -> None:
    assert [share.cards for share in shared(file, 6)] == [(0, 1), (2, 3), (4, 5)]
    assert [share.cards for share in shared(file, 5)] == [(0,), (1,), (2,)]
    assert [share.cards for share in shared(file, 12)] == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9, 10, 11)]
    assert [share.cards for share in shared(file, 6, engine="vace")] == [(0,), (1,), (2,)]


def test_one_card_or_one_shot_needs_no_workers(file: Path) -> None:
    assert shared(file, 1) == ()
    assert share_out(setups(file, "ex4d")[:1], EngineOptions({"devices": 2})) == ()
    assert share_out(setups(file, "ex4d"), EngineOptions(device="cpu")) == ()
    assert share_out([], EngineOptions({"devices": 2})) == ()


def test_workers_see_their_cards_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert visible((2, 3)) == {"CUDA_VISIBLE_DEVICES": "2,3"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5, GPU-7")
    assert visible((1,)) == {"CUDA_VISIBLE_DEVICES": "GPU-7"}


def job(file: Path, *shots: str, options: EngineOptions = AS_IS, force: bool = False) -> Job:
    return Job(load(file), shots, file.parent / "out", options, force, False, {"CUDA_VISIBLE_DEVICES": ""})


class Heard:
    def __init__(self) -> None:
        self.made, self.said = 0, []

    def begin(self, task: str, total: int) -> None: ...

    def advance(self) -> None:
        self.made += 1

    def say(self, text: str) -> None:
        self.said.append(text)


def test_what_workers_make_is_kept_as_if_one_process_had_made_it(file: Path) -> None:
    file.write_text(SHOTS.replace("engine: mesh", "engine: auto"), encoding="utf-8")
    heard = Heard()
    make_together([job(file, "swing"), job(file, "still", "push")], heard)
    assert heard.made == 3
    assert heard.said == []  # what was chosen is said once, by the process that waits
    assert [take.kept for take in shoot(load(file), folder=file.parent / "out").takes] == [True] * 3
    shoot(load(file), folder=file.parent / "alone")
    assert digests(file.parent / "out") == digests(file.parent / "alone")


def test_what_stops_a_worker_stops_all_and_is_raised_here(file: Path) -> None:
    (film,) = [job(file, "swing")]
    (file.parent / "tiny.npz").unlink()
    with pytest.raises(UserError, match=r"tiny\.npz"):
        make_together([film])
    file.write_text(SHOTS.replace("depth: {file: tiny.npz, unit: m}", "depth: {model: auto}"), encoding="utf-8")
    with pytest.raises(MissingPart, match="ex4d models pull"):
        make_together([job(file, "swing")])


def test_a_worker_that_is_killed_is_told_and_none_outlives_the_run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = crew._start

    def killed(job: Job) -> object:
        worker = start(job)
        started.append(worker)
        if len(started) == 1:
            os.kill(worker.pid, signal.SIGKILL)
        return worker

    monkeypatch.setattr(crew, "_start", killed)
    with pytest.raises(SynthesisError, match=r"worker for swing was ended from outside \(exit code -9\)"):
        make_together([job(file, "swing"), job(file, "still")])
    assert all(worker.poll() is not None for worker in started)


def test_a_second_worker_that_does_not_start_leaves_no_first(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = crew._start

    def one_alone(job: Job) -> subprocess.Popen[bytes]:
        if started:
            raise OSError("no more processes")
        started.append(start(job))
        return started[0]

    monkeypatch.setattr(crew, "_start", one_alone)
    with pytest.raises(OSError, match="no more"):
        make_together([job(file, "swing"), job(file, "still")])
    assert started[0].poll() is not None


@pytest.fixture
def customized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What every Python that is started here runs first."""
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "path"))
    return tmp_path / "path" / "sitecustomize.py"


def test_workers_do_not_outlive_the_process_that_waits(file: Path, customized: Path) -> None:
    customized.write_text(
        "import sys, time\n"
        "if sys.orig_argv[-1] == 'ex4d.crew':\n"
        "    import ex4d.takes\n"
        "    ex4d.takes.make_take = lambda *_, **__: print('at work', flush=True) or time.sleep(60)\n"
    )
    waiting = (
        "from pathlib import Path; from ex4d.crew import make_together; from ex4d.crew_jobs import Job\n"
        "from ex4d.shotlist.load import load; from ex4d.engines.options import AS_IS\n"
        f"make_together([Job(load({str(file)!r}), ('still',), Path({str(file.parent)!r}), AS_IS, False, False, {{}})])"
    )
    with subprocess.Popen([sys.executable, "-c", waiting], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline() == "at work\n"
        running.kill()
        running.communicate(timeout=10)  # its standard error is the worker's, and ends with the last of them


def test_workers_run_our_copy_whatever_lies_where_the_user_stands(
    file: Path, customized: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (customized.parent / "ex4d").mkdir()
    (customized.parent / "ex4d" / "__init__.py").write_text("raise ImportError('another copy')")
    (file.parent / "yaml.py").write_text("raise ImportError('from where the user stands')")
    customized.write_text("print('printed by a library')")
    monkeypatch.chdir(file.parent)
    heard = Heard()
    make_together([job(file, "still")], heard)
    assert heard.made == 1
    assert heard.said == ["printed by a library"]


def test_a_worker_that_cannot_begin_is_not_taken_for_one_without_memory(
    file: Path, customized: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (customized.parent / "pydantic.py").write_text("raise ImportError('pydantic is broken')")
    with pytest.raises(RuntimeError, match=r"worker for still could not begin.*\(exit code 1\)") as error:
        make_together([job(file, "still")])
    assert "memory" not in str(error.value)
    assert "pydantic is broken" in capfd.readouterr().err


def test_a_worker_is_told_all_and_takes_nothing_else(file: Path) -> None:
    stated = {"size": (64, 48), "prompt_embeds": file, "cache": 0.1, "devices": 2, "distilled": True}
    options = EngineOptions(stated, "cuda", "clean", "nvdiffrast", file.parent, (file,), file.parent / "previews", file)
    film = with_engine(load(file), "ex4d")
    given = Job(film, ("swing", "still"), file.parent / "out", options, True, True, {})
    assert read_job(given.written()) == given
    own = Job(load(file), ("swing",), Path("out"), AS_IS, False, False, {})
    assert read_job(own.written()) == own
    file.write_text(SHOTS.replace("20deg", "15deg"), encoding="utf-8")
    with pytest.raises(UserError, match="is not what it was when this run began"):
        read_job(own.written())


def test_what_is_to_be_made_with_weights_is_shared_out_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    jobs: list[Job] = []
    monkeypatch.setattr(crew, "make_together", lambda given, progress: jobs.extend(given))
    film = load(file)
    workspace = Workspace(file.parent / "out", film.output.file)
    engines = crew.Engines(EngineOptions({"devices": 2}))
    asked = {"force": True, "verify": False}
    made = crew.make_beforehand(film, setups(file, "ex4d"), workspace, engines, Heard(), **asked)
    assert made == {"still", "swing", "push"}
    assert [job.shots for job in jobs] == [("swing",), ("still", "push")]
    assert [job.options.devices for job in jobs] == [("cuda:0",), ("cuda:0",)]
    assert [job.environment["CUDA_VISIBLE_DEVICES"] for job in jobs] == ["0", "1"]
    assert crew.make_beforehand(film, setups(file, "mesh"), workspace, engines, Heard(), **asked) == frozenset()
