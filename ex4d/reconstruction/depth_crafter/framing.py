"""Which pixels the network sees: the picture scaled down whole, and a margin around it that is cut off again."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ex4d.array_types import Float32, UInt8
from ex4d.media.resampling import resample

Picture = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Framing:
    """Sizes (width, height) in pixels on the way from a clip to the network and back."""

    clip: tuple[int, int]
    size: tuple[int, int]
    """Of the picture that the network sees, and of its depth."""
    padded: tuple[int, int]
    """With the margin: multiples of what the network needs."""

    @classmethod
    def fitting(cls, clip: tuple[int, int], longest: int, multiple: int) -> Framing:
        """Return the framing of a clip: never enlarged, its aspect kept to the pixel, never squashed.

        Args:
            clip: width and height.
            longest: the most that either of them may be when the network sees it.
            multiple: of which the network's sides have to be.
        """
        scale = min(Fraction(1), Fraction(longest, max(clip)))
        width, height = (max(1, round(side * scale)) for side in clip)
        return cls(clip, (width, height), (_ceiled(width, multiple), _ceiled(height, multiple)))

    def scaled(self, frame: Picture) -> UInt8[np.ndarray, "new_height new_width 3"]:
        """Return a frame of the clip in the picture's size."""
        if self.size == self.clip:
            return frame
        scale = Fraction(self.size[0], self.clip[0]), Fraction(self.size[1], self.clip[1])
        return resample(frame, self.size, scale, (Fraction(0), Fraction(0)))

    def with_margin(self, picture: Picture) -> UInt8[np.ndarray, "tall wide 3"]:
        """Return the picture in the middle of its own mirror images.

        They continue every surface with its own texture, where a margin of one colour would be an edge, and one of
        repeated border pixels streaks; on all sides, so that no pixel of a mirror image is further away than need be.
        """
        (left, right), (above, below) = self._margins()
        return np.pad(picture, ((above, below), (left, right), (0, 0)), mode="symmetric")

    def cropped(self, seen: Float32[np.ndarray, "*frames tall wide"]) -> Float32[np.ndarray, "*frames height width"]:
        """Return what lies within the margin."""
        (left, _), (above, _) = self._margins()
        return seen[..., above : above + self.size[1], left : left + self.size[0]]

    def _margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        across, down = (whole - side for whole, side in zip(self.padded, self.size, strict=True))
        return (across // 2, across - across // 2), (down // 2, down - down // 2)


def _ceiled(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple
