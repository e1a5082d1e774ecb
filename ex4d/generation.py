"""What ``ex4d generate`` does: complete a rendered video where its mask says that nothing was seen.

This is EX-4D's second command. Its own files are understood: colour and mask as videos of one size and length, the
mask white where the source was seen, and lossy, so that what is brighter than half counts once it has the size that
the model works at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame, GuideVideo
from ex4d.artifacts.scene import Scene
from ex4d.artifacts.video import Frame
from ex4d.engine_choice import Choice, chosen, require
from ex4d.engine_options import AS_IS, EngineOptions
from ex4d.engine_run import Engines
from ex4d.engines import windows_in_words
from ex4d.errors import MediaError, OutputError, UserError
from ex4d.geometry.pinhole import Pinhole
from ex4d.kernels import announce_compiling
from ex4d.media.probe import MediaInfo, probe
from ex4d.media.reading import read_frames
from ex4d.media.writing import H264Writer
from ex4d.progress import SILENT, Progress
from ex4d.shotlist.model import Synthesis
from ex4d.synthesis.resizing import SEEN_FROM, from_working_size, to_working_size
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.workspace import content_hash, require_apart, write_json


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
    """Frames a second of the output; None is the render's."""


@dataclass(frozen=True)
class Generated:
    """A finished video."""

    output: Path
    manifest: Path
    frame_count: int
    frame_rate: Fraction
    size: tuple[int, int]
    engine: str


@dataclass(frozen=True)
class _Inputs:
    colour: MediaInfo
    mask: MediaInfo
    indices: tuple[int, ...]
    """The frames to complete."""
    rate: Fraction


def generate(job: Generation, progress: Progress = SILENT) -> Generated:
    """Complete a render, and write the video and beside it a manifest of what it was made from.

    Raises:
        UserError: the videos do not belong together, the options mean nothing, or the output cannot be written.
        MissingPart: the engine needs something that is not here.
    """
    manifest = job.output.with_suffix(".json")
    _require_writable(job, manifest)
    inputs = _inputs(job)
    choice = chosen(job.synthesis.engine, job.options)
    if choice.reason:
        progress.say(f"engine: {choice.name}, because {choice.reason}")
    require([choice], job.options)
    announce_compiling(progress)
    movie = H264Writer(job.output, inputs.colour.size, inputs.rate)
    with tempfile.TemporaryDirectory(prefix="ex4d-") as folder:
        guide = _guide(job, choice, inputs, Path(folder), progress)
        first = _first_frame(guide, choice, progress)
        with movie:
            for frame in _completed(job, choice, guide, progress):
                movie.write(from_working_size(frame, inputs.colour.size))
    write_json(manifest, {**_manifest(job, choice, inputs), "first_frame": first})
    return Generated(job.output, manifest, len(inputs.indices), inputs.rate, inputs.colour.size, choice.name)


def _require_writable(job: Generation, manifest: Path) -> None:
    if job.output.suffix.lower() != ".mp4":
        raise OutputError(f"{job.output} does not end in .mp4, which is what is written")
    embeds = job.options.stated.get("prompt_embeds")
    for target in (job.output, manifest):
        require_apart(target, [job.colour, job.mask, *([embeds] if embeds else [])], "write it elsewhere")


def _inputs(job: Generation) -> _Inputs:
    """Read the heads of both videos, and make sure that they belong together."""
    colour, mask = probe(job.colour), probe(job.mask)
    faults = []
    if colour.frame_count != mask.frame_count:
        faults.append(f"has {mask.frame_count} frames, but {job.colour} has {colour.frame_count}")
    if colour.size != mask.size:
        faults.append(f"is {_by(mask.size)}, but {job.colour} is {_by(colour.size)}")
    if faults:
        raise MediaError(f"{job.mask} {' and '.join(faults)}; give the mask that was rendered with the colour")
    return _Inputs(colour, mask, _indices(job, colour.frame_count), job.frame_rate or colour.frame_rate)


