"""What a user says of a depth file, held against what the file itself says and holds."""

from __future__ import annotations

from ex4d.errors import MediaError
from ex4d.media.depth_files import RawDepth
from ex4d.media.probe import MediaInfo
from ex4d.shotlist.depth import DEPTH_UNITS
from ex4d.shotlist.model import DepthFile

SAME_SHAPE = 0.02
"""How far the sides' ratio of smaller depth may be from the video's: networks round to multiples of 14 or 64 pixels."""
MOST_METRES, LEAST_MILLIMETRES = 1000.0, 50.0
"""Whole numbers of which half are above the first are no metres, and floating point of which half is below the second
is no millimetres: nobody measures a kilometre to the metre, or films what is five centimetres away."""


def require_fit(depth: DepthFile, raw: RawDepth, clip: MediaInfo, frames: int | None) -> None:
    """Refuse depth that is not of this video, or of fewer pixels where the user does not say how they are enlarged.

    Raises:
        MediaError: another size or length.
    """
    if (raw.width, raw.height) != clip.size:
        _check_smaller(depth, raw, clip)
    if raw.frame_count not in {clip.frame_count, frames}:
        fewer = "" if frames in {None, clip.frame_count} else f", or for the {frames} of them that are asked for"
        raise MediaError(
            f"{raw.path} has {raw.frame_count} frames, but the video {clip.path.name} has {clip.frame_count}; "
            f"depth has a frame for every frame of the video{fewer}"
        )


def _check_smaller(depth: DepthFile, raw: RawDepth, clip: MediaInfo) -> None:
    sizes = (
        f"{raw.path} is {raw.width}x{raw.height}, but the video {clip.path.name} is {clip.width}x{clip.height}; "
        "depth has a number for every pixel of the video"
    )
    if (raw.height, raw.width) == clip.size:
        raise MediaError(f"{sizes}; it lies on its side: turn it by a quarter, as the video is shown")
    if raw.width > clip.width or raw.height > clip.height:
        raise MediaError(sizes)
    if abs(raw.width * clip.height / (raw.height * clip.width) - 1) > SAME_SHAPE:
        raise MediaError(f"{sizes}, or fewer in the same shape")
    if depth.upsample is None:
        raise MediaError(f"{sizes}; if these cover the whole picture, write 'upsample: guided', and they are enlarged")


def agreed_unit(depth: DepthFile, raw: RawDepth) -> tuple[str, tuple[str, ...]]:
    """Return the unit, and what was assumed for it: the file's word, the user's, or by the kind of its numbers.

    Raises:
        MediaError: the file's word is no unit, or the user's is another.
    """
    if raw.unit is not None and raw.unit not in DEPTH_UNITS:
        raise MediaError(f"{raw.path} says its unit is {raw.unit!r}; known are {', '.join(DEPTH_UNITS)}")
    if raw.unit and depth.unit and raw.unit != depth.unit:
        raise MediaError(f"{raw.path} says its unit is {raw.unit}; you wrote {depth.unit}: leave it out")
    if stated := raw.unit or depth.unit:
        return stated, ()
    if raw.is_integer:
        return "mm", ("depth in mm, as its numbers are whole",)
    return "relative", ("depth in a unit of its own, as none is stated",)


def agreed_unknown(depth: DepthFile, raw: RawDepth) -> float | None:
    """Return the number that stands for "not known", by the file's word or the user's.

    Raises:
        MediaError: they differ.
    """
    if None not in (depth.unknown, raw.unknown) and depth.unknown != raw.unknown:
        stated = f"{raw.path} says that {raw.unknown:g} stands for unknown"
        raise MediaError(f"{stated}; you wrote {depth.unknown:g}: leave it out")
    return raw.unknown if depth.unknown is None else depth.unknown


def require_plausible(depth: DepthFile, raw: RawDepth, median: float) -> None:
    """Refuse a unit of the user's that the numbers cannot be in; of a file that states its own, nothing is asked.

    Args:
        depth: what the user says.
        raw: the file.
        median: of its known depth, in metres.

    Raises:
        MediaError: metres that are millimetres, or the other way round.
    """
    if raw.unit is not None:
        return
    if depth.unit == "m" and raw.is_integer and median > MOST_METRES:
        found, are, unit = f"whole numbers, half of them above {median:.4g}", "millimetres", "mm"
    elif depth.unit == "mm" and not raw.is_integer and 1000 * median < LEAST_MILLIMETRES:
        found, are, unit = f"floating-point numbers, half of them below {1000 * median:.4g}", "metres", "m"
    else:
        return
    raise MediaError(f"{raw.path} holds {found}, as {are} are; you wrote that its unit is {depth.unit}: write {unit}")
