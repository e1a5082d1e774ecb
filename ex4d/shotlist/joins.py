"""Transitions counted in frames: what each takes of the shots that it joins, and whether a shot has room for both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NamedTuple

from ex4d.shotlist.transitions import OVERLAPPING, Direction, Kind, Transition

Side = Literal["first", "in", "out", "last"]
"""Which end of a shot a transition lies on; ``first`` opens the film and ``last`` closes it, without another shot."""


@dataclass(frozen=True)
class Join:
    """What happens at one end of a shot, in frames."""

    kind: Kind = "cut"
    direction: Direction | None = None
    """Of a wipe."""
    frames: int = 0
    """Frames of the shot that the transition changes; a fade between two shots takes its half of each."""

    @property
    def shared(self) -> int:
        """Frames at which the neighbour is on screen too."""
        return self.frames if self.kind in OVERLAPPING else 0

    @property
    def faded(self) -> int:
        """Frames that are mixed with a colour."""
        return self.frames - self.shared


class ShotEnd(NamedTuple):
    """A transition as it lies on one end of a shot."""

    transition: Transition
    side: Side

    @property
    def halved(self) -> bool:
        """Whether the other half of it lies on the neighbour."""
        return not self.transition.overlaps and self.side in ("in", "out")

    @property
    def seconds(self) -> Fraction:
        """Seconds of the shot that it changes."""
        return self.transition.duration / 2 if self.halved else self.transition.duration

    def at(self, rate: Fraction) -> Join:
        """Count its frames at ``rate`` frames a second; of an odd number, the half that fades in is the larger."""
        frames = frames_of(self.transition, rate)
        if self.halved:
            frames = frames // 2 if self.side == "out" else frames - frames // 2
        return Join(self.transition.kind, self.transition.direction, frames)


def frames_of(transition: Transition, rate: Fraction) -> int:
    """Count a transition's frames: none of a cut, else max(1, floor(duration x rate + 1/2))."""
    if transition.kind == "cut":
        return 0
    return max(1, math.floor(transition.duration * rate + Fraction(1, 2)))


def ends_of(entering: Sequence[Transition], end: Transition) -> list[tuple[ShotEnd, ShotEnd]]:
    """Return what lies on the two ends of each shot.

    Args:
        entering: how each shot is entered.
        end: how the film closes.
    """
    heads = [ShotEnd(transition, "in" if index else "first") for index, transition in enumerate(entering)]
    tails = [*(ShotEnd(transition, "out") for transition in entering[1:]), ShotEnd(end, "last")]
    return list(zip(heads, tails, strict=False))  # of no shots, nothing ends


def has_room(frame_count: int, head: Join, tail: Join) -> bool:
    """Tell whether two joins leave a shot a frame that no neighbour shares, and do not lie on each other."""
    if not head.frames + tail.frames:
        return True
    return head.frames + tail.frames <= frame_count and head.shared + tail.shared < frame_count
