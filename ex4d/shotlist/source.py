"""What is filmed: the video, its depth, its lens, its subject; and what is made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator

from ex4d.shotlist import units
from ex4d.shotlist.depth import Depth
from ex4d.shotlist.fields import Overscan, Pixel, Positive, Whole, Words, choice, listed, quantity, shown, whole
from ex4d.shotlist.film_format import Rate, Size
from ex4d.shotlist.lens import LensSpec
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text
from ex4d.shotlist.other_words import ENGINES_ELSEWHERE, IN_THE_OUTPUT
from ex4d.shotlist.paths import LocalPath
from ex4d.shotlist.places import ImagePoint, image_point
from ex4d.shotlist.records import Record
from ex4d.shotlist.report import Reading
from ex4d.shotlist.timing import Fit
from ex4d.shotlist.units import radians

Engine = Literal["auto", "mesh", "ex4d", "vace"]
ENGINES: tuple[str, ...] = get_args(Engine)
"""What a shot list or the command line may ask for."""


MOST_ERODED = 64
"""Pixels; more is taken for a mistake."""


class Center(Record):
    """The subject is in the middle of the picture."""


class Nearest(Record):
    """The subject is what is nearest to the camera."""


class SubjectDepth(Record):
    """The subject is at a stated z-depth, on the view axis."""

    example: ClassVar[str] = "{depth: 2.7}"
    depth: Positive
    """How far into the scene it is: metres where the depth is in mm or m, else the depth's own unit."""


def _subject(value: Any, info: Reading) -> Any:
    if not isinstance(value, Node):
        return value
    if value in ("center", "nearest"):
        return Center() if value == "center" else Nearest()
    if isinstance(value, Listed) and len(value) == 2:
        return image_point(value, info)
    if isinstance(value, Mapped):
        return SubjectDepth.model_validate(value, context=info.context)
    raise ValueError(f"{shown(value)} is not a subject; write center, nearest, [50%, 60%] or {{depth: 2.7}}")


def _lens(value: Any) -> Any:
    return value if value == "auto" or not isinstance(value, Node) else LensSpec.model_validate(value)


def _erode(value: Any) -> Any:
    """Read whole pixels, or ``random`` as None."""
    if isinstance(value, str) and value == "random":
        return None
    try:
        pixels = whole(value)
    except ValueError:
        pixels = MOST_ERODED + 1
    if isinstance(pixels, int) and not 0 <= pixels <= MOST_ERODED:
        raise ValueError(f"{shown(value)} is no erosion; write random, or whole pixels from 0 to {MOST_ERODED}, as 5")
    return pixels


def _center(value: Any) -> Any:
    return listed(value, (2,), "[256px, 256px]")


def _stood(value: Any, words: tuple[str, str], most: str) -> Any:
    """Read how the camera stood: an angle in the sense of the first word, or a mapping from one of the words."""
    if not isinstance(value, Node):
        return value
    sign = 1.0
    if isinstance(value, Mapped):
        word = next(iter(value), "")
        if len(value) != 1 or word not in words:
            raise ValueError(f"needs one of {words[0]!r} and {words[1]!r}, as in {{{words[0]}: 12deg}}")
        value, sign = value[word], 1.0 if word == words[0] else -1.0
    angle = radians(quantity(value, units.ANGLE))
    if abs(angle) > radians(units.read_quantity(most)):
        raise ValueError(f"{shown(value)} is out of range: it must be within {most}")
    return sign * angle


def _tilt(value: Any) -> Any:
    return _stood(value, ("down", "up"), "85deg")


def _roll(value: Any) -> Any:
    return _stood(value, ("clockwise", "counterclockwise"), "180deg")


def _metres(value: Any) -> Any:
    if not isinstance(value, Node):
        return value
    metres = quantity(value, units.METRES).value
    if metres <= 0:
        raise ValueError(f"{shown(value)} is no distance; it must be above 0m")
    return metres


