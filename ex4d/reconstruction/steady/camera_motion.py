"""How the camera moved between two views of a scene whose disparity is known up to scale and shift.

A point seen along the ray (u, v, 1) at inverse depth d lies at (u, v, 1) / d. From a camera that moved, it is seen
along R (u, v, 1) + d t, at the inverse depth d divided by the third number of that. A model's disparity is a d + b:
the scale goes into the unit of t, and the shift b, the disparity of what is infinitely far, is unknown too. It shows in
how points move: it is estimated together with R and t, by robust least squares on where points went.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from ex4d.array_types import Bool, Float64

LEAST_DEPTH = 0.05
"""Of a point's own depth before the camera moved: what comes nearer than that is no longer followed."""
FARTHEST = 0.02
"""Of the usual nearness: what is farther counts as so far where a first guess needs points in space."""
LEAST_NEARNESS = 0.1
"""Of the nearest, that usual nearness is at least: most of a picture may be sky."""
NEARER = (0.5, 0.8)
"""Of the way from the believed disparity of infinity to the least of points: tried where the belief leads nowhere."""
TRIALS = 100
"""Of the random draws of a first guess, three points each; OpenCV draws the same ones every time."""
REFINEMENTS, COARSE = 7, 3
"""Steps of least squares, and how many of them look at points that are farther off."""
BREADTH, COARSE_BREADTH = 1.0, 2.0
"""Pixels by which a point may be off to count a quarter of one that is not."""
LEAST_INLIERS, LEAST_SHARE = 12, 0.25
"""Points that have to move with the camera, and of how many, before its motion is believed."""
STIFFNESS = 1e-9
"""Of the translation, as a share of what is known of it, so that it is defined where all is far away."""
PIXEL_NOISE = 0.3
"""Pixels of the working picture by which followed corners are off at least, when the shift's certainty is judged."""

Rays = Float64[np.ndarray, "points 2"]
Values = Float64[np.ndarray, " points"]
Mask = Bool[np.ndarray, " points"]


class Sights(NamedTuple):
    """Points as seen from one camera."""

    rays: Rays
    """x / z and y / z."""
    disparity: Values


@dataclass(frozen=True)
class Motion:
    """Where points of one view are seen in another."""

    rotation: Float64[np.ndarray, "3 3"]
    translation: Float64[np.ndarray, "3"]
    """In the unit in which one divided by a disparity above ``infinity`` is a depth."""
    infinity: float
    """The disparity of what is infinitely far."""

    @classmethod
    def none(cls, infinity: float) -> Motion:
        """Return the motion of a camera that stands still."""
        return cls(np.eye(3), np.zeros(3), infinity)

    def after(self, sights: Sights) -> tuple[Sights, Mask]:
        """Return points of the first view as the second sees them, and which of them are in front of it."""
        nearness = sights.disparity - self.infinity
        return self._seen(_homogeneous(sights.rays) @ self.rotation.T + nearness[:, None] * self.translation, nearness)

    def before(self, sights: Sights) -> tuple[Sights, Mask]:
        """Return points of the second view as the first saw them, and which of them are in front of it."""
        nearness = sights.disparity - self.infinity
        return self._seen((_homogeneous(sights.rays) - nearness[:, None] * self.translation) @ self.rotation, nearness)

    def _seen(self, points: Float64[np.ndarray, "points 3"], nearness: Values) -> tuple[Sights, Mask]:
        front = points[:, 2] > LEAST_DEPTH
        depth = np.where(front, points[:, 2], 1.0)
        return Sights(points[:, :2] / depth[:, None], nearness / depth + self.infinity), front


@dataclass(frozen=True)
class Belief:
    """What is believed of a clip's disparity of infinity, before a motion is looked at."""

    infinity: float
    deviation: float
    """How far off it may be; 0 where it is known."""
    nearness: float
    """How far above it disparities usually are."""

    @classmethod
    def at_first(cls, disparity: Values, *, metric: bool) -> Belief:
        """Guess from the first frame: 0, where nothing says otherwise."""
        low, middle, high = np.percentile(disparity, (1, 50, 99))
        infinity = 0.0 if metric or low >= 0 else float(low - 0.1 * (high - low))
        nearness = max(float(middle) - infinity, LEAST_NEARNESS * (float(high) - infinity))
        return cls(infinity, 0.0 if metric else nearness, nearness)

    def tries(self, disparity: Values) -> Iterator[Belief]:
        """Yield this, then others, nearer and nearer to the farthest of points, if the disparity is not known."""
        yield self
        lowest = float(disparity.min())
        if self.deviation and lowest > self.infinity:
            for share in NEARER:
                infinity = self.infinity + share * (lowest - self.infinity)
                yield Belief(infinity, self.deviation, self.nearness - infinity + self.infinity)


class Followed(NamedTuple):
    """A motion as it was found."""

    motion: Motion
    moved_along: Mask
    """Which of the points are where it puts them."""
    deviation: float
    """How far off its disparity of infinity may be."""


