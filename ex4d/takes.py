"""One shot's take: its guide and its result, made if they are not there yet, and the manifest that says from what."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.artifacts.video import Frame, Video
from ex4d.engines.registry import windows_in_words
from ex4d.engines.run import Engines
from ex4d.errors import MediaError
from ex4d.guide import GuideRecipe, draw_guide
from ex4d.manifest import manifest_of, package_versions
from ex4d.media.writing import H264Writer
from ex4d.progress import Progress
from ex4d.render.coverage import Coverage, coverage_of
from ex4d.render.rasterizer import Rasterizer
from ex4d.setups import Setup
from ex4d.shotlist.model import DepthFile
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.trajectory.exchange import ex4d_json
from ex4d.workspace import MANIFEST, Stage, code_hash, content_hash, key_of, stage, write_manifest, write_text


@dataclass(frozen=True)
class Take:
    """A finished shot."""

    setup: Setup
    folder: Path
    result: Video
    coverage: tuple[Coverage, ...]
    """Of each frame, how much of it the source never showed, and where."""
    kept: bool
    """True where everything was there from an earlier run."""

    @property
    def uncovered(self) -> tuple[float, ...]:
        """Of each frame, the share of its pixels that the source never showed."""
        return tuple(frame.uncovered for frame in self.coverage)

    @property
    def movie(self) -> Path:
        """The shot alone as an MP4, to look at."""
        return self.folder / f"{self.setup.shot.name}.mp4"


def make_take(
    setup: Setup, folder: Path, engines: Engines, progress: Progress, *, force: bool = False, verify: bool = False
) -> Take:
    """Make a shot's guide and result; keep what an earlier run made of the same ingredients, and what it said of it."""
    guide_key, result_keys = _keys(setup, engines, verify=verify)
    guide, result = _stages(setup, folder)
    kept = guide.made(guide_key) and any(map(result.made, result_keys)) and not force
    if not kept:
        if force or not guide.made(guide_key):
            rasterizer = engines.rasterizer()  # which may be missing: before an earlier guide is given up
            guide.make(guide_key, lambda: _make_guide(setup, engines, rasterizer, folder, progress))
        keys = {"guide": guide_key, "result": result_keys[0]}
        frames = _begun(_completed(setup, GuideVideo.load(folder / "guide"), engines, progress))
        result.make(keys["result"], lambda: _make_result(setup, folder, frames, engines, keys))
    coverage = _coverage(folder / "uncovered.json", setup.frame_count)
    return Take(setup, folder, Video.load(folder / "result"), coverage, kept)


def is_made(setup: Setup, folder: Path, engines: Engines, *, verify: bool = False) -> bool:
    """Tell whether an earlier run made a shot of the same ingredients."""
    guide_key, result_keys = _keys(setup, engines, verify=verify)
    guide, result = _stages(setup, folder)
    return guide.made(guide_key) and any(map(result.made, result_keys))


def _stages(setup: Setup, folder: Path) -> tuple[Stage, Stage]:
    movie = f"{setup.shot.name}.mp4"
    return stage(folder, "guide", "uncovered.json", "cameras.json"), stage(folder, "result", movie, MANIFEST)


def _keys(setup: Setup, engines: Engines, *, verify: bool) -> tuple[str, tuple[str, ...]]:
    """Return what the guide is known by, and the result: by each way to it, first this process's own."""
    engine = setup.engine.engine
    recipe = engine.recipe(engines.options)
    drawn = {**_ingredients(setup, recipe, verify=verify), **recipe.ingredients()}
    guide_key = key_of({"stage": "guide", **drawn})
    made_by = engines.ingredients(engine, setup.shot.synthesis)
    ways = engines.ways(engine)
    return guide_key, tuple(key_of({"stage": "result", "guide": guide_key, **made_by, "way": way}) for way in ways)


