"""A shot's cameras as far as the shot file alone tells them: what it leaves open is assumed, and refuses nothing.

A limit that depends on something unknown is no fault of the file. So where a shot cannot be compiled for the likeliest
source, others are tried that the file leaves open too: longer and shorter ones, at other rates, through other lenses.
Only what no source that was tried allows is a fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, pairwise
from typing import NamedTuple

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.geometry.pinhole import Pinhole
from ex4d.shotlist.model import Clip, LensSpec, Nearest, Output, Position, Shot, Source, Spline, Window
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.cue import blaming, cues_of
from ex4d.trajectory.key_spline import key_times
from ex4d.trajectory.scenery import assumed_pivot, focal_px
from ex4d.trajectory.timing import clock_of

SIZE = (512, 512)
"""Pixels, width and height, of a source that was not opened: EX-4D's."""
RATES = tuple(map(Fraction, (24, 25, 30, 50, 60, 15, 12, 10, 5, 120, 240, 1000)))
"""Frames a second of a source that was not opened, the likeliest first."""
LENSES_DEG = (54.0, 20.0, 100.0, 8.0, 130.0, 3.5, 147.0, 2.1)
"""Horizontal angles that a lens may have whose angle the file leaves open: the default, then across all there are."""
LENGTH_OF_A_SOURCE, LENGTH_OF_A_REST = Fraction(10), Fraction(1)
"""Seconds that play of a source without a clip, and of a clip that runs to the end, if windows need no more."""
MOST_MOMENTS, MOST_TIMINGS = 12, 3
"""Moments of each unit that are compared to find lengths, and timings that are compiled, where a shot has more."""


class Timing(NamedTuple):
    """What a source may be in time: rates in frames a second, a length in seconds."""

    frame_rate: Fraction
    source_rate: Fraction
    duration: Fraction


def compile_assumed(shot: Shot, output: Output) -> CameraPath:
    """Compile a shot for the first source that allows it.

    Raises:
        TrajectoryError: No source does; what the likeliest one has against it.
    """
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
    sound = (timing for timing in _timings(shot, output) if _allows(_scene(shot, output, timing, lenses[0]), shot))
    timings = list(islice(sound, MOST_TIMINGS)) or [next(_timings(shot, output))]
    for timing in timings:
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


def _allows(scene: Scene, shot: Shot) -> bool:
    """Return whether a shot's clip, windows and key times fit into a source."""
    try:
        clock = clock_of(shot, scene)
        for cue in cues_of(shot.camera, clock):
            if isinstance(cue.move, Spline) and clock.frames > 1:
                with blaming(cue.item):
                    key_times(cue.move, cue.span, clock)
    except TrajectoryError:
        return False
    return True


def _timings(shot: Shot, output: Output) -> Iterator[Timing]:
    """Yield what is left open of rates and length, the likeliest first."""
    stated = output.fps or shot.source.fps
    for rate in [stated] if stated else RATES:
        open_ended = shot.clip is None or shot.clip.end is None
        known = shot.source.fps or (rate if open_ended or not output.fps else None)
        for source_rate in [known] if known else (rate, *RATES):
            for duration in _durations(shot, rate, source_rate):
                yield Timing(rate, source_rate, duration)


def _durations(shot: Shot, rate: Fraction, source_rate: Fraction) -> Iterator[Fraction]:
    """Yield how long the source may be: as long as the clip, or where that is open as long as its windows ask for."""
    start = _clip_seconds(shot.clip.start, source_rate) if shot.clip else Fraction(0)
    if shot.clip is not None and shot.clip.end is not None:
        yield max(start, _clip_seconds(shot.clip.end, source_rate))
        return
    for length in _lengths(shot, rate):
        yield start + length


def _lengths(shot: Shot, rate: Fraction) -> Iterator[Fraction]:
    """Yield lengths of a shot, in seconds, one for each order in which its moments can come."""
    moments = list(_moments(shot))
    fixed = {moment.value / (rate if moment.unit == "f" else 1) for moment in moments if moment.unit != "%"}
    shares = {moment.value / 100 for moment in moments if moment.unit == "%" and moment.value}
    yield max(LENGTH_OF_A_SOURCE if shot.clip is None else LENGTH_OF_A_REST, *fixed, Fraction(0))
    fixed, shares = set(sorted(fixed)[-MOST_MOMENTS:]), set(sorted(shares)[:MOST_MOMENTS])
    meeting = sorted({moment / share for moment in fixed for share in {*shares, Fraction(1)} if moment})
    yield from ((earlier + later) / 2 for earlier, later in pairwise(meeting))
    yield from (meeting[-1] + 1, *meeting) if meeting else ()


def _moments(shot: Shot) -> Iterator[Position]:
    for item in shot.camera:
        window: Window | None = item.at
        while window is not None:
            yield from (window.start, window.end)
            window = window.within
        if isinstance(item.move, Spline):
            yield from (key.at for key in item.move.keys if key.at is not None)


def _clip_seconds(position: Position, source_rate: Fraction) -> Fraction:
    return position.value / source_rate if position.unit == "f" else Fraction(position.value)


def _assumptions(shot: Shot, output: Output, timing: Timing, lens: Pinhole) -> tuple[str, ...]:
    source, clip = shot.source, shot.clip
    found = {
        f"output size {SIZE[0]}x{SIZE[1]}": output.size is None,
        f"{timing.frame_rate} frames a second": output.fps is None and source.fps is None,
        f"{timing.source_rate} source frames a second": bool(output.fps) and source.fps is None and _in_frames(clip),
        _lens_assumption(source, lens): not _states_angle(source),
        "a lens centered on the picture": source.center is not None,
        "a subject in the middle": isinstance(source.subject, Nearest),
        "how long the source is": clip is None or clip.end is None,
        "that the source is long enough": True,
    }
    return tuple(words for words, assumed in found.items() if assumed)


def _in_frames(clip: Clip | None) -> bool:
    return clip is not None and any(end is not None and end.unit == "f" for end in (clip.start, clip.end))


def _lens_assumption(source: Source, lens: Pinhole) -> str:
    angle = math.degrees(lens.horizontal_angle)
    if not isinstance(source.lens, LensSpec):
        return f"lens {angle:.4g}deg"
    width = 2.0 * source.lens.value * math.tan(0.5 * lens.horizontal_angle)
    return f"a source {width:.0f} px wide, on which a lens of {source.lens.value:g}px sees {angle:.4g}deg"
