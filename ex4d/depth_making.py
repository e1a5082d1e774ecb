"""What ``ex4d depth`` does: the depth and the lens of a video alone, in a file that says what it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ex4d.artifacts.mesh_profile import widest_step
from ex4d.errors import Faults, OutputError
from ex4d.estimated_depth import USUAL_MEANS, DepthMeans, known_model
from ex4d.geometry.pinhole import Pinhole
from ex4d.kernels import announce_compiling
from ex4d.media.depth_files import open_raw_depth
from ex4d.media.depth_meaning import DepthMeaning
from ex4d.media.depth_writing import DepthNpzWriter, DepthVideoWriter
from ex4d.media.false_colour import PreviewWriter
from ex4d.media.fitting import Fit
from ex4d.media.probe import probe
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.depth_figures import DepthFigures, FigureCounter
from ex4d.reconstruction.refinement import Depth, Known, Picture, Refinement, refined_frames
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.shotlist.model import DepthFile, DepthModel, LensSpec, Source
from ex4d.source_lens import FoundLens, lens_of
from ex4d.source_media import Media, open_media
from ex4d.workspace import content_hash, require_apart, require_folder, write_json

KINDS = (".npz", ".mkv")
"""Exact float32, or 16-bit video."""


@dataclass(frozen=True)
class DepthJob:
    """Whose depth is wanted, where from, and in which file."""

    video: Path
    out: Path
    """Ends in one of ``KINDS``."""
    depth: DepthFile | DepthModel
    lens: LensSpec | Literal["auto"] | None = None
    """None is what the depth or the video says, else the usual one."""
    frame_rate: Fraction | None = None
    """Frames a second; of images, or instead of the video's own."""
    fill: bool = False
    """Whether depth that is not known is guessed from what is beside it."""
    preview: bool = True
    """Whether a coloured video to look at is written, too."""
    means: DepthMeans = USUAL_MEANS

    @property
    def preview_file(self) -> Path:
        """The picture and its depth in false colours."""
        return self.out.with_suffix(".preview.mp4")

    @property
    def figures_file(self) -> Path:
        """What the depth is and what it was made of."""
        return self.out.with_suffix(".json")

    @property
    def targets(self) -> tuple[Path, ...]:
        """Every file that is written; the depth itself first."""
        return (self.out, *((self.preview_file,) if self.preview else ()), self.figures_file)

    @property
    def source(self) -> Source:
        """The video as a shot list would name it."""
        stated = {} if self.lens is None else {"lens": self.lens}
        return Source(video=self.video, fps=self.frame_rate, depth=self.depth, **stated)


@dataclass(frozen=True)
class MadeDepth:
    """What was written."""

    job: DepthJob
    media: Media
    lens: FoundLens
    figures: DepthFigures
    worst_error: float
    """By which share of itself a depth may differ when the file is read; 0 for .npz."""

    def as_json(self) -> dict[str, Any]:
        """Return what the depth is and what it was made of, for programs."""
        clip, depth, estimated = self.media.clip, self.media.depth, self.media.estimated
        asked = self.job.depth
        return {
            "files": [str(file) for file in self.job.targets],
            "video": {"file": str(clip.path), "sha256": content_hash(clip.path), "size": clip.size},
            "frames": clip.frame_count,
            "frame_rate": str(clip.frame_rate),
            "largest_rounding": self.worst_error,
            "lens": self.lens.as_json(),
            "figures": self.figures.as_json(),
            "depth": {"file": str(asked.file)} if isinstance(asked, DepthFile) else estimated and estimated.manifest(),
            "size_estimated": (depth.width, depth.height),
            "refined": {"sharpen": _refinement(self.job).sharpen, "upsample": _refinement(self.job).upsample},
            "filled": self.job.fill,
            "assumed": list(self.assumed),
        }

    @property
    def assumed(self) -> tuple[str, ...]:
        """What nobody said of video and depth, and was assumed, in words; the lens says so itself."""
        return (*self.media.clip.assumed, *self.media.depth.assumed)


