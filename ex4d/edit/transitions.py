"""How one shot gives way to the next: dissolves, wipes and fades, mixed on the encoded values as editors do."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType

import numpy as np

from ex4d.array_types import UInt8
from ex4d.media.mixing import mix
from ex4d.shotlist.joins import Join

Frame = UInt8[np.ndarray, "height width 3"]

COLOURS = MappingProxyType({"fade": 0, "dip-white": 255})
"""What a transition through a colour fades to, of all three channels."""


def mixed(join: Join, leaving: Frame, entering: Frame, step: int) -> Frame:
    """Return frame ``step`` of an overlap: (step + 1)/(frames + 1) of the entering shot.

    Of a dissolve that is each pixel's share; of a wipe, the share of the picture that is uncovered.
    """
    if join.kind == "wipe":
        return wipe(leaving, entering, step, join.frames, join.direction or "left")
    return dissolve(leaving, entering, step, join.frames)


def dissolve(leaving: Frame, entering: Frame, step: int, steps: int) -> Frame:
    """Mix frame ``step`` of ``steps`` of a dissolve: (step + 1)/(steps + 1) of the entering shot."""
    return mix(leaving, entering, Fraction(step + 1, steps + 1))


def wipe(leaving: Frame, entering: Frame, step: int, steps: int, direction: str) -> Frame:
    """Uncover (step + 1)/(steps + 1) of the entering shot behind an edge that travels to ``direction``.

    The edge lies where it lies, not on the nearest pixel: the row or column that it crosses is mixed, so that a slow
    wipe creeps and does not jump.
    """
    across, ahead = direction in ("left", "right"), direction in ("right", "down")
    side = leaving.shape[1 if across else 0]
    whole, part = divmod(side * (step + 1), steps + 1)
    order = slice(None) if ahead else slice(None, None, -1)  # as the edge travels
    old, new = (np.moveaxis(frame, 1 if across else 0, 0)[order] for frame in (leaving, entering))
    picture = old.copy()
    picture[:whole] = new[:whole]
    if part:
        picture[whole] = mix(old[whole], new[whole], Fraction(part, steps + 1))
    return np.ascontiguousarray(np.moveaxis(picture[order], 0, 1 if across else 0))


def fade_out(frame: Frame, join: Join, step: int) -> Frame:
    """Mix frame ``step`` of a fade out with (step + 1)/frames of its colour: the last is the colour itself."""
    return mix(frame, _colour(frame, join), Fraction(step + 1, join.frames))


def fade_in(frame: Frame, join: Join, step: int) -> Frame:
    """Mix frame ``step`` of a fade in with 1 - step/frames of its colour: the first is the colour itself."""
    return mix(frame, _colour(frame, join), Fraction(join.frames - step, join.frames))


def _colour(frame: Frame, join: Join) -> Frame:
    return np.full_like(frame, COLOURS[join.kind])
