"""A film by an engine with weights, tiny but real: opened once, asked only for what has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.artifacts.mesh_profile import PROFILES
from ex4d.engines.options import EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.errors import SynthesisError
from ex4d.media.probe import probe
from ex4d.models import WAN
from ex4d.progress import Progress
from ex4d.synthesis.synthesizer import SynthesisRequest, Synthesizer
from ex4d.takes import Take
from tests.production.shooting import shot_in
from tests.small_engines import ON_CPU
from tests.tiny_film import SHOTS

EX4D = SHOTS.replace("engine: mesh, seed: 3", "engine: ex4d, seed: 3, erode: 2")


@pytest.fixture
def small(tiny_models: Path) -> EngineOptions:
    return replace(ON_CPU, models=tiny_models)


class Counted:
    """Counts what an engine is opened for and asked to complete."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened, self.completed = 0, 0
        engine, count = ENGINES["ex4d"], self

        def opened(options: EngineOptions, progress: Progress) -> Synthesizer:
            self.opened += 1
            synthesizer = engine.open(options, progress)

            class Counting:
                def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
                    count.completed += 1
                    return synthesizer.synthesize(guide, request)

            return Counting()

        monkeypatch.setitem(ENGINES, "ex4d", replace(engine, open=opened))


def test_ex4d_makes_a_film_is_opened_once_and_not_at_all_where_all_is_kept(
    file: Path, small: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EX4D, encoding="utf-8")
    counted = Counted(monkeypatch)
    made = shot_in(file, options=small)
    assert (counted.opened, counted.completed) == (1, 3)
    assert probe(made.workspace.edit).frame_count == 21
    assert all(take.result.size == (64, 48) for take in made.takes)
    first = next(iter(GuideVideo.load(made.takes[1].folder / "guide").frames()))
    assert first.visible.all()
    assert first.background is None
    again = shot_in(file, options=small)
    assert [take.kept for take in again.takes] == [True] * 3
    assert (counted.opened, counted.completed) == (1, 3)


def test_what_the_engine_is_asked_remakes_results_and_no_guide(
    file: Path, small: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EX4D, encoding="utf-8")
    shot_in(file, options=small, only=["push"])
    guide = file.parent / "out" / "tiny.takes" / "push" / "guide" / "colour.mkv"
    before = guide.stat().st_mtime_ns
    counted = Counted(monkeypatch)
    file.write_text(EX4D.replace("seed: 3", "seed: 4"), encoding="utf-8")
    assert [take.kept for take in shot_in(file, options=small, only=["push"]).takes] == [False]
    assert counted.completed == 1
    assert guide.stat().st_mtime_ns == before
    shot_in(file, options=replace(small, guide="clean"), only=["push"])
    assert guide.stat().st_mtime_ns > before


def test_a_film_by_an_adapter_of_ones_own_is_remade_where_that_changes(
    file: Path, small: EngineOptions, tiny_models: Path, tmp_path: Path
) -> None:
    """EX-4D's own need not be there."""
    import torch

    from tests.synthesis.wan.tiny_wan import adapter_tensors

    file.write_text(EX4D, encoding="utf-8")
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / WAN.name).symlink_to(tiny_models / WAN.name)
    mine = tmp_path / "mine.ckpt"

    def take(factor: float) -> Take:
        torch.save({name: factor * one for name, one in adapter_tensors().items()}, mine)
        options = replace(small, models=tmp_path / "alone", adapter=mine)
        return shot_in(file, options=options, only=["push"]).takes[0]

    def frames(made: Take) -> np.ndarray:
        return np.stack(list(made.result.frames()))

    usual = frames(shot_in(file, options=small, only=["push"]).takes[0])
    own = take(1.0)
    assert not own.kept
    np.testing.assert_array_equal(frames(own), usual)
    said = json.loads((own.folder / "manifest.json").read_text())["engine"]
    assert said["adapter"]["sha256"] == sha256(mine.read_bytes()).hexdigest()
    assert [weights["name"] for weights in said["weights"]] == [WAN.name]
    other = take(3.0)
    assert not other.kept
    assert (frames(other) != usual).any()
    assert take(3.0).kept


def test_the_manifest_tells_all_of_an_engine_with_weights(file: Path, small: EngineOptions) -> None:
    file.write_text(EX4D, encoding="utf-8")
    take = shot_in(file, options=small, only=["swing"]).takes[0]
    said = json.loads((take.folder / "manifest.json").read_text())["engine"]
    assert (said["written"], said["used"], said["seed"], said["erode"]) == ("ex4d", "ex4d", 3, 2)
    assert said["guide"]["profile"] == asdict(PROFILES["reference"])
    assert [said["guide"][key] for key in ("background", "renders_unmoved", "whole_first_frame")] == [False, True, True]
    assert said["device"] == ["cpu"]
    assert said["settings"]["size"] == [48, 32]
    assert said["windows"][-1][1] == 12
    assert {"name": "ex4d", "licence": "not known", "commercial": "unclear"} in said["weights"]


def test_an_engine_that_stops_in_the_middle_leaves_nothing_half_made(
    file: Path, small: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EX4D, encoding="utf-8")

    class Stopped:
        def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
            yield next(iter(guide.frames())).colour
            raise SynthesisError("window 1, step 3 of 25: the latents are not finite numbers any more")

    monkeypatch.setitem(ENGINES, "ex4d", replace(ENGINES["ex4d"], open=lambda options, progress: Stopped()))
    with pytest.raises(SynthesisError, match="step 3"):
        shot_in(file, options=small)
    take = file.parent / "out" / "tiny.takes" / "still"
    assert sorted(path.name for path in take.iterdir()) == ["cameras.json", "guide", "guide.key", "uncovered.json"]


def test_an_engine_that_cannot_begin_costs_no_take_of_an_earlier_run(
    file: Path, small: EngineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(EX4D, encoding="utf-8")
    (take,) = shot_in(file, options=small, only=["push"]).takes
    said = (take.folder / "manifest.json").read_bytes()

    class Refusing:
        def synthesize(self, guide: GuideVideo, request: SynthesisRequest) -> Iterator[np.ndarray]:
            raise SynthesisError("step 1 of 25: the latents are not finite numbers any more")
            yield

    with monkeypatch.context() as patch:
        patch.setitem(ENGINES, "ex4d", replace(ENGINES["ex4d"], open=lambda options, progress: Refusing()))
        file.write_text(EX4D.replace("seed: 3", "seed: 4"), encoding="utf-8")
        with pytest.raises(SynthesisError, match="not finite"):
            shot_in(file, options=small, only=["push"])

    file.write_text(EX4D, encoding="utf-8")
    (again,) = shot_in(file, options=small, only=["push"]).takes
    assert again.kept
    assert (again.folder / "manifest.json").read_bytes() == said
