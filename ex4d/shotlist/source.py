"""What is filmed: the video, its depth, its lens, its subject; and what is made of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import BeforeValidator

from ex4d.shotlist.fields import (
    Number,
    Overscan,
    Pixel,
    Positive,
    Rate,
    Size,
    Whole,
    Words,
    choice,
    listed,
    shown,
    whole,
)
from ex4d.shotlist.lens import DEFAULT_LENS, LensSpec
from ex4d.shotlist.nodes import Listed, Mapped, Node, Text
from ex4d.shotlist.places import ImagePoint, image_point
from ex4d.shotlist.records import Reading, Record
from ex4d.shotlist.timing import Fit
from ex4d.shotlist.units import quoted

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PLAYLISTS = (".m3u", ".m3u8", ".ffconcat", ".pls", ".mpd", ".xspf", ".sdp")


def _local_path(value: Any) -> Any:
    """Resolve a written path against the folder of the file in which it stands."""
    if isinstance(value, Listed | Mapped) or (isinstance(value, Text) and not value.strip()):
        raise ValueError(f"needs the path of a file or folder, but got {shown(value)}")
    if not isinstance(value, Text):
        return value
    if (why := why_no_path(value)) is not None:
        raise ValueError(why)
    return (Path(value.where.file).parent / str(value)).absolute()


def why_no_path(written: str) -> str | None:
    """Return what is wrong with a path as it is written, whatever is there; None where nothing is."""
    if any(ord(character) < 32 for character in written):
        return f"{quoted(written)} is not a path: it has control characters"
    if _SCHEME.match(written):
        return f"{quoted(written)} is not a local file; addresses and protocols are not read, download it first"
    if written.lower().endswith(_PLAYLISTS):
        return f"{quoted(written)} is a playlist; name the media file itself"
    return None


LocalPath = Annotated[Path, BeforeValidator(_local_path)]
"""A file or folder of this machine."""
DepthUnit = Literal["mm", "m", "relative", "disparity"]
DEPTH_UNITS: tuple[str, ...] = get_args(DepthUnit)
Engine = Literal["auto", "mesh", "ex4d", "vace"]
ENGINES: tuple[str, ...] = get_args(Engine)
"""What a shot list or the command line may ask for."""


MOST_ERODED = 64
"""Pixels; more is taken for a mistake."""


class DepthFile(Record):
    """Depth that the user has."""

    example: ClassVar[str] = "depth: {file: media/depth.npz, unit: mm, unknown: 0}"
    file: LocalPath
    unit: Annotated[DepthUnit | None, choice(*DEPTH_UNITS)] = None
    """What its numbers are; None takes what the file says."""
    unknown: Number | None = None
    """The number that stands for "not known"."""


class DepthModel(Record):
    """Depth that a model is to estimate."""

    example: ClassVar[str] = "depth: {model: auto}"
    model: Words


class Center(Record):
    """The subject is in the middle of the picture."""


class Nearest(Record):
    """The subject is what is nearest to the camera."""


class SubjectDepth(Record):
    """The subject is at a stated z-depth, on the view axis."""

    depth: Positive
    """Metres where the depth is in mm or m, else its own unit."""


def _depth(value: Any, info: Reading) -> Any:
    if isinstance(value, Text):
        return DepthFile.model_validate({"file": value})
    if isinstance(value, Mapped):
        kind = DepthModel if "model" in value else DepthFile
        return kind.model_validate(value, context=info.context)
    return value


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


Depth = Annotated[DepthFile | DepthModel | None, BeforeValidator(_depth)]
Lens = Annotated[LensSpec | Literal["auto"], BeforeValidator(_lens)]
Erode = Annotated[int | None, BeforeValidator(_erode)]
SubjectPlace = Annotated[Center | Nearest | ImagePoint | SubjectDepth, BeforeValidator(_subject)]


class Source(Record):
    """A video with what is known of it."""

    example: ClassVar[str] = "source: {video: media/clip.mp4}"
    later: ClassVar[tuple[str, ...]] = ("tilt", "roll", "cameras", "subject_distance")

    video: LocalPath
    """A video file, or a folder or glob of images."""
    fps: Rate | None = None
    """Frames a second; required for images, overrides a video's own."""
    depth: Depth = None
    """None where nothing is stated."""
    lens: Lens = DEFAULT_LENS
    """As delivered, before fitting."""
    lens_stated: bool = False
    """Whether the user stated it; else it is assumed, and said so."""
    center: Annotated[tuple[Pixel, Pixel] | None, BeforeValidator(_center)] = None
    """Principal point (x, y), pixels of the source as delivered; None is the middle."""
    subject: SubjectPlace = Center()

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """Return the keys that a user may write."""
        return tuple(word for word in super().words() if word != "lens_stated")

    @classmethod
    def spelled(cls, node: Mapped) -> dict[str, Any]:
        """Note whether the lens is stated."""
        return {**super().spelled(node), "lens_stated": "lens" in node}


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


class Output(Record):
    """The finished film."""

    example: ClassVar[str] = "output: {file: courtyard.mp4, size: 512x512, fps: 24}"
    file: Annotated[str, BeforeValidator(_file_name)] = "edit.mp4"
    """A plain name in the output folder."""
    size: Size | None = None
    """(width, height), pixels; None is the source's, rounded down to even."""
    fps: Rate | None = None
    """Frames a second; None is the source's."""
    fit: Fit = "crop"
    overscan: Overscan = 0.0


class Synthesis(Record):
    """Who completes what the camera uncovers, and how."""

    example: ClassVar[str] = 'synthesis: {engine: mesh, seed: 7, prompt: "a courtyard"}'
    engine: Annotated[Engine, choice(*ENGINES)] = "auto"
    seed: Whole = 0
    prompt: Words = ""
    """What the scene shows, for engines that read; empty is their own."""
    erode: Erode = None
    """Pixels by which engines with weights trust the edges of what was seen less; None draws 2 to 8 for each frame by
    the seed, as EX-4D does."""
