"""Every choice between a frame with its depth and what its mesh shows, and the two sets of them that have names."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from ex4d.artifacts.watertight_mesh import HidingRule, PixelOrigin
from ex4d.errors import UserError

ProfileName = Literal["clean", "reference"]
UnknownRule = Literal["fill", "hide"]

NEAREST = 10_000 / 3_900
"""Where the nearest point of any clip lies in the released code's depth; its border at 100 is 39 times as far."""
MIN_ANGLE_DEG = 2.5
"""The smallest angle that a face of one surface has, in the paper and in the released code."""
FARTHEST = 1e36
"""Units of depth: what float32 holds, with what is computed of it. Nothing is further."""
MOST_SAMPLES = 9
"""A side, of a pixel: 81 times the pixels."""


@dataclass(frozen=True)
class MeshProfile:
    """How a frame becomes a mesh, and the mesh a picture.

    A face that fails any of the tests that are not None joins surfaces that do not meet: it is hidden.
    """

    rule: HidingRule = "face"
    pixel_origin: PixelOrigin = "center"
    border_depth: float | None = None
    """Where the outermost pixels go, in the depth's unit; None is far behind the scene, whatever its size."""
    min_angle_deg: float | None = MIN_ANGLE_DEG
    """The smallest angle a face may have, degrees (EX-4D, section 3.1)."""
    depth_share: float | None = None
    """How much of the frame's range of depth a face may span: the paper's other test. The released code computes it,
    with 0.013, and leaves it out."""
    depth_ratio: float | None = None
    """How many times as far as its nearest corner a face's farthest may be; above 1."""
    steepness: float | None = None
    """How many times its larger lateral extent a face's extent in depth may be: the released code's ``boundary``."""
    unknown: UnknownRule = "fill"
    """``fill``: unknown depth is continued from what surrounds it. ``hide``: the faces that touch it show nothing."""
    far: float | None = None
    """Units of depth, beyond which nothing is drawn; None draws everything."""
    samples: int = 1
    """A side, per pixel: 3 decides each pixel by 9. Odd, so that one lies on the pixel's centre."""
    ring: bool = True
    """Whether a ring of one pixel is put round the frame for the border to take, so that no pixel is lost to it."""

    def scaled(self, by: float) -> MeshProfile:
        """Return the profile for a unit of depth that is so many times as small."""
        border = None if self.border_depth is None else self.border_depth * by
        return replace(self, border_depth=border, far=None if self.far is None else self.far * by)

    def __post_init__(self) -> None:
        if faults := [text for wrong, text in self._faults() if wrong]:
            raise UserError("\n".join(faults))

    def _faults(self) -> Iterator[tuple[bool, str]]:
        angle, share, ratio = self.min_angle_deg, self.depth_share, self.depth_ratio
        border = f"border {self.border_depth}: it lies at a depth above 0 and below {FARTHEST:g}"
        yield _outside(self.border_depth, 0.0, FARTHEST), border
        yield _outside(angle, 0.0, 60.0), f"smallest angle {angle}: a triangle has one between 0 and 60 degrees"
        yield _outside(share, 0.0, math.inf), f"depth share {share}: write a share above 0, as 0.013"
        yield _outside(ratio, 1.0, math.inf), f"depth ratio {ratio}: write a factor above 1, as 1.05"
        yield _outside(self.steepness, 0.0, math.inf), f"steepness {self.steepness}: write a factor above 0, as 2"
        far = f"far {self.far}: it lies at a depth above 0 and below {FARTHEST:g}; none draws everything"
        yield _outside(self.far, 0.0, FARTHEST), far
        odd = self.samples % 2 == 1 and 1 <= self.samples <= MOST_SAMPLES
        yield not odd, f"samples {self.samples}: write an odd number from 1 to {MOST_SAMPLES}"


def _outside(value: float | None, low: float, high: float) -> bool:
    return value is not None and not low < value < high


def widest_step(focal_px: float) -> float:
    """Return how many times as far as its neighbour a pixel of one surface may be, by the usual smallest angle.

    A step across a depth edge at the lens's middle makes a face whose smallest angle has that tangent.
    """
    return 1.0 + 1.0 / (focal_px * math.tan(math.radians(MIN_ANGLE_DEG)))


PROFILES: Mapping[ProfileName, MeshProfile] = MappingProxyType(
    {
        "clean": MeshProfile(),
        "reference": MeshProfile(rule="vertex", pixel_origin="corner", border_depth=100.0, far=1e3, ring=False),
    }
)
"""``clean``: what docs/mesh.md measures to be the best. ``reference``: EX-4D's released code, which its adapter has
learned from."""
BOUNDARY_STEEPNESS = 2.0
"""Of the released code's ``boundary``, which it has instead of the angle."""
