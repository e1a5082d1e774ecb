"""A move on the shot's own clock: which, when, and how it eases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Float64
from ex4d.errors import TrajectoryError
from ex4d.geometry import easing
from ex4d.shotlist.base_moves import MoveRecord
from ex4d.shotlist.camera import BASES
from ex4d.shotlist.model import CameraItem, Ease
from ex4d.trajectory.timing import Clock, Span, span_of

SMOOTH, LINEAR = Ease(kind="smooth"), Ease(kind="linear")


@dataclass(frozen=True)
class Cue:
    """One move with its window in frames."""

    move: MoveRecord
    span: Span
    ease: Ease
    item: int = 0
    """Which item of the camera it is, for errors; nothing else may depend on it."""

    def progress(self, frames: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
        """Return eased progress: 0 up to the window's start, 1 from its end on."""
        return eased(self.ease, self.span.progress(frames))

    @property
    def rank(self) -> tuple[object, ...]:
        """What cues are sorted by before anything is added up, so that the order of writing leaves no trace."""
        return self.span.start, self.span.end, self.move.key, repr(self.move), repr(self.ease)


def cues_of(items: tuple[CameraItem, ...], clock: Clock) -> list[Cue]:
    """Place the items of a shot's camera on its clock; base cameras are even by default, all else smooth.

    Raises:
        TrajectoryError: A window leaves the shot.
    """
    cues = []
    for index, item in enumerate(items):
        default = LINEAR if isinstance(item.move, BASES) else SMOOTH
        with blaming(index):
            cues.append(Cue(item.move, span_of(item.at, clock), item.ease or default, index))
    return cues


@contextmanager
def blaming(*items: int) -> Iterator[None]:
    """Note in a TrajectoryError which item of the camera it is about; of several that may be, none."""
    try:
        yield
    except TrajectoryError as error:
        if len(items) == 1:
            error.part = items[0]
        raise


def amount(cue: Cue, name: str, frames: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
    """Return what a move has contributed so far: its size times its eased progress."""
    return float(getattr(cue.move, name)) * cue.progress(frames)


def eased(ease: Ease, progress: Float64[np.ndarray, "frames"]) -> Float64[np.ndarray, "frames"]:
    """Apply an ease of the shot language."""
    if ease.kind == "bezier":
        return easing.bezier(progress, ease.points or (0.0, 0.0, 1.0, 1.0))
    if ease.kind in POWERED:
        return POWERED[ease.kind](progress, ease.power)
    return easing.linear(progress) if ease.kind == "linear" else easing.smooth(progress)


Curve = Float64[np.ndarray, "frames"]
POWERED: dict[str, Callable[[Curve, float], Curve]] = {
    "in": easing.ease_in,
    "out": easing.ease_out,
    "in-out": easing.ease_in_out,
}
