"""What ``ex4d generate`` does: complete a rendered video where its mask says that nothing was seen.

This is EX-4D's second command. Its own files are understood: colour and mask as videos of one size and length, the
mask white where the source was seen, and lossy, so that what is brighter than half counts once it has the size that
the model works at.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame, GuideVideo
from ex4d.artifacts.scene import Scene
from ex4d.artifacts.video import Frame
from ex4d.engines.choice import Choice, chosen, require
from ex4d.engines.registry import windows_in_words
from ex4d.engines.run import Engines
from ex4d.geometry.pinhole import Pinhole
from ex4d.given_render import Generation, Inputs, read_inputs
from ex4d.kernels import announce_compiling
from ex4d.manifest import package_versions
from ex4d.media.atomic import lent_folder, replacing
from ex4d.media.probe import MediaInfo
from ex4d.media.reading import read_frames
from ex4d.media.writing import H264Writer
from ex4d.progress import SILENT, Progress, counted
from ex4d.synthesis.resizing import SEEN_FROM, from_working_size, to_working_size
from ex4d.synthesis.synthesizer import SynthesisRequest
from ex4d.workspace import content_hash

NEARLY = 32
"""Levels of 255 that a lossy mask's black and white may be off by."""


@dataclass(frozen=True)
class Generated:
    """A finished video."""

    output: Path
    manifest: Path
    frame_count: int
    frame_rate: Fraction
    size: tuple[int, int]
    engine: str


def generate(job: Generation, progress: Progress = SILENT) -> Generated:
    """Complete a render, and write the video and beside it a manifest of what it was made from.

    Raises:
        UserError: the videos do not belong together, the options mean nothing, or the output cannot be written.
        MissingPart: the engine needs something that is not here.
    """
    inputs = read_inputs(job)
    choice = chosen(job.synthesis.engine, job.options)
    if choice.reason:
        progress.say(f"engine: {choice.name}, because {choice.reason}")
    require([choice], job.options)
    announce_compiling(progress)
    engines = Engines(replace(job.options, previews=job.previews), progress)
    with lent_folder(job.output) as folder:
        guide = _guide(job, choice, inputs, folder, progress)
        manifest = {**_manifest(job, choice, inputs, engines), "first_frame": _first_frame(guide, choice, progress)}
        _write(job, inputs, _completed(job, choice, guide, engines, progress), manifest)
    return Generated(job.output, job.manifest, len(inputs.indices), inputs.rate, inputs.colour.size, choice.name)


def _guide(job: Generation, choice: Choice, inputs: Inputs, folder: Path, progress: Progress) -> GuideVideo:
    """Lay colour and mask down as the guide that engines read, at the size that the model works at."""
    size = choice.engine.settings(job.options).size if choice.engine.own_weights else inputs.colour.size
    count, rate = len(inputs.indices), inputs.rate
    _tell_pace(inputs, progress)
    lens = Pinhole(*size, float(max(size)), (size[0] / 2, size[1] / 2))
    scene = Scene(lens, (0.0, 0.0, 1.0), rate, rate, count / rate)
    times = tuple(index / rate for index in range(count))
    path = CameraPath(np.tile(np.eye(4), (count, 1, 1)), np.ones(count), times, rate, scene)
    progress.begin("read colour and mask", count)
    gray = []
    with GuideVideo.writer(folder / "guide", path, lens) as write:
        for colour, mask in zip(
            *(read_frames(each, inputs.indices) for each in (inputs.colour, inputs.mask)), strict=True
        ):
            visible = to_working_size(mask, size).min(axis=-1) >= SEEN_FROM
            write(GuideFrame(to_working_size(colour, size) * visible[..., None], visible))
            gray.append(float(((mask > NEARLY) & (mask < 255 - NEARLY)).mean()))
            progress.advance()
    if (share := float(np.mean(gray))) > 0.5:
        progress.say(f"{share:.0%} of {job.mask} is neither black nor white: what is brighter than half was seen")
    return GuideVideo.load(folder / "guide")


def _tell_pace(inputs: Inputs, progress: Progress) -> None:
    count, whole, rate = len(inputs.indices), inputs.colour.frame_count, inputs.rate
    if count < whole:
        pace = float(rate / inputs.colour.frame_rate) * whole / count
        progress.say(f"{count} of {whole} frames, evenly spread, at {rate} a second: {pace:.3g}x the pace")


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


def _completed(
    job: Generation, choice: Choice, guide: GuideVideo, engines: Engines, progress: Progress
) -> Iterator[Frame]:
    request = SynthesisRequest(job.synthesis.prompt, job.synthesis.seed, job.synthesis.erode)
    engine = choice.engine
    synthesizer = engines.opened(engine)
    if windows := engine.windows(guide.frame_count, job.options):
        progress.say(f"{engine.name}: {counted(guide.frame_count, 'frame')} in {windows_in_words(windows)}")
    return synthesizer.synthesize(guide, request)


class _EngineFailedError(Exception):
    """Carries an engine's error past the writers, which take any of the system's errors for their own."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _carried(frames: Iterator[Frame]) -> Iterator[Frame]:
    try:
        yield from frames
    except Exception as error:
        raise _EngineFailedError(error) from error


def _write(job: Generation, inputs: Inputs, frames: Iterator[Frame], manifest: Mapping[str, Any]) -> None:
    """Write video and manifest; both are whole, and on the disk, before the first of them takes its name."""
    size = inputs.colour.size
    try:
        with replacing(job.manifest) as note, H264Writer(job.output, size, inputs.rate) as movie:
            for frame in _carried(frames):
                movie.write(from_working_size(frame, size))
            with note.open("w", encoding="utf-8") as file:
                file.write(json.dumps(manifest, indent=2, sort_keys=True, default=str) + "\n")
                file.flush()
                os.fsync(file.fileno())
    except _EngineFailedError as failed:
        raise failed.error from failed.error.__cause__


def _manifest(job: Generation, choice: Choice, inputs: Inputs, engines: Engines) -> dict[str, Any]:
    """Return what the video was made of, and all that was chosen for its user."""
    content = engines.ingredients(choice.engine, job.synthesis)
    hashes = ("code", "weights", "loras", "prompt_embeds")
    return {
        "colour": _source(inputs.colour),
        "mask": _source(inputs.mask),
        "frames": len(inputs.indices),
        "frames_taken": inputs.indices,
        "frame_rate": str(inputs.rate),
        "size": inputs.colour.size,
        "assumed": [*inputs.colour.assumed],
        "engine": _engine_manifest(job, choice, len(inputs.indices)),
        "sha256": {name: content[name] for name in hashes if name in content},
        "ex4d": version("ex4d"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "packages": package_versions(),
    }


def _source(info: MediaInfo) -> dict[str, Any]:
    return {
        "file": str(info.path),
        "sha256": content_hash(info.path),
        "frames": info.frame_count,
        "frame_rate": str(info.frame_rate),
    }


def _engine_manifest(job: Generation, choice: Choice, count: int) -> dict[str, Any]:
    said = choice.manifest(job.synthesis, count, job.options)
    del said["guide"]  # it was given, not drawn
    if not choice.engine.own_weights:
        return said
    if job.options.stated.get("prompt_embeds"):  # they hold the negative prompt, too
        said["settings"] = {**said["settings"], "negative_prompt": said["prompt"]}
    plan = choice.engine.planned_memory(choice.engine.for_one_shot(job.options))
    vram = choice.engine.settings(job.options).vram_gb
    return {**said, "vram_gb": vram, "memory": None if plan is None else plan.in_words()}
