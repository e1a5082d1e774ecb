"""Depth to look at: near is bright and warm, far is dark, unknown is a gray hatch; beside its picture, as a video.

The colours run evenly in 1/z, as disparity does, between two bounds; what lies beyond them has the bound's colour.
Their lightness in Oklab (Ottosson, "A perceptual color space for image processing", 2020) rises by the same amount from
each to the next, so that equal steps look equal and the picture keeps its order when it is printed in gray.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, UInt8
from ex4d.media.writing import H264Writer

ANCHORS = ((8, 6, 24), (66, 22, 108), (158, 38, 112), (226, 86, 58), (250, 168, 40), (252, 250, 176))
"""R'G'B' from far to near, of rising lightness; between them colours are straight lines in Oklab."""
SHADES = 256
HATCH = (104, 152)
"""Gray levels of the stripes where depth is unknown; no anchor is gray, nor is what lies between them."""
STRIPE = 4
"""Pixels across a stripe, horizontally."""

LONGEST = 1920
"""Pixels, of a preview's longer side."""
_SCREEN = (1920, 1080)

# Oklab: R'G'B' made linear, to cone responses, their cube roots to lightness and two opponent colours.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

Picture = UInt8[np.ndarray, "height width 3"]


def false_colour(
    depth: Float32[np.ndarray, "height width"], known: Bool[np.ndarray, "height width"], nearest: float, farthest: float
) -> Picture:
    """Return R'G'B' of z-depth, evenly in 1/z from ``farthest`` (dark) to ``nearest`` (bright).

    Both are above 0. Robust bounds, as percentiles, show more than the extremes.
    """
    span = 1.0 / nearest - 1.0 / farthest
    with np.errstate(divide="ignore"):
        share = (
            (1.0 / np.where(known, depth, np.inf) - 1.0 / farthest) / span if span > 0 else np.full(depth.shape, 0.5)
        )
    shade = np.rint(np.clip(share, 0.0, 1.0) * (SHADES - 1)).astype(np.uint8)
    return np.where(known[..., None], shades()[shade], _hatch(*depth.shape))


@cache
def shades() -> UInt8[np.ndarray, "shades 3"]:
    """Return the colours from far to near."""
    anchors = _oklab(np.array(ANCHORS, np.float64) / 255.0)
    lightness = np.linspace(anchors[0, 0], anchors[-1, 0], SHADES)
    opponents = [np.interp(lightness, anchors[:, 0], anchors[:, axis]) for axis in (1, 2)]
    colours = _from_oklab(np.stack([lightness, *opponents], axis=1))
    return np.rint(255.0 * np.clip(colours, 0.0, 1.0)).astype(np.uint8)


class PreviewWriter:
    """Writes an MP4 that plays everywhere, of a picture and its depth in false colours: side by side or stacked.

    A context manager. The file appears under its name only when the block ends without an error.
    """

    def __init__(self, path: Path, size: tuple[int, int], rate: Fraction, nearest: float, farthest: float) -> None:
        """Plan the preview of a video of ``size`` (width, height), whose depth is shown between two bounds.

        Raises:
            OutputError: a rate that is not above 0.
        """
        self._bounds = nearest, farthest
        self._panel, self._axis = panels(size)
        width, height = self._panel
        whole = (2 * width, height) if self._axis == 1 else (width, 2 * height)
        self._video = H264Writer(path, whole, rate)

    def __enter__(self) -> PreviewWriter:
        """Begin the file under a temporary name.

        Raises:
            OutputError: the place cannot be written.
        """
        self._video.__enter__()
        return self

    def write(
        self,
        colour: Picture,
        depth: Float32[np.ndarray, "depth_height depth_width"],
        known: Bool[np.ndarray, "depth_height depth_width"],
    ) -> None:
        """Append a frame; depth may have another number of pixels, evenly over the whole picture.

        Raises:
            OutputError: the disk is full.
        """
        halves = (colour, false_colour(depth, known, *self._bounds))
        self._video.write(np.concatenate([_fitted(half, self._panel) for half in halves], axis=self._axis))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        """Give the file its name if all went well, else leave nothing."""
        return self._video.__exit__(kind, error, trace)


def panels(size: tuple[int, int]) -> tuple[tuple[int, int], Literal[0, 1]]:
    """Return the size of each half of a preview, and along which axis they are joined: 1 is side by side.

    Whichever is larger on a screen of 16:9. The sides are even, the whole is at most ``LONGEST`` px, and no picture is
    enlarged but to 2 px.
    """
    width, height = size
    beside = min(_SCREEN[0] / (2 * width), _SCREEN[1] / height)
    stacked = min(_SCREEN[0] / width, _SCREEN[1] / (2 * height))
    axis: Literal[0, 1] = 1 if beside >= stacked else 0
    longest = max(2 * width, height) if axis == 1 else max(width, 2 * height)
    scale = min(Fraction(1), Fraction(LONGEST, longest))
    return (max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)), axis


def _fitted(image: Picture, size: tuple[int, int]) -> UInt8[np.ndarray, "new_height new_width 3"]:
    from ex4d.media.resampling import resample

    have = (image.shape[1], image.shape[0])
    if have == size:
        return image
    scale = (Fraction(size[0], have[0]), Fraction(size[1], have[1]))
    return resample(image, size, scale, (Fraction(0), Fraction(0)))


def _hatch(height: int, width: int) -> Picture:
    rows, columns = np.ogrid[:height, :width]
    stripes = np.where((rows + columns) // STRIPE % 2 == 0, *map(np.uint8, HATCH))
    return np.broadcast_to(stripes[..., None], (height, width, 3))


def _oklab(colours: Float64[np.ndarray, "colours 3"]) -> Float64[np.ndarray, "colours 3"]:
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _CONES.T) @ _OPPONENTS.T


def _from_oklab(colours: Float64[np.ndarray, "colours 3"]) -> Float64[np.ndarray, "colours 3"]:
    cones = (colours @ np.linalg.inv(_OPPONENTS).T) ** 3
    linear = np.clip(cones @ np.linalg.inv(_CONES).T, 0.0, None)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
