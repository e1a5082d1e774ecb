"""What a shot list will be: its media read, its shots compiled, a few frames of each drawn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ex4d.edit.sequence import Segment, edit_length
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.errors import ReconstructionError
from ex4d.guide import GuideRecipe, draw_guide
from ex4d.kernels import announce_compiling
from ex4d.preflight.expectation import SECONDS_TO_OPEN, Expectation, expected_of
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.subject import measure_subject
from ex4d.render.choice import open_rasterizer
from ex4d.render.coverage import Coverage, coverage_of, worst_frame
from ex4d.render.rasterizer import Rasterizer
from ex4d.setups import Setup, cut, set_up_all, with_engine
from ex4d.shotlist.load import load
from ex4d.shotlist.model import ImagePoint, ShotList, SubjectDepth
from ex4d.trajectory.warnings import PathFigures, figures_of, warnings_of

SAMPLED_FRAMES = 9
"""Frames of a shot that a plan draws: enough to find the worst to within an eighth of the shot."""
FINISHING_FACTOR = 2.5
"""Time to make a frame of the film over the time to draw its guide: completing and encoding; tests/bench/bench_shoot.py
measures it."""
MOSTLY_UNCOVERED = 0.6
"""Share of a frame above which little of it is the source's."""
SUBJECT_MOVES = 0.1
"""Relative change of the depth at the subject that is worth a warning."""


@dataclass(frozen=True)
class ShotPlan:
    """What one shot will be."""

    setup: Setup
    figures: PathFigures
    coverage: dict[int, Coverage]
    """Of the frames that were drawn, what the source never shows of them."""
    seconds: float
    """Time to expect for all of the shot but an engine with weights, on this machine as busy as it is now."""
    warnings: tuple[str, ...]
    expected: Expectation | None = None
    """Of an engine with weights."""

    @property
    def worst_frame(self) -> int:
        """The drawn frame with most uncovered."""
        return worst_frame(self.coverage)


@dataclass(frozen=True)
class Plan:
    """What a shot list will be."""

    film: ShotList
    shots: tuple[ShotPlan, ...]
    segments: tuple[Segment, ...]

    @property
    def frames(self) -> int:
        """Frames of the edit."""
        return edit_length(self.segments)

    @property
    def seconds(self) -> float:
        """Time to expect for all of it but engines with weights."""
        return sum(shot.seconds for shot in self.shots)

    @property
    def engine_seconds(self) -> float | None:
        """Time to expect of engines with weights; None where there is no such work, or none like it was measured."""
        parts = [shot.expected.seconds for shot in self.shots if shot.expected]
        known = [part for part in parts if part is not None]
        return sum(known) + SECONDS_TO_OPEN if known and len(known) == len(parts) else None


def plan(file: Path, progress: Progress = SILENT, *, engine: str | None = None, options: EngineOptions = AS_IS) -> Plan:
    """Read the media, compile every shot, and draw a few frames of each.

    Raises:
        UserError: whatever ``shoot`` would refuse.
        MissingPart: depth is missing; what an engine lacks is told, not raised.
    """
    film = load(file) if engine is None else with_engine(load(file), engine)
    announce_compiling(progress)
    setups = set_up_all(film.shots, film.output, options=options, progress=progress)
    segments = cut(setups)
    rasterizer = open_rasterizer(options.rasterizer, progress)
    return Plan(film, tuple(_plan_shot(setup, rasterizer, progress, options) for setup in setups), segments)


def _plan_shot(setup: Setup, rasterizer: Rasterizer, progress: Progress, options: EngineOptions) -> ShotPlan:
    sampled = sampled_frames(setup.frame_count)
    progress.begin(setup.shot.name, len(sampled))
    coverage, durations, before = {}, [], time.perf_counter()
    recipe = setup.engine.engine.recipe(options)
    guide = draw_guide(setup.footage, setup.path, rasterizer, recipe, sampled)
    for index, frame in zip(sampled, guide, strict=True):
        coverage[index] = coverage_of(frame.visible)
        durations.append(time.perf_counter() - before)
        before = time.perf_counter()
        progress.advance()
    # The median leaves out the first frame, which may have had to compile the kernels.
    seconds = statistics.median(durations) * setup.frame_count * FINISHING_FACTOR
    of_cover = tuple(_warnings_of_border(setup, recipe)) or tuple(_warnings_of_cover(coverage))
    of_lens = setup.footage.source_lens.doubts
    warnings = (*of_lens, *warnings_of(setup.path), *of_cover, *_warnings_of_subject(setup, sampled))
    expected = expected_of(setup.engine, setup.frame_count, options)
    return ShotPlan(setup, figures_of(setup.path), coverage, seconds, warnings, expected)


def _warnings_of_border(setup: Setup, recipe: GuideRecipe) -> Iterator[str]:
    """Warn where the mesh's border lies before much of the scene, as the released code's may: its back hides that."""
    border, middle = recipe.profile_of(setup.footage).border_depth, setup.footage.depth.statistics.median
    if border is not None and border < middle:
        yield (
            f"half of the source or more lies beyond {border:.4g}, where the guide's border is, and is hidden by it: "
            "the nearest point is far too near, perhaps a speck in the depth; --guide clean has no such border"
        )


def _warnings_of_cover(coverage: Mapping[int, Coverage]) -> Iterator[str]:
    worst = worst_frame(coverage)
    if (share := coverage[worst].uncovered) > MOSTLY_UNCOVERED:
        yield f"frame {worst} is {share:.0%} uncovered: the camera hardly sees what was filmed; move it less"


def _warnings_of_subject(setup: Setup, sampled: Sequence[int]) -> Iterator[str]:
    """Warn where what stands at the subject's place comes nearer or goes away: the pivot does not follow it."""
    scene, subject = setup.path.scene, setup.shot.source.subject
    if isinstance(subject, SubjectDepth):
        return
    x, y = scene.lens.project(np.array(scene.pivot))
    place = ImagePoint(x=float(x) / scene.lens.width, y=float(y) / scene.lens.height)
    for index in sampled:
        depth, known = setup.footage.depth_in_view(setup.path.source_time[index])
        try:
            _, distance = measure_subject(depth, known, scene.lens, place)
        except ReconstructionError:  # nothing is known there just then: nothing to compare
            continue
        change = distance / setup.footage.subject_distance - 1
        if abs(change) > SUBJECT_MOVES:
            yield f"at frame {index} the depth at the subject has changed by {change:+.0%}; moves stay about the first"
            return


def sampled_frames(count: int) -> list[int]:
    """Return which frames of a shot to draw: evenly spread, the first and the last among them."""
    return sorted({round(k * (count - 1) / (SAMPLED_FRAMES - 1)) for k in range(SAMPLED_FRAMES)})