def _indices(job: Generation, count: int) -> tuple[int, ...]:
    """Return which frames to take: all, or so many evenly spread from the first to the last, rounded down."""
    if job.frame_count is None:
        return tuple(range(count))
    if not 1 <= job.frame_count <= count:
        raise UserError(f"frames {job.frame_count}: {job.colour} has {count}; write 1 to {count}, or leave it out")
    return tuple(np.linspace(0, count - 1, job.frame_count, dtype=int).tolist())


def _guide(job: Generation, choice: Choice, inputs: _Inputs, folder: Path, progress: Progress) -> GuideVideo:
    """Lay colour and mask down as the guide that engines read, at the size that the model works at."""
    size = choice.engine.settings(job.options).size if choice.engine.own_weights else inputs.colour.size
    count, rate = len(inputs.indices), inputs.rate
    if count < inputs.colour.frame_count:
        pace = float(rate / inputs.colour.frame_rate) * inputs.colour.frame_count / count
        progress.say(
            f"{count} of {inputs.colour.frame_count} frames, evenly spread, at {rate} a second: {pace:.3g}x the pace"
        )
    lens = Pinhole(*size, float(max(size)), (size[0] / 2, size[1] / 2))
    scene = Scene(lens, (0.0, 0.0, 1.0), rate, rate, count / rate)
    times = tuple(index / rate for index in range(count))
    path = CameraPath(np.tile(np.eye(4), (count, 1, 1)), np.ones(count), times, rate, scene)
    progress.begin("read colour and mask", count)
    with GuideVideo.writer(folder / "guide", path, lens) as write:
        for colour, mask in zip(
            *(read_frames(each, inputs.indices) for each in (inputs.colour, inputs.mask)), strict=True
        ):
            visible = to_working_size(mask, size).min(axis=-1) >= SEEN_FROM
            write(GuideFrame(to_working_size(colour, size) * visible[..., None], visible))
            progress.advance()
    return GuideVideo.load(folder / "guide")


def _first_frame(guide: GuideVideo, choice: Choice, progress: Progress) -> str:
    """Say what becomes of a first frame with holes: an engine that goes on from it needs a whole one."""
    seen = float(next(iter(guide.frames(0, 1))).visible.mean())
    if seen == 1.0:
        return "fully visible"
    said = f"{1 - seen:.1%} of the first frame is not visible"
    if choice.engine.own_weights:
        said += f"; {choice.name} goes on from that frame, so it is filled smoothly from around the holes"
        progress.say(said)
    return said


def _completed(job: Generation, choice: Choice, guide: GuideVideo, progress: Progress) -> Iterator[Frame]:
    request = SynthesisRequest(job.synthesis.prompt, job.synthesis.seed, job.synthesis.erode)
    engine = choice.engine
    options = replace(job.options, previews=job.output.with_suffix(".previews"))
    synthesizer = Engines(options, progress).opened(engine)
    if windows := engine.windows(guide.frame_count, job.options):
        progress.say(f"{engine.name}: {guide.frame_count} frames in {windows_in_words(windows)}")
    return synthesizer.synthesize(guide, request)


def _manifest(job: Generation, choice: Choice, inputs: _Inputs) -> dict[str, Any]:
    """Return what the video was made of, and all that was chosen for its user."""
    engine = choice.manifest(job.synthesis, len(inputs.indices), job.options)
    del engine["guide"]  # it was given, not drawn
    return {
        "colour": {"file": str(job.colour), "sha256": content_hash(job.colour), "frames": inputs.colour.frame_count},
        "mask": {"file": str(job.mask), "sha256": content_hash(job.mask)},
        "frames": len(inputs.indices),
        "frame_rate": str(inputs.rate),
        "size": inputs.colour.size,
        "assumed": [*inputs.colour.assumed],
        "engine": engine,
    }


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"
