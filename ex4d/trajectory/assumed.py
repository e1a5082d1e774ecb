"""A shot's cameras as far as the shot file alone tells them: what it leaves open is assumed, and refuses nothing.

A limit that depends on something unknown is no fault of the file. So where a shot cannot be compiled for the likeliest
source, others are tried that the file leaves open too: longer and shorter ones, at other rates, through other lenses.
Only what no source that was tried allows is a fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.model import LensSpec, Nearest, Output, Shot, Source, Spline
from ex4d.trajectory.assumed_timings import Timing, counts_frames, is_open, likely_timings
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.cue import blaming, cues_of
from ex4d.trajectory.key_spline import key_times
from ex4d.trajectory.scenery import assumed_pivot, focal_px
from ex4d.trajectory.timing import clock_of

SIZE = (512, 512)
"""Pixels, width and height, of a source that was not opened: EX-4D's."""
LENSES_DEG = (54.0, 20.0, 100.0, 8.0, 130.0, 3.5, 147.0, 2.1)
"""Horizontal angles that a lens may have whose angle the file leaves open: the default, then across all there are."""
MOST_TRIED, MOST_TIMINGS = 400, 3
"""Timings of which those are sought that a shot fits in, and such as it is compiled for."""


def compile_assumed(shot: Shot, output: Output) -> CameraPath:
    """Compile a shot for the first source that allows it.

    Raises:
        TrajectoryError: No source does; what the likeliest one has against it.
    """
    lens = next(_lenses(shot.source, *(output.size or SIZE)))
    with suppress(TrajectoryError):  # the likeliest is allowed nearly always; what it has against a shot is asked below
        return compile_shot(shot, _scene(shot, output, next(likely_timings(shot, output)), lens))
    refused: TrajectoryError | None = None
    for scene in _scenes(shot, output):
        try:
            return compile_shot(shot, scene)
        except TrajectoryError as error:
            refused = refused or error
    assert refused is not None
    raise refused


def _scenes(shot: Shot, output: Output) -> Iterator[Scene]:
    """Yield what the source may be, the likeliest first; where no timing is sound, only the likeliest."""
    lenses = list(_lenses(shot.source, *(output.size or SIZE)))
    tried = islice(likely_timings(shot, output), MOST_TRIED // len(shot.parts))
    sound = (
        timing
        for index, timing in enumerate(tried)
        if _allows(_scene(shot, output, timing, lenses[0]), shot, likeliest=index == 0)
    )
    first = next(sound, None) or next(likely_timings(shot, output))
    for timing in chain([first], islice(sound, MOST_TIMINGS - 1)):
        for lens in lenses:
            yield _scene(shot, output, timing, lens)


def _scene(shot: Shot, output: Output, timing: Timing, lens: Pinhole) -> Scene:
    return Scene(
        lens,
        assumed_pivot(shot.source, lens),
        *timing,
        source_tilt=shot.source.tilt,
        source_roll=shot.source.roll,
        assumed=_assumptions(shot, output, timing, lens),
    )


def _lenses(source: Source, width: int, height: int) -> Iterator[Pinhole]:
    """Yield the stated lens; one that the media say, and pixels of an unknown width, may be of any angle."""
    if _states_angle(source):
        assert isinstance(source.lens, LensSpec)
        yield Pinhole(width, height, focal_px(source.lens, width), (0.5 * width, 0.5 * height))
        return
    for angle in LENSES_DEG:
        yield Pinhole.from_horizontal_angle(width, height, math.radians(angle))


def _states_angle(source: Source) -> bool:
    return isinstance(source.lens, LensSpec) and source.lens.kind != "px"


def _allows(scene: Scene, shot: Shot, *, likeliest: bool) -> bool:
    """Return whether a shot's parts, windows and key times fit into a source.

    Any window fits into a single frame: a source that leaves no more is none to judge by, unless it is the likeliest.
    """
    try:
        clock = clock_of(shot, scene)
        for cue in cues_of(shot.camera, clock):
            if isinstance(cue.move, Spline) and clock.frames > 1:
                with blaming(cue.item):
                    key_times(cue.move, cue.span, clock)
    except TrajectoryError:
        return False
    return clock.frames > 1 or likeliest or shot.frames == 1


def _assumptions(shot: Shot, output: Output, timing: Timing, lens: Pinhole) -> tuple[str, ...]:
    source = shot.source
    counted = source.fps is None and counts_frames(shot)
    found = {
        f"output size {SIZE[0]}x{SIZE[1]}": output.size is None,
        f"{timing.frame_rate} frames a second": output.fps is None and source.fps is None,
        f"{timing.source_rate} source frames a second": counted and bool(output.fps or len(set(timing[:2])) > 1),
        _lens_assumption(source, lens): not _states_angle(source),
        "a lens centered on the picture": source.center is not None,
        "a subject in the middle": isinstance(source.subject, Nearest),
        "how long the source is": is_open(shot),
        "that the source is long enough": True,
    }
    return tuple(words for words, assumed in found.items() if assumed)


def _lens_assumption(source: Source, lens: Pinhole) -> str:
    angle = math.degrees(lens.horizontal_angle)
    if not isinstance(source.lens, LensSpec):
        return f"lens {angle:.4g}deg"
    width = 2.0 * source.lens.value * math.tan(0.5 * lens.horizontal_angle)
    return f"a source {width:.0f} px wide, on which a lens of {source.lens.value:g}px sees {angle:.4g}deg"
