"""The clean plate: what a source whose camera stands still shows behind everything that moves, gathered over time.

What one frame hides, another shows. Each pixel keeps the farthest surface that it saw, with its mean colour. Where the
source's camera moves there is no plate: its pixels would belong to different places.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8

SAME_DEPTH = 0.04
"""Relative: depths that differ by less are one surface; estimated depth of a wall that stands still varies so much."""
SAME_COLOUR = 28.0
"""Levels, mean over the channels: what noise and a passing light may change; another place differs by more."""
STEADY_SHARE = 0.6
"""Of the pixels: as many must agree with the plate for the camera to count as standing still."""
EDGE_PX = 2
"""Pixels beside a nearer surface carry some of its colour, and count for little."""
EDGE_WEIGHT = 0.01
LIGHT_STRIDE = 4
"""Light is compared on every 4th pixel each way: enough for a median."""
BRIGHTEST = 2.0
"""The most by which a plate is lightened or darkened; more is another surface, not another light."""
CONFIRMED = 2
"""Sightings. What was seen once only, farther than all else, may be a slip of the depth."""

Colour = UInt8[np.ndarray, "height width 3"]
Depth = Float32[np.ndarray, "height width"]
Known = Bool[np.ndarray, "height width"]


@dataclass(frozen=True)
class CleanPlate:
    """What is behind everything that moves."""

    colour: Colour
    depth: Depth
    """z; 0 where nothing was ever known."""
    known: Known

    def in_light_of(self, colour: Colour, depth: Depth, known: Known) -> Colour:
        """Return the plate's colours as brightly as one frame shows them, channel by channel.

        The median over what both show tells how a camera's automatic exposure and white balance, or clouds, changed
        the whole picture. A lamp that is carried along is local, and is left alone: continued behind what moves, its
        light falls on the wrong surfaces (tried: the error behind the sample's subject grew by a tenth).
        """
        at = np.s_[::LIGHT_STRIDE, ::LIGHT_STRIDE]
        same = known[at] & self.known[at] & (np.abs(depth[at] - self.depth[at]) <= SAME_DEPTH * self.depth[at])
        shown, plate = colour[at][same].astype(np.float32), self.colour[at][same].astype(np.float32)
        if not len(shown):
            return self.colour
        gain = np.clip(np.median((shown + 1) / (plate + 1), axis=0), 1 / BRIGHTEST, BRIGHTEST)
        return np.clip(self.colour * gain.astype(np.float32) + np.float32(0.5), 0, 255).astype(np.uint8)


def gather_plate(frames: Iterable[tuple[Colour, Depth, Known]]) -> CleanPlate | None:
    """Gather the plate of frames of one fixed camera: colour, complete depth, and where the depth was measured.

    Returns None where a frame does not agree with those before it: the camera moved, or the scene was cut.
    """
    gathering: _Gathering | None = None
    for colour, depth, known in frames:
        if gathering is None:
            gathering = _Gathering((depth.shape[0], depth.shape[1]))
        elif not gathering.agrees(colour, depth, known):
            return None
        gathering.see(colour, depth, known)
    return None if gathering is None else gathering.plate()


@dataclass
class _Surface:
    """One surface a pixel: how far, how often seen, and in which colours."""

    depth: Depth
    seen: Float32[np.ndarray, "height width"]
    """Sightings."""
    weight: Float32[np.ndarray, "height width"]
    colour: Float32[np.ndarray, "height width 3"]
    """Sum of colours times weights."""

    @classmethod
    def empty(cls, size: tuple[int, int]) -> _Surface:
        depth, seen, weight = np.zeros((3, *size), np.float32)
        return cls(depth, seen, weight, np.zeros((*size, 3), np.float32))

    def take(self, other: _Surface, where: Known) -> None:
        """Become the other surface at some pixels."""
        for mine, theirs in zip(self._arrays(), other._arrays(), strict=True):
            mine[where] = theirs[where]

    def start_again(self, depth: Depth, where: Known) -> None:
        """Begin a new surface at some pixels."""
        self.take(_Surface.empty((depth.shape[0], depth.shape[1])), where)
        self.depth[where] = depth[where]

    def see(self, colour: Colour, depth: Depth, weight: Depth) -> None:
        """Add what is seen, where its weight is above 0, to the surface."""
        self.seen += weight > 0
        self.weight += weight
        self.colour += weight[..., None] * colour
        self.depth += weight / np.maximum(self.weight, np.float32(1e-6)) * (depth - self.depth)

    def mean_colour(self) -> Float32[np.ndarray, "height width 3"]:
        """Return the mean of the colours seen."""
        mean: Float32[np.ndarray, "height width 3"] = self.colour / np.maximum(self.weight, np.float32(1e-6))[..., None]
        return mean

    def _arrays(self) -> tuple[np.ndarray, ...]:
        return self.depth, self.seen, self.weight, self.colour


class _Gathering:
    """The farthest surface so far, and the one it replaced, in case the farthest is a slip."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._far = _Surface.empty(size)
        self._replaced = _Surface.empty(size)

    def agrees(self, colour: Colour, depth: Depth, known: Known) -> bool:
        """Tell whether most of a frame lies where it was seen before, in about its colour."""
        comparable = known & (self._far.seen > 0)
        if not comparable.any():
            return False
        alike = np.abs(self._far.mean_colour() - colour).mean(axis=-1) < SAME_COLOUR
        return float(np.mean((alike & self._level(depth))[comparable])) >= STEADY_SHARE

    def see(self, colour: Colour, depth: Depth, known: Known) -> None:
        """Take in one frame."""
        farther = known & (depth > self._far.depth * (1 + SAME_DEPTH))
        self._replaced.take(self._far, farther & (self._far.seen >= self._replaced.seen))
        self._far.start_again(depth, farther)
        weight = np.where(_beside_nearer(depth), np.float32(EDGE_WEIGHT), np.float32(1.0))
        self._far.see(colour, depth, np.where(known & self._level(depth), weight, np.float32(0.0)))

    def plate(self) -> CleanPlate:
        """Return the farthest confirmed surface; where none is confirmed, the farthest."""
        slip = (self._far.seen < CONFIRMED) & (self._replaced.seen >= CONFIRMED)
        self._far.take(self._replaced, slip)
        colour = np.rint(self._far.mean_colour()).astype(np.uint8)
        return CleanPlate(colour, self._far.depth, self._far.seen > 0)

    def _level(self, depth: Depth) -> Known:
        return np.asarray(np.abs(depth - self._far.depth) <= SAME_DEPTH * self._far.depth)


def _beside_nearer(depth: Depth) -> Known:
    """Return True within EDGE_PX pixels of a surface that is nearer."""
    from scipy.ndimage import minimum_filter

    nearest = minimum_filter(depth, size=2 * EDGE_PX + 1, mode="nearest")
    return np.asarray(nearest < depth * (1 - SAME_DEPTH))
