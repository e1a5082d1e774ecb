"""How true a rendered view is: frame A's mesh, seen by the camera of photograph B, against photograph B.

The truth comes from measured depth alone. Each pixel of B with depth is lifted, carried to A's camera and looked up
there: by the pixel it falls into, never between pixels, as a mean across a depth edge is a depth that nothing has. On a
surface that look-up is at most half a pixel off: 0.5 % of its depth where it is seen at 80 degrees. A depth camera's
noise, its steps and the poses' errors add about 1 %, so that ``TOLERANCE`` parts surfaces, not noise.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ex4d.geometry.pinhole import Pinhole
from ex4d.render.rasterizer import RenderedFrame

TOLERANCE = 0.05
"""Depths within this share of each other are one surface: at 2 m, what stands less than 10 cm before something."""
SLACK = 2
"""Pixels by which poses or a depth camera may misplace an edge before it is ``firm`` that something is wrong."""


@dataclass(frozen=True)
class Photograph:
    """A frame with measured depth."""

    colour: np.ndarray
    depth: np.ndarray
    """z, any unit; what it holds where it is not known is not looked at."""
    known: np.ndarray
    lens: Pinhole


@dataclass(frozen=True)
class Truth:
    """What A's camera saw of each pixel of B. The three sets are disjoint; the rest of B has no measured depth."""

    target: Photograph
    """Photograph B."""
    seen: np.ndarray
    """Its surface is the one that A measured: the co-visible pixels."""
    unseen: np.ndarray
    """It lies outside A's frame, or A measured another surface there."""
    undecided: np.ndarray
    """It falls into a pixel of A without measured depth."""

    @classmethod
    def between(
        cls, source: Photograph, target: Photograph, source_from_target: np.ndarray, tolerance: float = TOLERANCE
    ) -> Truth:
        """Look each pixel of ``target`` up in ``source``; ``source_from_target`` is the rigid 4 x 4 between cameras."""
        rows, columns = np.nonzero(target.known)
        depth = target.depth[rows, columns].astype(float)
        points = target.lens.unproject(np.stack([columns, rows], axis=-1) + 0.5, depth)
        points = points @ source_from_target[:3, :3].T + source_from_target[:3, 3]
        ahead = points[:, 2] > 0
        points[~ahead] = 0, 0, 1
        x, y = np.floor(source.lens.project(points)).astype(int).T
        inside = ahead & (x >= 0) & (y >= 0) & (x < source.lens.width) & (y < source.lens.height)
        x, y = np.where(inside, x, 0), np.where(inside, y, 0)
        measured = inside & source.known[y, x]
        same = measured & agree(source.depth[y, x], points[:, 2], tolerance)

        def image(values: np.ndarray) -> np.ndarray:
            whole = np.zeros(target.known.shape, np.bool_)
            whole[rows, columns] = values
            return whole

        return cls(target, image(same), image((measured & ~same) | ~inside), image(inside & ~measured))


