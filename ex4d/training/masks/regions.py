"""Regions of a picture that are hidden in it and then wherever they go: shaped like what a camera elsewhere misses.

Three shapes are drawn. A *band* lies along a stretch of an edge of depth, on its far side, as wide as what the edge
would hide from aside. A *blob* is what lies about a place. A *stroke* is a line that wanders, drawn with a thick brush.
Noise wears the outlines of all three. Where no depth is known, there are no bands.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ex4d.array_types import Bool, Float32, Float64
from ex4d.training.config.records import TrackingMasks
from ex4d.training.excerpts import OpenedExcerpt

Region = Bool[np.ndarray, "height width"]

LARGEST_POSSIBLE = 0.9
"""Share of a picture; a region is never all of it."""
EDGE = 1.15
"""How many times as far as its neighbour a pixel is across an edge of depth."""
WORN = 0.035
"""Deviation of the noise that moves a shape's outline, as a share of the picture's longest side."""


def draw_regions(generator: np.random.Generator, opened: OpenedExcerpt, masks: TrackingMasks) -> Region:
    """Draw what of an excerpt's first frame is hidden, as a training file asks for; see :func:`drawn_regions`."""
    depth = None
    if opened.footage is not None:
        found, known = opened.footage.depth_in_view(opened.times[0])
        depth = np.where(known, found, np.float32(np.nan))
    height, width = opened.colour.shape[1:3]
    return drawn_regions(
        generator,
        width,
        height,
        most_regions=masks.most_regions,
        smallest=masks.smallest,
        largest=masks.largest,
        depth=depth,
    )


def drawn_regions(
    generator: np.random.Generator,
    width: int,
    height: int,
    *,
    most_regions: int,
    smallest: float,
    largest: float,
    depth: Float32[np.ndarray, "height width"] | None = None,
) -> Region:
    """Return the union of 1 to ``most_regions`` regions, drawn by the generator and nothing else.

    Args:
        generator: What all draws come from.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        most_regions: How many, at most; each number up to it is as likely.
        smallest: Share of the picture that all of them cover together, at least.
        largest: The same, at most; what is drawn between them is as likely on a scale of ratios.
        depth: Of the picture, if it is known, NaN where not; half of the regions then are bands at its edges.
    """
    count = int(generator.integers(1, most_regions + 1))
    smallest = max(smallest, 2 / (width * height))
    share = float(np.exp(generator.uniform(np.log(smallest), np.log(max(smallest, largest)))))
    heights = [_drawn_shape(generator, width, height, depth) for _ in range(count)]
    return _of_share(np.max(heights, axis=0), min(share, LARGEST_POSSIBLE))


def _drawn_shape(
    generator: np.random.Generator, width: int, height: int, depth: Float32[np.ndarray, "height width"] | None
) -> Float64[np.ndarray, "height width"]:
    """Return a relief whose contours are the shape at all of its sizes: 0 where it begins, falling away from there."""
    edges = None if depth is None else _far_sides(depth)
    if edges is not None and edges.any() and generator.random() < 0.5:
        relief = _band(generator, edges)
    else:
        relief = (_blob if generator.random() < 0.5 else _stroke)(generator, width, height)
    noise = _smooth_noise(generator, width, height, size=float(generator.uniform(0.02, 0.08)))
    return relief + WORN * max(width, height) * noise


def _of_share(relief: Float64[np.ndarray, "height width"], share: float) -> Region:
    """Return the highest of a relief: as many pixels as make up the share, but one at least and never all."""
    count = min(max(1, round(share * relief.size)), relief.size - 1)
    flat = np.zeros(relief.size, bool)
    flat[np.argsort(-relief, axis=None, kind="stable")[:count]] = True
    return flat.reshape(relief.shape)


def _blob(generator: np.random.Generator, width: int, height: int) -> Float64[np.ndarray, "height width"]:
    """Fall away from a place, in one direction faster than in the other."""
    x, y = generator.uniform((0, 0), (width, height))
    angle, stretch = generator.uniform(0, np.pi), np.exp(generator.uniform(-0.8, 0.8))
    right, down = np.meshgrid(np.arange(width) + 0.5 - x, np.arange(height) + 0.5 - y)
    along = right * np.cos(angle) + down * np.sin(angle)
    aside = down * np.cos(angle) - right * np.sin(angle)
    return -np.hypot(along * stretch, aside / stretch)


def _stroke(generator: np.random.Generator, width: int, height: int) -> Float64[np.ndarray, "height width"]:
    """Fall away from a line that wanders."""
    size = max(width, height)
    place, angle = generator.uniform((0, 0), (width, height)), generator.uniform(0, 2 * np.pi)
    line = np.ones((height, width), bool)
    for turn in generator.uniform(-0.9, 0.9, 5):
        angle += turn
        end = place + 0.12 * size * np.array([np.cos(angle), np.sin(angle)])
        _mark(line, np.linspace(place, end, size))
        place = end
    return _away_from(line)


def _mark(line: Region, places: Float64[np.ndarray, "places 2"]) -> None:
    height, width = line.shape
    column, row = np.clip(places, 0, (width - 1, height - 1)).astype(int).T
    line[row, column] = False


def _band(generator: np.random.Generator, edges: Region) -> Float64[np.ndarray, "height width"]:
    """Fall away from a stretch of an edge of depth."""
    rows, columns = np.nonzero(edges)
    one = int(generator.integers(len(rows)))
    reach = generator.uniform(0.1, 0.3) * max(edges.shape)
    near = np.hypot(*np.ogrid[-rows[one] : edges.shape[0] - rows[one], -columns[one] : edges.shape[1] - columns[one]])
    return _away_from(~(edges & (near < reach)))


def _away_from(elsewhere: Region) -> Float64[np.ndarray, "height width"]:
    return -ndimage.distance_transform_edt(elsewhere)


def _far_sides(depth: Float32[np.ndarray, "height width"]) -> Region:
    """Return the pixels beside which something much nearer is, as far as both are known."""
    return depth > EDGE * ndimage.minimum_filter(np.nan_to_num(depth, nan=np.inf), 3)


def _smooth_noise(
    generator: np.random.Generator, width: int, height: int, *, size: float
) -> Float64[np.ndarray, "height width"]:
    """Return noise of mean 0 and deviation 1 whose lumps have a size, as a share of the picture's."""
    noise = ndimage.gaussian_filter(generator.standard_normal((height, width)), size * max(width, height), mode="wrap")
    return noise / max(float(noise.std()), 1e-12)
