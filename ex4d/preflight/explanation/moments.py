"""When moves happen, and how their speed runs, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from ex4d.preflight.explanation.quantities import number, seconds
from ex4d.shotlist.model import WHOLE_SHOT, CameraItem, Ease, Position, Shot, Window
from ex4d.trajectory.timing import Clock, Span, span_of


@dataclass(frozen=True)
class Telling:
    """A shot that is being told."""

    shot: Shot
    clock: Clock
    """Its own time, as far as the file says; assumed for the rest."""
    lasts: bool
    """Whether the file says how long it is; else no seconds are said that follow from that."""
    folder: str
    """Of the shot list; files are named as seen from there."""
    abouts: Mapping[str, str] = field(default_factory=dict)
    """What presets say of themselves, by ``NAME@N``."""

    def share_of_shot(self, frame: Fraction) -> str:
        """Say a moment as a share of the shot, and in seconds where those are known: 40 % of the shot (0.8 s)."""
        last = Fraction(max(self.clock.last, 1))
        after = f" ({seconds(frame / self.clock.frame_rate)})" if self.lasts else ""
        return f"{number(100 * frame / last)} % of the shot{after}"

    def shares_of_shot(self, span: Span) -> str:
        """Say a window as shares of the shot: from 20 % to 60 % of the shot (0.4 s to 1.2 s)."""
        shares = [number(100 * frame / Fraction(max(self.clock.last, 1))) for frame in (span.start, span.end)]
        times = [seconds(frame / self.clock.frame_rate) for frame in (span.start, span.end)]
        return f"from {shares[0]} % to {shares[1]} % of the shot{f' ({times[0]} to {times[1]})' if self.lasts else ''}"

    def moment(self, position: Position, frame: Fraction) -> str:
        """Say a moment of the shot as it is written."""
        if position.unit == "%":
            return self.share_of_shot(frame)
        return seconds(position.value) if position.unit == "s" else f"frame {position.value}"

    def span(self, window: Window) -> Span:
        """Return the frames of a window."""
        return span_of(window, self.clock)


def when(window: Window, telling: Telling) -> str:
    """Say when a move happens; nothing where that is the whole shot."""
    if window == WHOLE_SHOT:
        return ""
    span = telling.span(window)
    inner = span.start > 0 and span.end < telling.clock.last
    if inner and (window.within is not None or window.start.unit == window.end.unit == "%"):
        return telling.shares_of_shot(span)
    start, end = _said(window.start, span.start, window, telling), _said(window.end, span.end, window, telling)
    if span.start <= 0:
        return "" if span.end >= telling.clock.last else f"from the beginning to {end}"
    return f"from {start} on" if span.end >= telling.clock.last else f"from {start} to {end}"


def _said(position: Position, frame: Fraction, window: Window, telling: Telling) -> str:
    """Say an end of a window; one that lies in a preset's window as a share of the whole shot."""
    return telling.moment(position, frame) if window.within is None else telling.share_of_shot(frame)


def pace(item: CameraItem, default: Ease) -> str:
    """Say how a move's speed runs."""
    ease = item.ease or default
    if ease.kind == "bezier":
        points = ", ".join(number(point) for point in ease.points or ())
        return f"its speed by the curve ({points})"
    power = f" (power {number(ease.power)})" if ease.power != 2 else ""
    return _PACES[ease.kind] + (power if ease.kind in ("in", "out", "in-out") else "")


_PACES = {
    "smooth": "starting and ending gently",
    "linear": "at an even speed",
    "in": "starting gently and ending abruptly",
    "out": "starting abruptly and ending gently",
    "in-out": "starting and ending gently",
}