def make_depth(job: DepthJob, progress: Progress = SILENT) -> MadeDepth:
    """Write the depth of a video, its preview and its figures; all that can be wrong before is found before.

    Memory is bounded by a few frames beyond what a model needs. The files appear one by one, each whole.

    Raises:
        UserError: what is given is at fault, or a file cannot be written.
        MissingPart: the depth model is not here; says what to run.
    """
    _require_sound(job)
    announce_compiling(progress)
    media = open_media(job.source, job.video.name, progress=progress, means=job.means)
    found = lens_of(job.source, media.clip, media.depth)
    progress.begin(f"{job.out.name}", media.clip.frame_count)
    figures, worst_error = _write(job, media, found, progress)
    made = MadeDepth(job, media, found, figures, worst_error)
    write_json(job.figures_file, made.as_json())
    return made


def _require_sound(job: DepthJob) -> None:
    faults = Faults()
    sources = [job.video, *([job.depth.file] if isinstance(job.depth, DepthFile) else [])]
    faults.of(lambda: _require_kind(job.out))
    faults.of(lambda: require_folder(job.out.parent, f"-o {job.out}"))
    for target in job.targets:
        faults.of(lambda target=target: require_apart(target, sources, "choose another -o"))  # type: ignore[misc]
    clip = faults.of(lambda: probe(job.video, job.frame_rate))
    if clip is not None:
        faults.of(lambda: Fit.plan(clip.size, clip.size))
    asked = job.depth
    if isinstance(asked, DepthFile):
        faults.of(lambda: open_raw_depth(asked.file))
    else:
        faults.of(lambda: known_model(asked, job.video.name))
    faults.tell()


def _require_kind(out: Path) -> None:
    if out.suffix.lower() not in KINDS:
        raise OutputError(
            f"-o {out}: depth is written as .npz, exactly, or as .mkv, 16-bit video, smaller and rounded a little"
        )


def _refinement(job: DepthJob) -> Refinement:
    return Refinement.of(job.depth)


def _write(job: DepthJob, media: Media, found: FoundLens, progress: Progress) -> tuple[DepthFigures, float]:
    """Write depth and preview frame by frame; return the figures, and how far codes may be off."""
    clip, lens, known_range = media.clip, found.lens, media.depth.statistics
    counter = FigureCounter(clip.frame_count, lens, media.depth.metric)
    with ExitStack() as files:
        writer = _writer(job, media, found)
        files.enter_context(writer)
        bounds = (known_range.first_percentile, max(known_range.first_percentile, known_range.largest))
        preview = None
        if job.preview:
            preview = files.enter_context(PreviewWriter(job.preview_file, clip.size, clip.frame_rate, *bounds))
        for colour, depth, known in _frames(job, media, lens):
            writer.write(depth, known)
            counter.add(depth, known)
            if preview:
                preview.write(colour, depth, known)
            progress.advance()
    return counter.figures(), writer.worst_error


def _writer(job: DepthJob, media: Media, found: FoundLens) -> DepthNpzWriter | DepthVideoWriter:
    clip, depth = media.clip, media.depth
    angle = float(np.degrees(found.lens.horizontal_angle)) if found.knower != "assumed" else None
    meaning = DepthMeaning("m" if depth.metric else "relative", angle)
    if job.out.suffix.lower() == ".npz":
        return DepthNpzWriter(job.out, clip.size, clip.frame_count, meaning)
    bounds = depth.statistics.smallest, depth.statistics.largest
    return DepthVideoWriter(job.out, clip.size, clip.frame_rate, meaning, *bounds)


def _frames(job: DepthJob, media: Media, lens: Pinhole) -> Iterator[tuple[Picture, Depth, Known]]:
    """Yield colour, depth and what is known of it, at the video's own size."""
    clip, depth = media.clip, media.depth
    step = widest_step(lens.focal_px * depth.width / clip.width)
    fit = Fit.plan(clip.size, clip.size)
    nearest, farthest = np.float32(depth.statistics.smallest), np.float32(depth.statistics.largest)
    for colour, values, known in refined_frames(_refinement(job), clip, depth, fit, step, range(clip.frame_count)):
        filled = fill_unknown(values, known) if job.fill else values
        shown = np.ones_like(known) if job.fill else known
        yield colour, np.where(shown, np.clip(filled, nearest, farthest), np.float32(0)), shown
