"""What plays: which moment of the source each frame of a shot shows, and where the source's sound goes with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from ex4d.artifacts.camera_path import CrossFade
from ex4d.artifacts.scene import Scene
from ex4d.errors import TrajectoryError
from ex4d.shotlist.model import Shot
from ex4d.shotlist.timing import MAX_FRAMES
from ex4d.trajectory.source_frames import Phase, SourceFrames
from ex4d.trajectory.stretches import Run, Stretch, shown_seconds, stretches_of

Fades = Sequence[CrossFade | None]


@dataclass(frozen=True)
class Sounding:
    """A stretch in which the source plays as it was filmed, forwards at speed 1, so that its sound goes with it."""

    start: Fraction
    """Seconds of the shot."""
    source: Fraction
    """Seconds of the source that are heard then."""
    duration: Fraction
    """Seconds, > 0."""


@dataclass(frozen=True)
class Playback:
    """What a shot plays of its source."""

    source: SourceFrames
    stretches: tuple[Stretch, ...]
    """Its parts, in order."""
    frame_rate: Fraction
    """Of the film, frames a second."""
    there: int
    """Frames of all parts, before they play backwards."""
    frames: int
    """Frames of the shot; those after ``there`` show the same backwards, without the one at which it turns."""
    duration: Fraction
    """Seconds of the shot; its frames last within half a frame of it."""
    blend: bool

    def shown(self) -> tuple[tuple[Fraction, ...], tuple[CrossFade | None, ...]]:
        """Return the moment of the source that each frame shows, seconds, and what is cross-faded with it.

        A stretch that plays forwards shows the very moments that it passes. One that plays backwards shows what was on
        screen just before them, so that it is the other's mirror image; its moments are when those frames begin. There
        are no cross-fades where no frame has any.
        """
        moments, fades = self._there(min(self.there, self.frames))
        back = [2 * (self.there - 1) - frame for frame in range(self.there, self.frames)]
        moments += [moments[frame] for frame in back]
        fades += [fades[frame] for frame in back]
        return tuple(moments), tuple(fades) if any(fades) else ()

    def first(self) -> Fraction:
        """Return the moment of the source that the first frame shows, seconds."""
        return self._there(1)[0][0]

    def sounding(self) -> tuple[Sounding, ...]:
        """Return where the source's sound goes with the picture; nothing sounds on the way back."""
        end = min(self.there, self.frames) / self.frame_rate
        plain = [stretch for stretch in self.stretches if isinstance(stretch, Run) and stretch.plain]
        return tuple(
            Sounding(run.start, run.begin, min(run.duration, end - run.start)) for run in plain if run.start < end
        )

    def _there(self, count: int) -> tuple[list[Fraction], list[CrossFade | None]]:
        moments: list[Fraction] = []
        fades: list[CrossFade | None] = []
        for stretch in self.stretches:
            if len(moments) >= count:
                break
            end = math.ceil((stretch.start + stretch.duration) * self.frame_rate)
            frames = range(len(moments), min(count, end))
            if isinstance(stretch, Run):
                run, mixed = self._run(stretch, frames)
                moments += run
                fades += mixed
            elif stretch.moment is None:
                moments += moments[-1:] * len(frames)
                fades += fades[-1:] * len(frames)
            else:
                moments += [stretch.moment] * len(frames)
                fades += [None] * len(frames)
        return moments, fades

    def _run(self, run: Run, frames: range) -> tuple[list[Fraction], Fades]:
        numerators, denominator = run.moments(frames, self.frame_rate)
        found = self.source.on_screen_before if run.backwards else self.source.on_screen
        phases = found(numerators, denominator) if run.backwards or self.blend else []
        fades = self._fades(run, phases) if self.blend else [None] * len(frames)
        if run.backwards:
            return self.source.times_of([frame for frame, *_ in phases]), fades
        return [Fraction(numerator, denominator) for numerator in numerators], fades

    def _fades(self, run: Run, phases: Sequence[Phase]) -> Fades:
        """Return how far each frame is on its way to the next one of the range, in the direction in which it plays."""
        way, final = -1 if run.backwards else 1, self._final(run)
        following = self.source.times_of([frame if frame == final else frame + way for frame, *_ in phases])
        return [
            None if passed == 0 or frame == final else CrossFade(time, Fraction(passed, whole))
            for (frame, passed, whole), time in zip(phases, following, strict=True)
        ]

    def _final(self, run: Run) -> int:
        """Return the last frame of the source that a range shows, in the direction in which it plays."""
        found = self.source.on_screen if run.backwards else self.source.on_screen_before
        return found([run.end.numerator], run.end.denominator)[0][0]


def playback_of(shot: Shot, scene: Scene) -> Playback:
    """Place what plays in a shot: N = floor(L x rate + 1/2) frames, before ``boomerang`` and ``frames``.

    Raises:
        TrajectoryError: A part leaves the source or is empty, or there are no frames, more than MAX_FRAMES, or fewer
            than ``frames`` asks for.
    """
    source = SourceFrames.of(scene)
    stretches = stretches_of(shot, source)
    length = stretches[-1].start + stretches[-1].duration
    there = math.floor(length * scene.frame_rate + Fraction(1, 2))
    frames = _frames(shot, there, f"{shown_seconds(length)} at {scene.frame_rate} frames a second")
    cut = shot.boomerang or shot.frames is not None
    duration = frames / scene.frame_rate if cut else length
    return Playback(source, stretches, scene.frame_rate, there, frames, duration, shot.blend)


def sounding(shot: Shot, scene: Scene) -> tuple[Sounding, ...]:
    """Return where the source's sound goes with a shot's picture, in order; raises as :func:`playback_of`."""
    return playback_of(shot, scene).sounding()


def _frames(shot: Shot, there: int, length: str) -> int:
    """Return how many frames a shot has, of whose parts there are ``there``."""
    whole, these = ("clip", "its clip") if shot.time is None else ("time", "its parts")
    if there < 1:
        raise TrajectoryError(f"shot {shot.name!r}: {length} is less than one frame; lengthen {these}", part=whole)
    available = 2 * there - 1 if shot.boomerang else there
    both_ways = ", there and back," if shot.boomerang else ""
    counted = f"shot {shot.name!r}: {length}{both_ways} is {available} frames"
    if shot.frames is not None and shot.frames > available:
        raise TrajectoryError(
            f"{counted}, and frames asks for {shot.frames}; ask for fewer, or play more", part="frames"
        )
    if shot.frames is None and available > MAX_FRAMES:
        raise TrajectoryError(f"{counted}, and a shot may have {MAX_FRAMES}; shorten {these}", part=whole)
    return available if shot.frames is None else shot.frames
