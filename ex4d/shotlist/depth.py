"""The depth of what is filmed: a file that the user has, or a model that is to estimate it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.fields import Number, Switch, Words, choice, quantity, reader, shown
from ex4d.shotlist.nodes import Mapped, Text
from ex4d.shotlist.other_words import DEPTH_UNITS_ELSEWHERE
from ex4d.shotlist.paths import LocalPath
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Reading

DepthUnit = Literal["mm", "m", "relative", "disparity"]
DEPTH_UNITS: tuple[str, ...] = get_args(DepthUnit)
Upsampling = Literal["surfaces", "guided"]
UPSAMPLINGS: tuple[str, ...] = get_args(Upsampling)
SMALLEST_SIDE, LARGEST_SIDE = 64, 16384
"""Pixels of the longest side that a model looks at."""
MOST_FRAMES = 10_000
"""Frames that a model looks at together."""


def _pixels(found: units.Quantity) -> int:
    if found.value.denominator != 1:
        raise ValueError(f"{found} is not a whole number of pixels")
    return int(found.value)


def _frames(value: Any) -> Any:
    if not isinstance(value, str | Mapped | list):
        return value
    found = quantity(value, units.FRAMES).value
    if found.denominator != 1 or not 1 <= found <= MOST_FRAMES:
        raise ValueError(f"{shown(value)} is out of range: write whole frames from 1f to {MOST_FRAMES}f")
    return int(found)


Longest = Annotated[int, reader(units.PIXELS, _pixels, f"{SMALLEST_SIDE}px", f"{LARGEST_SIDE}px")]
Frames = Annotated[int, BeforeValidator(_frames)]


class DepthFile(Record):
    """Depth that you have."""

    example: ClassVar[str] = "depth: {file: media/depth.npz, unit: mm, unknown: 0}"
    file: LocalPath
    """npz, npy, EXR, 16-bit PNGs, or a 16-bit video."""
    unit: Annotated[DepthUnit | None, choice(*DEPTH_UNITS, elsewhere=DEPTH_UNITS_ELSEWHERE)] = None
    """What its numbers are; if not stated, what the file says."""
    unknown: Number | None = None
    """The number that stands for "not known"."""
    sharpen: Switch | None = None
    """Whether soft edges are made clean; if not stated they are not, as what you have is taken as it is."""
    upsample: Annotated[Upsampling | None, choice(*UPSAMPLINGS)] = None
    """How it is enlarged where it has fewer pixels than the video; if not stated, such a file is refused."""


class DepthModel(Record):
    """Depth that a model is to estimate."""

    example: ClassVar[str] = "depth: {model: auto}"
    model: Words
    """Which model, as ``depthcrafter``; ``auto`` chooses one and says which."""
    longest: Longest | None = None
    """The longest side at which the model looks; if not stated, the model's own."""
    window: Frames | None = None
    """Frames that it looks at together; if not stated, the model's own."""
    sharpen: Switch | None = None
    """Whether soft edges are made clean; if not stated they are, as networks soften all of them."""
    upsample: Annotated[Upsampling | None, choice(*UPSAMPLINGS)] = None
    """How it is enlarged; if not stated, ``guided``: the colour decides where its edges are."""

    @property
    def settings(self) -> dict[str, int]:
        """What is set of the model itself."""
        stated = {"longest": self.longest, "window": self.window}
        return {name: value for name, value in stated.items() if value is not None}


def _depth(value: Any, info: Reading) -> Any:
    if isinstance(value, Text) and value == "auto":
        raise ValueError("'auto' is no file; to have it estimated, write depth: {model: auto}")
    if isinstance(value, Text):
        return DepthFile.model_validate({"file": value})
    if isinstance(value, Mapped):
        kind = DepthModel if "model" in value else DepthFile
        return kind.model_validate(value, context=info.context)
    return value


Depth = Annotated[DepthFile | DepthModel | None, BeforeValidator(_depth)]
