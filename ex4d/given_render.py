"""A render and its mask that were made elsewhere: their heads read, and found to belong together."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.errors import Faults, MediaError, OutputError, UserError
from ex4d.media.local_files import is_collection
from ex4d.media.probe import MediaInfo, probe
from ex4d.progress import counted
from ex4d.shotlist.model import Synthesis
from ex4d.workspace import require_apart


@dataclass(frozen=True)
class Generation:
    """What is to be completed, and how."""

    colour: Path
    """The render; black, or anything, where the mask is."""
    mask: Path
    """White where the render shows the source, black where it is to be completed."""
    output: Path
    """An MP4."""
    synthesis: Synthesis = field(default_factory=lambda: Synthesis(engine="ex4d"))
    options: EngineOptions = AS_IS
    frame_count: int | None = None
    """So many frames, evenly spread over the video, as EX-4D's own script takes 49; None takes all."""
    frame_rate: Fraction | None = None
    """Frames a second of the output, and of images; None is the render's."""

    @property
    def manifest(self) -> Path:
        """What the video was made of; under a name that nobody's own file has."""
        return self.output.with_suffix(".ex4d.json")

    @property
    def previews(self) -> Path:
        """The folder of previews, where any are asked for."""
        return self.output.with_suffix(".ex4d.previews")


@dataclass(frozen=True)
class Inputs:
    """The heads of what is given."""

    colour: MediaInfo
    mask: MediaInfo
    indices: tuple[int, ...]
    """The frames to complete."""
    rate: Fraction


def read_inputs(job: Generation) -> Inputs:
    """Read the heads of both videos, and make sure that they belong together and that the output can be written.

    Raises:
        UserError: all that is wrong.
    """
    faults = Faults()
    faults.of(lambda: _require_writable(job))
    faults.of(lambda: _require_heard(job))
    colour, mask = faults.of(lambda: _probed(job.colour, job)), faults.of(lambda: _probed(job.mask, job))
    indices = colour and faults.of(lambda: _indices(job, colour.frame_count))
    if colour:
        faults.of(lambda: _require_even(colour))
    if colour and mask:
        faults.of(lambda: _require_one_render(colour, mask))
    faults.tell()
    assert colour and mask and indices
    return Inputs(colour, mask, indices, job.frame_rate or colour.frame_rate)


def _require_heard(job: Generation) -> None:
    if job.synthesis.prompt and job.options.stated.get("prompt_embeds"):
        raise UserError("--prompt-embeds holds the prompt; leave out --prompt")


def _require_writable(job: Generation) -> None:
    if job.output.suffix.lower() != ".mp4":
        raise OutputError(f"{job.output} does not end in .mp4, which is what is written")
    own = (job.options.stated.get("prompt_embeds"), job.options.adapter, *job.options.loras)
    for target in (job.output, job.manifest):
        sources = [job.colour, job.mask, *(file for file in own if file)]
        require_apart(target, sources, "write it elsewhere")


def _probed(path: Path, job: Generation) -> MediaInfo:
    """Read a head; a video file keeps its own rate, so that colour and mask can be compared."""
    if not is_collection(path):
        return probe(path)
    if job.frame_rate is None:
        raise MediaError(f"{path} is a folder or glob of images; say how fast they play, as in --fps 24")
    return probe(path, job.frame_rate)


def _require_even(colour: MediaInfo) -> None:
    if colour.width % 2 or colour.height % 2:
        width, height = (max(2, side - side % 2) for side in colour.size)
        raise MediaError(
            f"{colour.path} is {_by(colour.size)}, but the video that is written has even sides only; cut colour and "
            f"mask to {width}x{height} before, as ffmpeg -vf crop={width}:{height}:0:0 does"
        )


def _require_one_render(colour: MediaInfo, mask: MediaInfo) -> None:
    faults = []
    if colour.frame_count != mask.frame_count:
        faults.append(f"has {counted(mask.frame_count, 'frame')}, but {colour.path} has {colour.frame_count}")
    if colour.size != mask.size:
        faults.append(f"is {_by(mask.size)}, but {colour.path} is {_by(colour.size)}")
    if not (colour.images or mask.images) and colour.frame_rate != mask.frame_rate:
        faults.append(f"has {mask.frame_rate} frames a second, but {colour.path} has {colour.frame_rate}")
    if faults:
        raise MediaError(f"{mask.path} {' and '.join(faults)}; give the mask that was rendered with the colour")


def _indices(job: Generation, count: int) -> tuple[int, ...]:
    """Return which frames to take: all, or so many evenly spread from the first to the last, rounded down."""
    if job.frame_count is None:
        return tuple(range(count))
    if not 1 <= job.frame_count <= count:
        raise UserError(f"frames {job.frame_count}: {job.colour} has {count}; write 1 to {count}, or leave it out")
    return tuple(np.linspace(0, count - 1, job.frame_count, dtype=int).tolist())


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
