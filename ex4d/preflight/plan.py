"""What a shot list will be: its media read, its shots compiled, every frame looked at small, a few drawn in full."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ex4d.edit.sequence import Segment, edit_length
from ex4d.engines.choice import require_adapter
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.guide import GuideRecipe, draw_guide
from ex4d.kernels import announce_compiling
from ex4d.preflight.coverage_scan import Scan, scan_shot
from ex4d.preflight.expectation import SECONDS_TO_OPEN, Expectation, expected_of
from ex4d.preflight.overscan import OverscanAdvice, advise
from ex4d.preflight.remarks import remarks_of
from ex4d.preflight.small_view import SmallView
from ex4d.progress import SILENT, Progress
from ex4d.render.choice import open_rasterizer
from ex4d.render.coverage import Coverage, coverage_of, worst_frame
from ex4d.render.rasterizer import Rasterizer
from ex4d.setups import Setup, cut, set_up_all, with_engine
from ex4d.shotlist.load import load
from ex4d.shotlist.model import Output, ShotList
from ex4d.sync_sound import SyncSound, sync_sound_of
from ex4d.trajectory.figures import PathFigures, figures_of
from ex4d.trajectory.warnings import Remark

FINISHING_FACTOR = 2.5
"""Time to make a frame of the film over the time to draw its guide: completing and encoding; tests/bench/bench_shoot.py
measures it."""


@dataclass(frozen=True)
class ShotPlan:
    """What one shot will be."""

    setup: Setup
    figures: PathFigures
    scan: Scan
    """Of its frames, rendered small: as many as show which is the worst."""
    coverage: Mapping[int, Coverage]
    """Of the frames that were drawn in full size, the worst among them, what the source never shows of them."""
    seconds: float
    """Time to expect for all of the shot but an engine with weights, on this machine as busy as it is now."""
    remarks: tuple[Remark, ...]
    """What the user should know, the heaviest first."""
    overscan: OverscanAdvice | None = None
    """None where another overscan would gain nothing."""
    expected: Expectation | None = None
    """Of an engine with weights."""

    @property
    def worst_frame(self) -> int:
        """The drawn frame with most uncovered."""
        return worst_frame(self.coverage)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The remarks in words."""
        return tuple(map(str, self.remarks))


@dataclass(frozen=True)
class Plan:
    """What a shot list will be."""

    film: ShotList
    shots: tuple[ShotPlan, ...]
    segments: tuple[Segment, ...]
    sound: SyncSound | None = None
    """What will be heard; None where the shot list keeps no sound."""

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
    """Read the media, compile every shot, look at all of its frames small, and draw the worst in full size.

    Raises:
        UserError: whatever ``shoot`` would refuse.
        MissingPart: depth is missing; what an engine lacks is told, not raised.
    """
    film = load(file) if engine is None else with_engine(load(file), engine)
    announce_compiling(progress)
    setups = set_up_all(film.shots, film.output, options=options, progress=progress)
    require_adapter((setup.engine for setup in setups), options)
    segments = cut(setups, film.end)
    sound = sync_sound_of(setups) if film.audio == "source" else None
    rasterizer = open_rasterizer(options.rasterizer, progress)
    shots = tuple(_plan_shot(setup, film.output, rasterizer, progress, options) for setup in setups)
    return Plan(film, shots, segments, sound)


def _plan_shot(
    setup: Setup, output: Output, rasterizer: Rasterizer, progress: Progress, options: EngineOptions
) -> ShotPlan:
    recipe = setup.engine.engine.recipe(options)
    view = SmallView.of(setup, float(output.overscan), recipe, rasterizer)
    scan = scan_shot(setup, view, progress=progress)
    coverage, seconds = _drawn(setup, drawn_frames(setup.frame_count, scan.worst.index), recipe, rasterizer)
    expected = expected_of(setup.engine, setup.frame_count, options)
    worst = worst_frame(coverage)
    remarks = remarks_of(setup, scan, (worst, coverage[worst]), recipe, expected)
    overscan = advise(setup, output, scan, recipe, rasterizer)
    figures = figures_of(setup.path)
    seconds *= setup.frame_count * FINISHING_FACTOR
    return ShotPlan(setup, figures, scan, coverage, seconds, remarks, overscan, expected)


def _drawn(
    setup: Setup, frames: list[int], recipe: GuideRecipe, rasterizer: Rasterizer
) -> tuple[dict[int, Coverage], float]:
    """Draw frames as the guide will have them; return their coverage, and the seconds of the last that follows one."""
    coverage, seconds, before, last = {}, math.inf, time.perf_counter(), -1
    bare = replace(recipe, background=False)  # gathering it takes longer than all the rest, and covers nothing
    for index, frame in zip(frames, draw_guide(setup.footage, setup.path, rasterizer, bare, frames), strict=True):
        coverage[index] = coverage_of(frame.visible)
        if index == last + 1:  # else the time is that of reading up to it, too
            seconds = time.perf_counter() - before
        before, last = time.perf_counter(), index
    return coverage, seconds


def drawn_frames(count: int, worst: int) -> list[int]:
    """Return which frames to draw in full size: the first, the middle one, the last, and the worst seen in small.

    Of the worst the one before it, too, so that the time from one to the next can be taken.
    """
    return sorted({0, (count - 1) // 2, count - 1, worst, max(0, worst - 1)})