def agree(one: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    """Tell which depths differ by no more than the tolerance, as a share of the nearer; symmetric."""
    return np.maximum(one, other) <= (1 + tolerance) * np.minimum(one, other)


@dataclass(frozen=True)
class Errors:
    """Which pixels of a view are wrong; the masks of one view are disjoint."""

    nearer: np.ndarray
    """Shown, nearer than the true surface: something stands there that does not."""
    farther: np.ndarray
    """Shown, farther than the true surface: what truly hides it is not there."""
    unseen: np.ndarray
    """Shown at the true depth, although A never saw that surface."""
    missed: np.ndarray
    """Not shown, although A saw it."""
    right: np.ndarray
    """Shown at the true depth, and not known to be unseen by A."""

    @classmethod
    def of(cls, frame: RenderedFrame, truth: Truth, tolerance: float = TOLERANCE) -> Errors:
        """Compare the depth of what is shown with the measured depth."""
        target = truth.target
        shown = frame.visible & target.known
        same = shown & agree(frame.depth, target.depth, tolerance)
        nearer = shown & ~same & (frame.depth < target.depth)
        return cls(
            nearer=nearer,
            farther=shown & ~same & ~nearer,
            unseen=same & truth.unseen,
            missed=truth.seen & ~frame.visible,
            right=same & ~truth.unseen,
        )

    @property
    def wrong(self) -> np.ndarray:
        """Whatever is shown and should not be."""
        return self.nearer | self.farther | self.unseen

    def firm(self, frame: RenderedFrame, truth: Truth, tolerance: float = TOLERANCE) -> np.ndarray:
        """Tell which wrong pixels no pixel of B within ``SLACK`` excuses, having their depth and not unseen by A."""
        target = truth.target
        fitting = np.pad(np.where(target.known & ~truth.unseen, target.depth, np.inf), SLACK, constant_values=np.inf)
        height, width = target.known.shape
        firm = self.wrong.copy()
        for row in range(2 * SLACK + 1):
            for column in range(2 * SLACK + 1):
                firm &= ~agree(frame.depth, fitting[row : row + height, column : column + width], tolerance)
        return firm


@dataclass(frozen=True)
class Difference:
    """Pixels that one view shows and another does not, summed over pairs."""

    pixels: int = 0
    known: int = 0
    """Of these, with measured depth in B."""
    wrong: int = 0
    """Of the known ones."""
    squares: float = 0.0
    """Sum of squared differences of colour, levels, mean of the channels."""
    filled_squares: float = 0.0
    """The same of what fills these pixels in the view that does not show them."""

    @classmethod
    def of(
        cls,
        frame: RenderedFrame,
        other: RenderedFrame,
        filled: np.ndarray,
        truth: Truth,
        tolerance: float = TOLERANCE,
    ) -> Difference:
        """Look at what ``frame`` shows and ``other`` does not; ``filled`` is the colour of ``other``, holes filled."""
        alone = frame.visible & ~other.visible
        colours = (image[alone].astype(float) - truth.target.colour[alone] for image in (frame.colour, filled))
        wrong = Errors.of(frame, truth, tolerance).wrong
        counts = (int((alone & mask).sum()) for mask in (alone, truth.target.known, wrong))
        return cls(*counts, *(float((difference**2).mean(axis=-1).sum()) for difference in colours))

    def __add__(self, other: Difference) -> Difference:
        return Difference(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @property
    def psnr(self) -> float:
        """dB of what is shown; NaN of nothing."""
        return self._decibels(self.squares)

    @property
    def filled_psnr(self) -> float:
        """dB of what fills the same pixels: above ``psnr``, hiding them is the better picture."""
        return self._decibels(self.filled_squares)

    def _decibels(self, squares: float) -> float:
        return float(10 * np.log10(255**2 * self.pixels / squares)) if squares else np.nan

    @property
    def wrong_share(self) -> float:
        """Of the pixels whose truth is known."""
        return self.wrong / self.known if self.known else np.nan


@dataclass(frozen=True)
class Measures:
    """The numbers of one view. Shares are of 1; a share of nothing is NaN."""

    psnr: float
    """dB over co-visible pixels that are shown."""
    common: float
    """dB over co-visible pixels that all compared views show; NaN of a view that does not show them all."""
    gained: float
    """dB over the same, after one gain for each channel: exposure and white balance differ between photographs."""
    recall: float
    """Of the co-visible pixels, the share that is shown."""
    depth: float
    """Median relative depth error of the co-visible pixels that are shown."""
    nearer: float
    """Of the pixels with measured depth, as are ``farther``, ``unseen`` and ``wrong``: see ``Errors``."""
    farther: float
    unseen: float
    wrong: float
    firm: float
    """Those of the wrong pixels that no misplaced edge excuses."""
    overlap: float
    """Shown against co-visible, intersection over union, where it is known what A saw."""
    score: float
    """Right against right, wrong or missed: a wrong pixel costs as much as a missing one. What A did not measure cannot
    be missed, so that hiding it looks better here than it is."""
    filled: float
    """Of the undecided pixels, the share that is shown at the true depth; most show unknown depth that was filled."""

    @classmethod
    def of(cls, frame: RenderedFrame, truth: Truth, common: np.ndarray, tolerance: float = TOLERANCE) -> Measures:
        """Measure a view; ``common`` marks the pixels that all compared views show."""
        errors, target = Errors.of(frame, truth, tolerance), truth.target
        both, known = truth.seen & frame.visible, target.known
        equal = common & truth.seen & bool(frame.visible[common].all())
        decided = truth.seen | truth.unseen
        return cls(
            psnr=psnr(frame.colour, target.colour, both),
            common=psnr(frame.colour, target.colour, equal),
            gained=psnr(with_gain(frame.colour, target.colour, equal), target.colour, equal),
            recall=share(both, truth.seen),
            depth=_median(np.abs(frame.depth[both] / target.depth[both] - 1)),
            nearer=share(errors.nearer, known),
            farther=share(errors.farther, known),
            unseen=share(errors.unseen, known),
            wrong=share(errors.wrong, known),
            firm=share(errors.firm(frame, truth, tolerance), known),
            overlap=share(both, decided & (frame.visible | truth.seen)),
            score=share(errors.right, errors.right | errors.wrong | errors.missed),
            filled=share(errors.right & truth.undecided, truth.undecided),
        )

    @classmethod
    def mean(cls, many: list[Measures]) -> Measures:
        """Average each number over views that have it; dB are averaged as dB."""
        return cls(**{each.name: _mean([getattr(one, each.name) for one in many]) for each in fields(cls)})


def psnr(image: np.ndarray, truth: np.ndarray, where: np.ndarray) -> float:
    """Return dB over the pixels in ``where``; inf where all are equal, NaN of none."""
    if not where.any():
        return np.nan
    error = float(np.mean((image[where].astype(float) - truth[where]) ** 2))
    return np.inf if error == 0 else float(10 * np.log10(255**2 / error))


def with_gain(image: np.ndarray, truth: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Return the image with each channel times the factor that brings it nearest to the truth in ``where``."""
    ours, theirs = image[where].astype(float), truth[where].astype(float)
    scaled: np.ndarray = image * ((ours * theirs).sum(axis=0) / np.maximum((ours * ours).sum(axis=0), 1.0))
    return scaled


def share(part: np.ndarray, whole: np.ndarray) -> float:
    """Return how much of one mask another is; NaN of nothing."""
    count = int(whole.sum())
    return float(part.sum()) / count if count else np.nan


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else np.nan


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan
