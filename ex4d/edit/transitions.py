"""How one shot gives way to the next, counted in frames and mixed on the encoded values."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from jaxtyping import UInt8

from ex4d.shotlist.model import Transition

Frame = UInt8[np.ndarray, "height width 3"]


def overlap_frames(transition: Transition, rate: Fraction) -> int:
    """Count the frames that a transition shares between two shots: 0 for a cut, else at least 1.

    n = max(1, floor(duration x rate + 1/2)), with the rate in frames a second.
    """
    if transition.kind == "cut":
        return 0
    return max(1, math.floor(transition.duration * rate + Fraction(1, 2)))


def dissolve(leaving: Frame, entering: Frame, step: int, steps: int) -> Frame:
    """Mix frame ``step`` of ``steps`` of a dissolve: (step + 1)/(steps + 1) of the entering shot, rounded half up.

    The mix is made on the encoded values, as editors do; in whole numbers, so that it is the same everywhere.
    """
    whole = steps + 1
    weight = step + 1
    mixed = leaving.astype(np.uint32) * (whole - weight) + entering.astype(np.uint32) * weight
    return ((2 * mixed + whole) // (2 * whole)).astype(np.uint8)
