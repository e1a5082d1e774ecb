"""What was filmed, and what is made of it, in words."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ex4d.preflight.explanation.quantities import counted_as, degrees, lens, number, side
from ex4d.preflight.explanation.spots import picture
from ex4d.progress import counted
from ex4d.shotlist.model import (
    DepthFile,
    DepthModel,
    ImagePoint,
    LensSpec,
    Nearest,
    Output,
    Source,
    SubjectDepth,
    Synthesis,
)

_UNITS = {"mm": "millimetres", "m": "metres", "relative": "a unit of its own", "disparity": "disparity"}


def source_in_words(source: Source, folder: str, *, others_lean: bool) -> Iterator[str]:
    """Yield sentences on a source.

    Args:
        source: of a shot.
        folder: that files are named as seen from.
        others_lean: whether some camera of the film was not level, so that it is worth a word if this one was.
    """
    rate = f", at {number(source.fps, 5)} frames a second" if source.fps is not None else ""
    yield f"filmed: {os.path.relpath(source.video, folder)}{rate}"
    yield _depth(source, folder)
    yield _lens(source) + _axis(source)
    yield f"the subject is {_subject(source)}"
    if leans(source) or others_lean:
        yield _stood(source)


def _depth(source: Source, folder: str) -> str:
    depth = source.depth
    if isinstance(depth, DepthFile):
        unit = f", in {_UNITS[depth.unit]}" if depth.unit is not None else ""
        return f"its depth, how far everything is, comes from {os.path.relpath(depth.file, folder)}{unit}"
    if isinstance(depth, DepthModel):
        return f"its depth, how far everything is, will be estimated (model: {depth.model})"
    return "its depth, how far everything is, is not stated: to shoot it takes source.depth"


def _lens(source: Source) -> str:
    if isinstance(source.lens, LensSpec):
        return f"its lens: {lens(source.lens)}"
    if source.lens == "auto":
        return "its lens: what the depth or the video says"
    return "its lens: what the depth or the video says, or else 54 degrees across"


def _subject(source: Source) -> str:
    subject, stated = source.subject, ""
    if source.subject_distance is not None:
        stated = f", {counted_as(source.subject_distance, 'metre')} away"
    if isinstance(subject, ImagePoint):
        return f"what the picture shows at {picture(subject.x, subject.y)}{stated}"
    if isinstance(subject, SubjectDepth):
        known = isinstance(source.depth, DepthFile) and source.depth.unit in ("mm", "m")
        metres = counted_as(subject.depth, "metre") + " away"
        return f"straight ahead, {metres if known else f'at a depth of {number(subject.depth)}'}"
    return (
        f"what is nearest to the camera{stated}"
        if isinstance(subject, Nearest)
        else f"in the middle of the picture{stated}"
    )


def _axis(source: Source) -> str:
    """Say where the lens's axis meets the picture, where that is not its middle."""
    if source.center is None:
        return ""
    across, down = (number(value, 6) for value in source.center)
    return f", its axis {across} px from the left and {down} px from the top"


def leans(source: Source) -> bool:
    """Return whether the camera that filmed was not level."""
    return bool(source.tilt or source.roll)


def _stood(source: Source) -> str:
    """Say how the camera that filmed stood."""
    parts = []
    if source.tilt:
        parts.append(f"looked {side(source.tilt, 'down', 'up')} by {degrees(source.tilt)}")
    if source.roll:
        parts.append(f"was rolled {degrees(source.roll)} {side(source.roll, 'clockwise', 'counterclockwise')}")
    if not parts:
        return "the camera that filmed it was level"
    return f"the camera that filmed it {' and '.join(parts)}, so it is known which way is up"


def output_in_words(output: Output) -> str:
    """Say what is made."""
    size = f"{output.size[0]}x{output.size[1]} pixels" if output.size else "as large as the source"
    rate = f"{number(output.fps, 5)} frames a second" if output.fps else "at the source's rate"
    fits = {"crop": "", "pad": ", with bars where the shape differs", "squash": ", squeezed to that shape"}
    spare = ""
    if output.overscan:
        spare = f", with {number(100 * output.overscan)} % of overscan: a little less is shown than was filmed"
    return f"made: {output.file}, {size}, {rate}{fits[output.fit]}{spare}"


_ENGINES = {
    "auto": "by the engine that suits this machine",
    "mesh": "from what other frames saw, without a model (engine mesh)",
    "ex4d": "by EX-4D's model (engine ex4d)",
    "vace": "by the model Wan2.1-VACE (engine vace)",
}


def synthesis_in_words(synthesis: Synthesis) -> str:
    """Say who completes what the source never saw."""
    prompt = f', described as "{synthesis.prompt}"' if synthesis.prompt else ""
    edges = (
        f", not trusting the outermost {counted(synthesis.erode, 'pixel')} of what was seen"
        if synthesis.erode is not None
        else ""
    )
    return f"what the source never saw is completed {_ENGINES[synthesis.engine]}, seed {synthesis.seed}{edges}{prompt}"