Lens = Annotated[LensSpec | Literal["auto"], BeforeValidator(_lens)]
Erode = Annotated[int | None, BeforeValidator(_erode)]
LookedDown = Annotated[float, BeforeValidator(_tilt)]
Rolled = Annotated[float, BeforeValidator(_roll)]
Metres = Annotated[Fraction | None, BeforeValidator(_metres)]
SubjectPlace = Annotated[Center | Nearest | ImagePoint | SubjectDepth, BeforeValidator(_subject)]


class Source(Record):
    """A video with what is known of it."""

    example: ClassVar[str] = "source: {video: media/clip.mp4}"
    later: ClassVar[tuple[str, ...]] = ("cameras",)

    video: LocalPath
    """A video file, or a folder or glob of images."""
    fps: Rate | None = None
    """Frames a second: needed for images; of a video it replaces what the file says."""
    depth: Depth = None
    """How far every pixel is; if not stated, ``ex4d shoot`` cannot go on, and says how to get one."""
    lens: Lens | None = None
    """Of the video as delivered. If not stated, what the depth or the video says, or else 54deg, which is told as
    assumed; ``auto`` does without that guess."""
    center: Annotated[tuple[Pixel, Pixel] | None, BeforeValidator(_center)] = None
    """Where its optical axis meets the picture, from the left and from the top; if not stated, the middle."""
    subject: SubjectPlace = Center()
    """What moves turn about and are measured by: its distance is the unit of all distances."""
    tilt: LookedDown = 0.0
    """How far its camera looked down, which tells where the vertical is."""
    roll: Rolled = 0.0
    """How far its camera was rolled, clockwise."""
    subject_distance: Metres = None
    """How far the subject is in metres; with it, distances may be written in metres too. A shot with a subject or a
    video of its own states its own."""


def _file_name(value: Any) -> Any:
    if not isinstance(value, Node):
        return value
    if (
        not isinstance(value, Text)
        or not re.fullmatch(r"[^\W][\w .()+-]{0,119}", value, re.UNICODE)
        or value.strip() != value
    ):
        raise ValueError(f"{shown(value)} is not a plain file name; write one without folders, as in courtyard.mp4")
    if not value.lower().endswith(".mp4"):
        raise ValueError(f"{shown(value)} does not end in .mp4, which is what is written")
    return str(value)


FileName = Annotated[str, BeforeValidator(_file_name)]


class Output(Record):
    """The finished film."""

    elsewhere: ClassVar[Mapping[str, str]] = IN_THE_OUTPUT
    example: ClassVar[str] = "output: {file: courtyard.mp4, size: 512x512, fps: 24}"
    file: FileName = "edit.mp4"
    """The film's name in the output folder."""
    size: Size | None = None
    """Width and height of the film; if not stated, the source's, rounded down to even."""
    fps: Rate | None = None
    """Frames a second; if not stated, the source's."""
    fit: Fit = "crop"
    """What happens to another aspect. crop: fills, its edges are lost. pad: whole, between bars. squash: stretched."""
    overscan: Overscan = 0.0
    """By how much the picture is enlarged beyond its frame: a little less shows, and moves bare less at the edges."""


class Synthesis(Record):
    """Who completes what the camera uncovers, and how."""

    example: ClassVar[str] = 'synthesis: {engine: mesh, seed: 7, prompt: "a courtyard"}'
    engine: Annotated[Engine, choice(*ENGINES, elsewhere=ENGINES_ELSEWHERE)] = "auto"
    """Which engine; ``auto`` takes the best that can run here, and says which and why."""
    seed: Whole = 0
    """Of its randomness: the same seed, the same film."""
    prompt: Words = ""
    """What the scene shows, for engines that read; if not stated, their own."""
    erode: Erode = None
    """By how many pixels engines with weights trust the edges of what was seen less; if not stated, ``random``: 2 to 8
    drawn for each frame by the seed, as EX-4D does."""
