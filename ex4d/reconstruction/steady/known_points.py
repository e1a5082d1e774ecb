"""What is known of a scene's steadied disparity: points as the reference view sees them, each with what speaks for it.

Points that frames agree on are averaged. A place where frames go on disagreeing is believed anew, as in the majority
vote of Boyer and Moore (1981): what somebody stood in front of becomes known when he has gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from ex4d.array_types import Bool, Float64, Int64
from ex4d.reconstruction.steady.camera_motion import Motion, Sights
from ex4d.reconstruction.steady.frame_view import FrameView
from ex4d.reconstruction.steady.picture_corners import Places

MOST_VOTES = 30
"""Frames that a point's disparity is averaged over, at most, and that it may disagree with before it is given up."""
ZONES = (12, 16)
"""Rows and columns of the picture by which it is judged how much of it is known, and what moves in it."""
LEAST_COVERED, LEAST_VISIBLE = 0.7, 0.6
"""Of the zones, and of the points: with less, another view becomes the reference."""

Values = Float64[np.ndarray, " points"]
Mask = Bool[np.ndarray, " points"]


class Visible(NamedTuple):
    """The points that a view sees, as far as is known."""

    which: Int64[np.ndarray, " points"]
    places: Places
    disparity: Values
    """Steadied."""


@dataclass(frozen=True)
class KnownPoints:
    """Points on surfaces, in the axes of the reference view."""

    sights: Sights
    votes: Int64[np.ndarray, " points"]
    """Frames that agreed, less those that did not."""

    @classmethod
    def of(cls, view: FrameView, scale: float, shift: float) -> KnownPoints:
        """Believe one view, of this scale and shift."""
        places = view.grid()
        seen = Sights(view.rays(places), scale * view.raw(places) + shift)
        return cls(seen, np.ones(len(places), np.int64))

    def visible(self, view: FrameView, motion: Motion) -> Visible:
        """Return the points that should be seen in a view."""
        seen, front = motion.after(self.sights)
        places = view.places(seen.rays)
        within = (places >= 0).all(axis=1) & (places < (view.lens.width, view.lens.height)).all(axis=1)
        index = np.flatnonzero(front & within)
        return Visible(index, places[index], seen.disparity[index])

    def suffice(self, view: FrameView, visible: Visible) -> bool:
        """Return whether what is known fills a view well enough to judge the next one by it."""
        covered = len(np.unique(view.cells(visible.places, ZONES))) / (ZONES[0] * ZONES[1])
        return covered >= LEAST_COVERED and len(visible.which) >= LEAST_VISIBLE * len(self.votes)

    def voted(self, view: FrameView, motion: Motion, visible: Visible, seen: Values, agree: Mask) -> KnownPoints:
        """Return what is known after a view whose steadied disparity at the visible points is ``seen``."""
        told, front = motion.before(Sights(view.rays(visible.places), seen))
        votes, index = self.votes[visible.which], visible.which
        before = self.sights.disparity[index]
        left = np.where(agree, np.minimum(votes + 1, MOST_VOTES), votes - 1)
        anew = front & (left < 0)
        share = np.where(anew, 1.0, np.where(front & agree, 1.0 / (votes + 1), 0.0))
        disparity, all_votes = self.sights.disparity.copy(), self.votes.copy()
        disparity[index] = before + share * (told.disparity - before)
        all_votes[index] = np.where(anew, 1, np.maximum(left, 0))  # behind the camera, none is believed anew
        return replace(self, sights=self.sights._replace(disparity=disparity), votes=all_votes)

    def rebased(self, view: FrameView, visible: Visible, fresh: KnownPoints, standing: Mask) -> KnownPoints:
        """Return what is known in the axes of a view: visible points, at most one a cell, and ``fresh`` ones elsewhere.

        ``fresh`` are those of the view itself; ``standing`` tells which of them do not move by themselves.
        """
        shape = view.grid_shape
        votes = self.votes[visible.which]
        believed = np.flatnonzero(votes > 0)
        cells = view.cells(visible.places[believed], shape)
        order = np.lexsort((-votes[believed], cells))
        _, firsts = np.unique(cells[order], return_index=True)
        kept = believed[order[firsts]]
        new = np.flatnonzero(~_near(cells, shape) & standing)
        rays = np.concatenate([view.rays(visible.places[kept]), fresh.sights.rays[new]])
        disparity = np.concatenate([visible.disparity[kept], fresh.sights.disparity[new]])
        return KnownPoints(Sights(rays, disparity), np.concatenate([votes[kept], fresh.votes[new]]))


def standing_zones(
    view: FrameView, along: Float64[np.ndarray, "along 2"], stray: Float64[np.ndarray, "stray 2"]
) -> Bool[np.ndarray, " zones"]:
    """Return in which zones, with their neighbours, no more corners stray than move with the camera."""
    excess = np.zeros(ZONES)
    np.add.at(excess.reshape(-1), view.cells(stray, ZONES), 1)
    np.subtract.at(excess.reshape(-1), view.cells(along, ZONES), 1)
    padded = np.pad(excess, 1)
    sums = sum(padded[row : row + ZONES[0], column : column + ZONES[1]] for row in range(3) for column in range(3))
    return np.asarray(sums <= 0).reshape(-1)


def _near(cells: Int64[np.ndarray, " cells"], shape: tuple[int, int]) -> Mask:
    """Return which cells of a grid are among these or beside one of them."""
    padded = np.zeros((shape[0] + 2, shape[1] + 2), bool)
    row, column = np.divmod(cells, shape[1])
    for down in range(3):
        for right in range(3):
            padded[row + down, column + right] = True
    return padded[1:-1, 1:-1].reshape(-1)