def _coverage(file: Path, frame_count: int) -> tuple[Coverage, ...]:
    try:
        frames = tuple(map(Coverage.from_json, json.loads(file.read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError, KeyError) as cause:
        raise MediaError(f"{file} is damaged ({cause}); delete {file.parent}, and it is made again") from cause
    if len(frames) != frame_count:
        raise MediaError(f"{file} is of another shot; delete {file.parent}, and it is made again")
    return frames


def _make_guide(setup: Setup, engines: Engines, rasterizer: Rasterizer, folder: Path, progress: Progress) -> None:
    """Draw the guide into its folder; note how much of each frame is uncovered, and where, and what its cameras are."""
    progress.begin(f"{setup.shot.name}: guide", setup.frame_count)
    coverage, recipe = [], setup.engine.engine.recipe(engines.options)
    with GuideVideo.writer(folder / "guide", setup.path, setup.path.scene.lens, background=recipe.background) as write:
        for frame in draw_guide(setup.footage, setup.path, rasterizer, recipe):
            write(frame)
            coverage.append(coverage_of(frame.visible).as_json())
            progress.advance()
    write_text(folder / "uncovered.json", json.dumps(coverage))
    ex4d_json.write(setup.path, folder / "cameras.json")


def _begun(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Return frames of which the first is there: an engine that cannot work costs no take that an earlier run made."""
    return chain([next(frames)], frames)


def _make_result(
    setup: Setup, folder: Path, frames: Iterator[Frame], engines: Engines, keys: Mapping[str, str]
) -> None:  # fmt: skip
    """Write the completed frames to the result's folder, once more as a movie to look at, and say how."""
    size, rate = GuideVideo.load(folder / "guide").size, setup.path.frame_rate
    movie = H264Writer(folder / f"{setup.shot.name}.mp4", size, rate)
    with movie, Video.writer(folder / "result", size, rate) as write:
        for frame in frames:
            boxed = setup.footage.fit.letterbox(frame)
            write(boxed)
            movie.write(boxed)
    coverage = _coverage(folder / "uncovered.json", setup.frame_count)
    write_manifest(folder, manifest_of(setup, coverage, keys, engines.options))


def _completed(setup: Setup, guide: GuideVideo, engines: Engines, progress: Progress) -> Iterator[Frame]:
    """Yield the engine's frames; one that works window by window reports its own steps, others are counted here."""
    engine, written = setup.engine.engine, setup.shot.synthesis
    request = SynthesisRequest(written.prompt, written.seed, written.erode, setup.shot.name)
    synthesizer = engines.opened(engine)
    if windows := engine.windows(guide.frame_count, engines.options):
        progress.say(f"{setup.shot.name}: {engine.name}, {guide.frame_count} frames in {windows_in_words(windows)}")
        yield from synthesizer.synthesize(guide, request)
        return
    progress.begin(f"{setup.shot.name}: {engine.name}", guide.frame_count)
    for frame in synthesizer.synthesize(guide, request):
        yield frame
        progress.advance()


def _ingredients(setup: Setup, recipe: GuideRecipe, *, verify: bool) -> dict[str, Any]:
    """Return everything that goes into a guide, by content."""
    footage, path = setup.footage, setup.path
    return {
        "source": content_hash(footage.clip.path, verify=verify),
        "depth": _depth_ingredients(setup, verify=verify),
        "frame_times": footage.clip.frame_times,
        "fit": footage.fit,
        "grid_lens": footage.grid_lens,
        "scene": path.scene,
        "cameras": [path.world_from_camera.tobytes().hex(), path.lens_factor.tobytes().hex()],
        "times": path.source_time,
        "cross_fades": path.cross_fades,
        "code": code_hash(
            "geometry",
            "media",
            "artifacts",
            "reconstruction",
            "render",
            "footage.py",
            "backdrop.py",
            "guide.py",
            "synthesis/mesh_engine.py",
            "synthesis/compositing.py",
            "trajectory/exchange/ex4d_json.py",
        ),
        "packages": package_versions(recipe.rasterizer),
    }


def _depth_ingredients(setup: Setup, *, verify: bool) -> list[Any]:
    estimated, depth = setup.footage.estimated, setup.shot.source.depth
    refinement = setup.footage.refinement
    if estimated is not None:
        return [estimated.key, refinement]
    assert isinstance(depth, DepthFile)
    return [refinement, content_hash(depth.file, verify=verify), depth.unit, depth.unknown]
