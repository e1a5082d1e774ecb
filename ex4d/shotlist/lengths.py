"""How long shots are, as far as the file tells: none too long, none eaten up by its transitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from ex4d.errors import Fault
from ex4d.shotlist.fields import shown
from ex4d.shotlist.film_format import frame_rate
from ex4d.shotlist.model import Shot, ShotList, Transition
from ex4d.shotlist.nodes import Mapped, Text
from ex4d.shotlist.overlaps import Timing, impossible_overlaps
from ex4d.shotlist.report import Report
from ex4d.shotlist.timing import MAX_FRAMES

TIMED_BY = ("clip", "time", "boomerang", "frames")
"""Keys of a shot that say how long it is."""


def timing_of(node: Mapped, shot: Shot | None, inherited: Mapping[str, Any], rate: Fraction | None) -> Timing:
    """Return what tells a shot's length, which may be right where the rest of the shot is not.

    Args:
        node: the shot as written.
        shot: as it was read; None where it is at fault.
        inherited: what the list says and the shot does not.
        rate: of the film, frames a second, if it is stated.
    """
    if shot is not None:
        source_rate, entering, timed = shot.source.fps, shot.transition, shot
    else:
        source_rate = _source_rate(inherited.get("source", node.get("source")))
        timed, entering = _as_far_as_sound(node, TIMED_BY), _as_far_as_sound(node, ("transition",)).transition
    length = None
    if any(word in node for word in TIMED_BY):
        length = timed.duration(source_rate, rate or source_rate)
    return Timing(str(node.get("name", "")), length, entering, source_rate)


def _as_far_as_sound(node: Mapped, words: Sequence[str]) -> Shot:
    """Read some keys of a shot alone; what is wrong with them is told elsewhere."""
    stated = {word: node[word] for word in words if word in node}
    alone = {"name": Text("any", node.where), "source": Mapped({"video": Text("any", node.where)}, node.where)}
    try:
        return Shot.model_validate(Mapped({**stated, **alone}, node.where), context=Report())
    except ValidationError:
        return Shot.model_validate(Mapped(alone, node.where), context=Report())


def _source_rate(source: Any) -> Fraction | None:
    written = source.get("fps") if isinstance(source, Mapped) else None
    try:
        rate: Fraction | None = frame_rate(written) if isinstance(written, Text) else None
    except ValueError:
        return None  # a fault of the source, reported there
    return rate


def faults_of_lengths(
    nodes: Sequence[Mapped], timings: Sequence[Timing], rate: Fraction | None, end: Any, film: ShotList | None
) -> Iterator[Fault]:
    """Find shots of too many frames, and transitions that leave nothing of a shot.

    Args:
        nodes: the shots as written.
        timings: of the shots.
        rate: of the film, frames a second, if it is stated.
        end: how the film closes, as written.
        film: as it was read; None where it is at fault.
    """
    for node, timing in zip(nodes, timings, strict=True):
        if timing.length is not None and timing.length * (rate or timing.rate or 1) > MAX_FRAMES:
            word = next(word for word in TIMED_BY if word in node)
            what = shown(node[word]) if word == "clip" else "it"
            yield node[word].where.fault(f"{what} is longer than {MAX_FRAMES} frames, the most of one shot")
    closing = film.end if film is not None else Transition()
    for overlap in impossible_overlaps(timings, rate, closing):
        entering = nodes[overlap.shot].get("transition") if overlap.shot < len(nodes) else end
        if entering is not None:  # a shot without one cuts
            yield entering.where.fault(overlap.message)
