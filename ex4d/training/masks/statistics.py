"""Figures of the holes of masks, by which simulated ones are compared with true ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, Int64
from ex4d.artifacts.mesh_profile import widest_step
from ex4d.progress import counted as number_of
from ex4d.synthesis.mask_erosion import erode
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawn import Visible

REACH = 2
"""Pixels, across and down, within which a rim lies on a depth edge."""
SPECK = 4
"""Pixels. Smaller holes are not counted as one; they are in all other figures."""
QUANTILES = (0.1, 0.5, 0.9)

Frame = Bool[np.ndarray, "height width"]
Spread = tuple[float, float, float]
"""What a tenth, a half and nine tenths are at most."""


@dataclass(frozen=True)
class HoleStatistics:
    """What the holes of a sequence of masks are like; shares are of 1, figures of no holes 0."""

    share: float
    """Of the picture that is hidden, mean over frames."""
    count: float
    """Holes a frame: parts that hang together, at corners too, of at least :data:`SPECK` pixels."""
    area: Spread
    """Pixels of the hole that a hidden pixel is in, over all hidden pixels."""
    width: Spread
    """Pixels across, along the middle lines of all holes."""
    on_edges: float | None
    """Of the holes' rims, not counting the picture's, how much lies within :data:`REACH` pixels of a depth edge."""
    edges: float | None
    """Of the picture, how much does: what the rims of holes that know nothing of depth would come to."""
    steadiness: float
    """Intersection over union of the holes of one frame and the next, mean; 1 where nothing is hidden."""

    def as_json(self) -> dict[str, Any]:
        """Return it for files."""
        return asdict(self)

    @property
    def in_words(self) -> str:
        """As in "12% hidden: 31 holes a frame, 2 to 18 px wide, 71% of their rims on depth edges (9% by chance)"."""
        if not self.share:
            return "nothing hidden"
        low, high = round(self.width[0]), round(self.width[2])
        widths = f"{low} px" if low == high else f"{low} to {high} px"
        words = f"{self.share:.0%} hidden: {number_of(round(self.count), 'hole')} a frame, {widths} wide"
        if self.on_edges is None or self.edges is None:
            return words
        return f"{words}, {self.on_edges:.0%} of their rims on depth edges ({self.edges:.0%} by chance)"


def statistics_of(opened: OpenedExcerpt, visible: Visible) -> HoleStatistics:
    """Measure the holes of an excerpt's mask; edges are of its depth, if it has one."""
    footage = opened.footage
    if footage is None:
        return measure_holes(visible)
    step = widest_step(footage.grid_lens.focal_px)
    views = (footage.fit.view_of(frame.depth) for frame in footage.depths(opened.times))
    return measure_holes(visible, near_edges=np.stack([near_depth_edges(view, step) for view in views]))


def measure_holes(
    visible: Visible, *, near_edges: Visible | None = None, counted: Visible | None = None
) -> HoleStatistics:
    """Measure the holes of successive masks.

    ``near_edges`` says what is near a depth edge. Where ``counted`` is given, nothing else is looked at: what else is
    hidden is no hole, and where a hole ends there it has no rim.
    """
    everywhere = np.ones_like(visible) if counted is None else counted
    holes = ~visible & everywhere
    areas = [_areas(frame) for frame in holes]
    widths = np.concatenate([_widths(hole, seen) for hole, seen in zip(holes, visible, strict=True)])
    on_edges = None
    if near_edges is not None:
        rims = np.stack([_rim(*each) for each in zip(holes, visible & everywhere, strict=True)])
        on_edges = _share(near_edges, rims)
    return HoleStatistics(
        share=_share(holes, everywhere),
        count=float(np.mean([np.count_nonzero(each >= SPECK) for each in areas])),
        area=_spread(np.concatenate([np.repeat(each, each) for each in areas])),
        width=_spread(widths),
        on_edges=on_edges,
        edges=None if near_edges is None else _share(near_edges, everywhere),
        steadiness=_steadiness(holes),
    )


def near_depth_edges(depth: Float32[np.ndarray, "height width"], step: float) -> Frame:
    """Return what lies within :data:`REACH` pixels of a depth edge, beside which depth is ``step`` times as much.

    Depth that is not above 0, as in bars, has no edges.
    """
    edge = np.zeros(depth.shape, np.bool_)
    for one, other in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        near, far = np.minimum(depth[one], depth[other]), np.maximum(depth[one], depth[other])
        apart = (far > np.float32(step) * near) & (near > 0)
        edge[one] |= apart
        edge[other] |= apart
    return ~erode(~edge, 2 * REACH + 1)


def _areas(hole: Frame) -> Int64[np.ndarray, "holes"]:
    """Return the pixels of each part that hangs together."""
    from scipy.ndimage import label

    parts, _ = label(hole, np.ones((3, 3)))
    return np.bincount(parts.ravel())[1:].astype(np.int64)


def _widths(hole: Frame, visible: Frame) -> Float64[np.ndarray, "middles"]:
    """Return how wide holes are along their middle lines: twice as far as it is from there to what is visible.

    A line of pixels has one middle, of distance 1, or two of the same: half a pixel less is right for both by half.
    """
    from scipy.ndimage import distance_transform_edt, maximum_filter

    if not visible.any():
        return np.full(int(hole.any()), float(min(hole.shape)))
    distance = np.asarray(distance_transform_edt(~visible))
    middle = hole & (distance == maximum_filter(distance, 3))
    return 2.0 * distance[middle] - 0.5


def _rim(hole: Frame, visible: Frame) -> Frame:
    """Return the pixels of holes that have something visible beside, above or below them."""
    beside = np.zeros_like(hole)
    beside[:, 1:] |= visible[:, :-1]
    beside[:, :-1] |= visible[:, 1:]
    beside[1:] |= visible[:-1]
    beside[:-1] |= visible[1:]
    return hole & beside


def _steadiness(holes: Visible) -> float:
    both = np.count_nonzero(holes[1:] & holes[:-1], axis=(1, 2))
    either = np.count_nonzero(holes[1:] | holes[:-1], axis=(1, 2))
    return float(np.mean(np.where(either > 0, both / np.maximum(either, 1), 1.0))) if len(either) else 1.0


def _share(part: Visible, whole: Visible) -> float:
    count = np.count_nonzero(whole)
    return np.count_nonzero(part & whole) / count if count else 0.0


def _spread(values: Sequence[float] | Int64[np.ndarray, "n"] | Float64[np.ndarray, "n"]) -> Spread:
    if not len(values):
        return 0.0, 0.0, 0.0
    low, middle, high = np.quantile(values, QUANTILES)
    return float(low), float(middle), float(high)
