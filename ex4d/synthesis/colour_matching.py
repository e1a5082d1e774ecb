"""Bring a finished window's colours back to those it was given: one gain and shift for each channel of a window.

Models change colours a little at each pass, and a window that starts from another's frames starts from its colours:
unmatched, long shots drift. Means of small blocks are compared, so that neither noise nor a pixel of displacement tells
in the gain, and one correction serves all frames of a window, so that none flickers. Equal frames are corrected by
exactly nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from numba import njit

from ex4d.array_types import Bool, Float64, Int64, UInt8

BLOCK_PX = 8
MARGIN = 4
"""Levels; a target nearer to black or white than this tells nothing: the result beside it may have been cut off."""
LEAST_BLOCKS = 16
LEAST_SHARE = 0.002
"""What can be compared must be this share of all blocks at least, and as many; else colours stay as they are."""
STEADY_LEVELS = 8.0
"""Spread of the compared colours at which half of a measured gain is believed: a narrow spread does not show one."""
GAINS = (0.8, 1.25)
LARGEST_SHIFT = 48.0
"""Levels, at the mean of what was compared. What is beyond these is no drift of colours but another picture."""
OUTLIER = 3.0
"""Blocks this many standard deviations (and a level) off the median difference show something else, and are left."""


@dataclass(frozen=True)
class Correction:
    """How the levels of each channel are to change."""

    table: UInt8[np.ndarray, "256 3"]
    """The new level of each old one."""

    @property
    def is_identity(self) -> bool:
        """True where nothing changes."""
        return bool((self.table == np.arange(256)[:, None]).all())

    def applied_to(
        self, frames: UInt8[np.ndarray, "frames height width 3"]
    ) -> UInt8[np.ndarray, "frames height width 3"]:
        """Return the corrected frames; the same array where nothing changes."""
        return frames if self.is_identity else _look_up(frames, self.table)


def correction(
    drawn: UInt8[np.ndarray, "frames height width 3"],
    target: UInt8[np.ndarray, "frames height width 3"],
    visible: Bool[np.ndarray, "frames height width"],
) -> Correction:
    """Find what makes ``drawn`` look like ``target`` where ``visible``; nothing where too little is.

    With x the block means of a channel as drawn and y as they should be, the gain is
    (cov(x, y) + s²) / (var(x) + s²), s being STEADY_LEVELS, and the shift mean(y) - mean(x), both clamped: x becomes
    x + shift + (gain - 1) (x - mean(x)). Blocks that are outliers do not count.
    """
    frames, height, width, _ = drawn.shape
    enough = max(LEAST_BLOCKS, LEAST_SHARE * frames * (height / BLOCK_PX) * (width / BLOCK_PX))
    pairs = [_block_means(*images) for images in zip(drawn, target, visible, strict=True)]
    table = np.empty((256, 3), np.uint8)
    for channel in range(3):
        x, y = (np.concatenate([pair[side][channel] for pair in pairs]) for side in range(2))
        table[:, channel] = _levels(x, y) if len(x) >= enough else np.arange(256)
    return Correction(table)


def _levels(x: Float64[np.ndarray, "blocks"], y: Float64[np.ndarray, "blocks"]) -> UInt8[np.ndarray, "256"]:
    """Fit one channel, and return the new level of each old one."""
    usual = _usual(y - x)
    x, y = x[usual], y[usual]
    x_mean, y_mean = x.mean(), y.mean()
    # Equal colours give equal sums, to the last bit: a gain of exactly 1 and a shift of exactly 0.
    together = ((x - x_mean) * (y - y_mean)).mean() + STEADY_LEVELS**2
    gain = np.clip(together / (((x - x_mean) ** 2).mean() + STEADY_LEVELS**2), *GAINS)
    shift = np.clip(y_mean - x_mean, -LARGEST_SHIFT, LARGEST_SHIFT)
    levels = np.arange(256)
    return np.rint(np.clip(levels + shift + (gain - 1) * (levels - x_mean), 0, 255)).astype(np.uint8)


def _usual(difference: Float64[np.ndarray, "blocks"]) -> Bool[np.ndarray, "blocks"]:
    """Tell the differences that are not outliers, by the median and the median absolute deviation."""
    deviation = np.abs(difference - np.median(difference))
    return deviation <= OUTLIER * 1.4826 * np.median(deviation) + 1


def _block_means(
    drawn: UInt8[np.ndarray, "height width 3"],
    target: UInt8[np.ndarray, "height width 3"],
    visible: Bool[np.ndarray, "height width"],
) -> tuple[list[Float64[np.ndarray, "_"]], list[Float64[np.ndarray, "_"]]]:
    """Return, by channel, the means as drawn and as they should be, of the blocks that are at least half comparable."""
    count, drawn_sum, target_sum = _block_sums(drawn, target, visible)
    half = count >= BLOCK_PX * BLOCK_PX // 2
    channels = [(half[..., c], np.s_[..., c]) for c in range(3)]
    return (
        [drawn_sum[at][of] / count[at][of] for of, at in channels],
        [target_sum[at][of] / count[at][of] for of, at in channels],
    )


@njit(cache=True, nogil=True)
@no_type_check
def _block_sums(
    drawn: UInt8[np.ndarray, "height width 3"],
    target: UInt8[np.ndarray, "height width 3"],
    visible: Bool[np.ndarray, "height width"],
) -> tuple[
    Int64[np.ndarray, "rows columns 3"], Int64[np.ndarray, "rows columns 3"], Int64[np.ndarray, "rows columns 3"]
]:
    """Return how many pixels of each block can be compared, and the sums of both images over them."""
    height, width = visible.shape
    rows, columns = -(-height // BLOCK_PX), -(-width // BLOCK_PX)
    count = np.zeros((rows, columns, 3), np.int64)
    drawn_sum, target_sum = np.zeros_like(count), np.zeros_like(count)
    for y in range(height):
        row = y // BLOCK_PX
        for x in range(width):
            if visible[y, x]:
                column = x // BLOCK_PX
                for c in range(3):
                    new, old = drawn[y, x, c], target[y, x, c]
                    if MARGIN <= old <= 255 - MARGIN and 0 < new < 255:
                        count[row, column, c] += 1
                        drawn_sum[row, column, c] += new
                        target_sum[row, column, c] += old
    return count, drawn_sum, target_sum


@njit(cache=True, nogil=True)
@no_type_check
def _look_up(
    frames: UInt8[np.ndarray, "frames height width 3"], table: UInt8[np.ndarray, "256 3"]
) -> UInt8[np.ndarray, "frames height width 3"]:
    out = np.empty_like(frames)
    for i in range(frames.shape[0]):
        for y in range(frames.shape[1]):
            for x in range(frames.shape[2]):
                for c in range(3):
                    out[i, y, x, c] = table[frames[i, y, x, c], c]
    return out