def motion_between(
    first: Sights, second: Rays, trusted: Mask, belief: Belief, pixel: float, tolerance: float
) -> Followed | None:
    """Find the motion that takes points of the first view to their rays in the second; None where none is to be found.

    Args:
        first: points with their disparity.
        second: the same points' rays.
        trusted: the first guess is drawn from these.
        belief: of the disparity of infinity.
        pixel: of the picture in which points were followed, as a length of rays.
        tolerance: pixels by which a point may be off.
    """
    guesses = (_first_guess(first, second, trusted, each, tolerance * pixel) for each in belief.tries(first.disparity))
    guess = next((each for each in guesses if each is not None), None)
    if guess is None:
        return None
    found, information = _refined(guess, first, second, belief, pixel)
    seen, front = found.after(first)
    off = np.linalg.norm(seen.rays - second, axis=1)
    moved_along = front & (off < tolerance * pixel)
    if not _enough(moved_along, np.ones_like(moved_along)):
        return None
    noise = max(PIXEL_NOISE * pixel, float(np.median(off[moved_along])))
    return Followed(found, moved_along, noise * float(np.sqrt(np.linalg.inv(information)[6, 6])))


def _first_guess(first: Sights, second: Rays, trusted: Mask, belief: Belief, tolerance: float) -> Motion | None:
    """Perspective from three points (Ke and Roumeliotis 2017) by random sample consensus (Fischler and Bolles 1981)."""
    import cv2

    depth = belief.nearness / np.maximum(first.disparity - belief.infinity, FARTHEST * belief.nearness)
    points = _homogeneous(first.rays) * depth[:, None]
    found, rotation, translation, inliers = cv2.solvePnPRansac(
        points[trusted],
        second[trusted],
        np.eye(3),
        None,
        iterationsCount=TRIALS,
        reprojectionError=tolerance,
        confidence=0.999,
        flags=cv2.SOLVEPNP_AP3P,
    )
    if not found or inliers is None or not _enough(np.isin(np.arange(trusted.sum()), inliers), trusted[trusted]):
        return None
    return Motion(cv2.Rodrigues(rotation)[0], translation[:, 0] / belief.nearness, belief.infinity)


def _enough(moved_along: Mask, asked: Mask) -> bool:
    return bool(moved_along.sum() >= max(LEAST_INLIERS, LEAST_SHARE * asked.sum()))


def _refined(
    motion: Motion, first: Sights, second: Rays, belief: Belief, pixel: float
) -> tuple[Motion, Float64[np.ndarray, "7 7"]]:
    """Return the motion after least squares, reweighted after Geman and McClure, and what they know of it."""
    information = np.eye(7)
    for step in range(REFINEMENTS):
        off, slopes = _off(motion, first, second)
        breadth = (COARSE_BREADTH if step < COARSE else BREADTH) * pixel
        weights = 1.0 / (1.0 + np.square(off / breadth).sum(1)) ** 2
        rows = slopes.reshape(-1, 7)
        weighted = rows.T * np.repeat(weights, 2)
        information, gradient = weighted @ rows, weighted @ off.reshape(-1)
        information[3:6, 3:6] += np.eye(3) * STIFFNESS * np.trace(information[3:6, 3:6])
        _believe(information, gradient, motion.infinity, belief, pixel)
        motion = _moved(motion, -np.linalg.solve(information, gradient))
    return motion, information


def _believe(information: Any, gradient: Any, infinity: float, belief: Belief, pixel: float) -> None:
    """Add to the normal equations what is believed of the disparity of infinity."""
    if belief.deviation:
        weight = (pixel / belief.deviation) ** 2
        information[6, 6] += weight
        gradient[6] += weight * (infinity - belief.infinity)
    else:
        information[6], information[:, 6], information[6, 6], gradient[6] = 0.0, 0.0, 1.0, 0.0


def _off(
    motion: Motion, first: Sights, second: Rays
) -> tuple[Float64[np.ndarray, "points 2"], Float64[np.ndarray, "points 2 7"]]:
    """Return how far points are off, and how that grows with a turn, the translation and the disparity of infinity."""
    turned = _homogeneous(first.rays) @ motion.rotation.T
    nearness = first.disparity - motion.infinity
    points = turned + nearness[:, None] * motion.translation
    depth = np.maximum(points[:, 2], LEAST_DEPTH)
    rays = points[:, :2] / depth[:, None]
    projecting = np.zeros((len(depth), 2, 3))
    projecting[:, 0, 0] = projecting[:, 1, 1] = 1.0 / depth
    projecting[:, :, 2] = -rays / depth[:, None]
    slopes = np.empty((len(depth), 2, 7))
    slopes[:, :, :3] = projecting @ -_cross(turned)
    slopes[:, :, 3:6] = projecting * nearness[:, None, None]
    slopes[:, :, 6] = -projecting @ motion.translation
    return rays - second, slopes


def _moved(motion: Motion, step: Float64[np.ndarray, "7"]) -> Motion:
    import cv2

    turn = cv2.Rodrigues(step[:3])[0]
    return replace(
        motion,
        rotation=turn @ motion.rotation,
        translation=motion.translation + step[3:6],
        infinity=motion.infinity + float(step[6]),
    )


def _cross(vectors: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3 3"]:
    """Return the matrices that multiply crosswise: ``_cross(a) @ b`` is a x b."""
    x, y, z = vectors.T
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)


def _homogeneous(rays: Rays) -> Float64[np.ndarray, "points 3"]:
    return np.column_stack([rays, np.ones(len(rays))])
