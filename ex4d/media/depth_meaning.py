"""What the numbers of a depth file mean, in the file's own words; and how 16-bit video carries depth.

A video's codes are logarithms: from one to the next depth grows by the same share, near and far. Code 0 is unknown, 1
is the nearest depth of the file and 65535 the farthest. What they are stands in a tag of the container as JSON, so that
such a video is read without a word by the user.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NoReturn

import numpy as np

from ex4d.array_types import Bool, Float32, UInt16
from ex4d.errors import MediaError
from ex4d.geometry.pinhole import NARROWEST, WIDEST

MeaningUnit = Literal["m", "relative"]
"""Metres, or z-depth in a unit of its own that is one for the whole file."""

TAG = "EX4D_DEPTH"
"""The container's tag."""
TAG_VERSION = 1
LONGEST_TAG = 1024
"""Characters; ours has some 130."""
NARROWEST_DEG, WIDEST_DEG = math.degrees(NARROWEST), math.degrees(WIDEST)

_LAST_CODE = 65_535
_STEPS = _LAST_CODE - 1
_ROUNDING = 1.2e-7
"""Of depth itself, as float32: bounds are given more exactly."""


@dataclass(frozen=True)
class DepthMeaning:
    """What the numbers of a depth file are; 0 among them is unknown.

    Raises:
        MediaError: an angle that no lens sees.
    """

    unit: MeaningUnit
    horizontal_angle_deg: float | None = None
    """What the lens of the whole picture sees from side to side, where it is known."""

    def __post_init__(self) -> None:
        if self.horizontal_angle_deg is not None:
            check_angle(self.horizontal_angle_deg)


@dataclass(frozen=True)
class DepthCodes:
    """16-bit codes of depth between two bounds, of a uniform relative step.

    Raises:
        MediaError: bounds that are not finite float32 above 0, or in the wrong order.
    """

    nearest: float
    farthest: float

    def __post_init__(self) -> None:
        with np.errstate(over="ignore"):
            near, far = np.float32(self.nearest), np.float32(self.farthest)
        if not (0 < near < np.inf and 0 < far < np.inf and self.nearest <= self.farthest):
            raise MediaError(f"its depth is from {self.nearest:g} to {self.farthest:g}; that is no range above 0")

    @property
    def worst_error(self) -> float:
        """The largest relative difference between depth and what its code says: half a step.

        From 2.5 to 10000 it is 6.3e-5. What is read is rounded to float32 besides, which adds at most 6e-8.
        """
        return math.expm1(0.5 * self._step)

    def encode(
        self, depth: Float32[np.ndarray, "height width"], known: Bool[np.ndarray, "height width"]
    ) -> UInt16[np.ndarray, "height width"]:
        """Return the nearest code of each known depth, 0 of the others.

        Raises:
            MediaError: a known depth is further outside the bounds than half a step.
        """
        inside = depth[known].astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = np.log(inside / self.nearest)
        slack = max(0.5 * self._step, _ROUNDING)
        within = (above >= -slack) & (above <= _STEPS * self._step + slack)  # False of NaN, too
        if not within.all():
            wrong = inside[~within][0]
            raise MediaError(f"a depth of {wrong:g} is not between {self.nearest:g} and {self.farthest:g}")
        codes = np.zeros(depth.shape, np.uint16)
        codes[known] = 1 + np.clip(np.rint(above / (self._step or 1.0)), 0, _STEPS).astype(np.uint16)
        return codes

    def decode(self, codes: UInt16[np.ndarray, "height width"]) -> Float32[np.ndarray, "height width"]:
        """Return the depth that each code stands for, 0 of unknown."""
        return self._depths[codes]

    @property
    def _step(self) -> float:
        """Of the depth's logarithm, from code to code."""
        return math.log(self.farthest / self.nearest) / _STEPS

    @cached_property
    def _depths(self) -> Float32[np.ndarray, "codes"]:
        depths = self.nearest * np.exp(self._step * np.arange(-1, _STEPS + 1, dtype=np.float64))
        depths[0], depths[1], depths[-1] = 0, self.nearest, self.farthest
        return depths.astype(np.float32)


def tag_of(meaning: DepthMeaning, codes: DepthCodes) -> str:
    """Return the tag's text."""
    lens = {} if meaning.horizontal_angle_deg is None else {"horizontal_angle_deg": meaning.horizontal_angle_deg}
    bounds = {"nearest": codes.nearest, "farthest": codes.farthest}
    return json.dumps({"version": TAG_VERSION, "codes": "log", **bounds, "unit": meaning.unit, **lens})


def read_tag(text: str) -> tuple[DepthMeaning, DepthCodes]:
    """Return what :func:`tag_of` wrote.

    Raises:
        MediaError: damaged, of another version, or not what such a tag can say.
    """
    if len(text) > LONGEST_TAG:
        raise MediaError(f"its tag {TAG} has {len(text)} characters; such a tag has at most {LONGEST_TAG}")
    try:
        fields = json.loads(text, parse_constant=_no_number)
        if not isinstance(fields, dict) or type(fields["version"]) is not int:
            raise ValueError("it is no record with a version")
        if fields["version"] == TAG_VERSION:
            return _read_version_1(fields)
    except (ValueError, KeyError, RecursionError, OverflowError, MediaError) as cause:
        why = f"there is no {cause}" if isinstance(cause, KeyError) else cause
        raise MediaError(f"its tag {TAG}, which says what its numbers mean, is damaged: {why}") from cause
    version = str(fields["version"])[:20]
    raise MediaError(f"its tag {TAG} has version {version}; this ex4d reads version {TAG_VERSION}: take a newer one")


def check_angle(angle: float) -> float:
    """Return a horizontal angle of view in degrees.

    Raises:
        MediaError: no lens sees that much.
    """
    if not NARROWEST_DEG <= angle <= WIDEST_DEG:  # NaN, too
        raise MediaError(
            f"its lens sees {angle:g} degrees across; a lens sees {NARROWEST_DEG:g} to {WIDEST_DEG:g} degrees"
        )
    return angle


def _read_version_1(fields: dict[str, Any]) -> tuple[DepthMeaning, DepthCodes]:
    if fields["codes"] != "log":
        raise ValueError(f"codes {str(fields['codes'])[:20]!r} are not known")
    angle, unit = fields.get("horizontal_angle_deg"), fields["unit"]
    if unit not in ("m", "relative"):
        raise ValueError(f"its unit is {str(unit)[:20]!r}; known are m and relative")
    meaning = DepthMeaning(unit, None if angle is None else _float(angle))
    return meaning, DepthCodes(_float(fields["nearest"]), _float(fields["farthest"]))


def _float(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{str(value)[:20]!r} is no number")
    return float(value)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
