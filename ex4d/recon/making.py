"""Render a video from other cameras, frame by frame as they are written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.artifacts.guide_video import GuideFrame
from ex4d.backdrop import frame_mesh
from ex4d.errors import MissingPart, ReconstructionError, UserError
from ex4d.estimated_depth import DepthMeans
from ex4d.guide import GuideRecipe, draw_guide, source_shown
from ex4d.kernels import announce_compiling
from ex4d.progress import SILENT, Progress
from ex4d.recon.cameras import Staged, stage
from ex4d.recon.inputs import Inputs, read_inputs
from ex4d.recon.job import Recon
from ex4d.recon.outputs import Outputs, manifest_of
from ex4d.reconstruction.closed_surface import closed_surface
from ex4d.render.choice import open_rasterizer
from ex4d.render.coverage import Coverage, coverage_of, summary_of, worst_in_words
from ex4d.render.rasterizer import Rasterizer
from ex4d.source_media import Media, called, open_media


@dataclass(frozen=True)
class Reconstructed:
    """What was written."""

    files: tuple[Path, ...]
    manifest: Path
    size: tuple[int, int]
    frame_rate: Fraction
    coverage: tuple[Coverage, ...]
    """Of each frame, how much of it the source never showed, and where."""

    @property
    def mean_uncovered(self) -> float:
        """Share of all pixels that the source never showed."""
        return float(summary_of(dict(enumerate(self.coverage)))["mean"])

    @property
    def worst(self) -> str:
        """How much of the worst frame is uncovered, which it is, and where, in words."""
        return worst_in_words(dict(enumerate(self.coverage)))


def reconstruct(job: Recon, progress: Progress = SILENT) -> Reconstructed:
    """Render what is asked for, and write it; everything that can be wrong before is found before.

    Raises:
        UserError: what is given is at fault, or the folder cannot be written.
        MissingPart: depth or a rasterizer is missing.
    """
    inputs = read_inputs(job)
    announce_compiling(progress)
    rasterizer = open_rasterizer(job.rasterizer, progress)
    staged = stage(job, inputs, _media(job, inputs, progress))
    meshes = _mesh_frames(job, len(staged.path))
    if job.save_camera:
        _ = staged.cameras  # it is found before anything is made if its file cannot hold them
    for words in (*inputs.said, *staged.told, *(f"assumed: {words}" for words in staged.footage.scene.assumed)):
        progress.say(words)
    lens, rate = staged.path.scene.lens, staged.path.frame_rate
    with Outputs.opened(job, (lens.width, lens.height), rate) as outputs:
        if job.save_camera:
            outputs.cameras(staged)
        _write_meshes(job, staged, meshes, outputs, progress)
        coverage = tuple(_write_frames(job, staged, rasterizer, outputs, progress))
        outputs.manifest(manifest_of(job, inputs, staged, coverage, outputs.written))
    return Reconstructed(tuple(outputs.written), job.manifest, (lens.width, lens.height), rate, coverage)


def _media(job: Recon, inputs: Inputs, progress: Progress) -> Media:
    try:
        return open_media(
            inputs.source,
            called(inputs.shot),
            frames=inputs.frame_count,
            progress=progress,
            means=DepthMeans(job.models, job.device),
        )
    except MissingPart as missing:
        if job.video is None:
            raise
        words = str(missing).removeprefix(f"{called(inputs.shot)}: ")
        raise MissingPart(f"{words}\nor give depth that you have, as in --depth FILE --depth-unit mm") from missing


def _mesh_frames(job: Recon, count: int) -> range | tuple[int, ...]:
    """Return the frames whose meshes are saved, in order."""
    if job.mesh_frames == "all":
        return range(count)
    beyond = [str(index) for index in job.mesh_frames if not 0 <= int(index) < count]
    if beyond:
        raise UserError(f"--mesh-frames {', '.join(beyond)}: there are frames 0 to {count - 1}")
    return tuple(sorted({int(index) for index in job.mesh_frames}))


def _write_meshes(
    job: Recon, staged: Staged, chosen: range | tuple[int, ...], outputs: Outputs, progress: Progress
) -> None:
    if not chosen:
        return
    footage = staged.footage
    progress.begin("meshes", len(chosen))
    sources = footage.frames([staged.path.source_time[index] for index in chosen])
    for index, source in zip(chosen, sources, strict=True):
        mesh = frame_mesh(source.colour, source.depth, footage, job.profile, source.known)
        surface = closed_surface(mesh, reference=job.profile_name == "reference")
        outputs.mesh(index, replace(surface, lens=footage.grid_lens))  # without the ring round the frame
        progress.advance()


def _write_frames(
    job: Recon, staged: Staged, rasterizer: Rasterizer, outputs: Outputs, progress: Progress
) -> Iterator[Coverage]:
    """Write frames as they are drawn; yield of each how much is uncovered."""
    progress.begin(f"recon {job.name}", len(staged.path))
    for frame in _drawn(job, staged, rasterizer):
        outputs.frame(frame)
        progress.advance()
        yield coverage_of(frame.visible)


def _drawn(job: Recon, staged: Staged, rasterizer: Rasterizer) -> Iterator[GuideFrame]:
    """Yield what each camera sees.

    A camera that is the source's own sees the source's frame, all of it. The released code does that in its first
    frame only, but wherever the first camera is.
    """
    released = job.profile_name == "reference"
    recipe = GuideRecipe(job.profile, in_depth_units=True, background=False, renders_unmoved=released)
    drawn = draw_guide(staged.footage, staged.path, rasterizer, recipe)
    for index in range(len(staged.path)):
        try:
            frame = next(drawn)
        except ReconstructionError as fault:
            raise ReconstructionError(f"{staged.footage.clip.path}, frame {index}: {fault}") from fault
        yield _source_frame(staged, frame) if released and index == 0 else frame


def _source_frame(staged: Staged, drawn: GuideFrame) -> GuideFrame:
    colour = source_shown(staged.footage, staged.path, 0)
    return replace(drawn, colour=colour, visible=np.ones_like(drawn.visible))
