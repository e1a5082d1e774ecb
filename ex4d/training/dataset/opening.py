"""Clips cut into excerpts, and excerpts opened: their colours, and their depth where masks are rendered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.errors import MediaError
from ex4d.estimated_depth import USUAL_MEANS, DepthMeans, depth_key
from ex4d.footage import Footage, open_footage
from ex4d.media.fitting import Fit
from ex4d.media.probe import MediaInfo, probe
from ex4d.media.reading import read_frames
from ex4d.progress import SILENT, Progress, counted
from ex4d.shotlist.model import Clip as PlayedClip
from ex4d.shotlist.model import DepthFile, DepthModel, Output, Position, Shot, Source
from ex4d.source_media import Media, open_media
from ex4d.training.config.records import Clips, Excerpts
from ex4d.training.dataset.clips import Clip, ClipFiles, on_disk
from ex4d.training.excerpts import Excerpt, OpenedExcerpt


@dataclass(frozen=True)
class Means:
    """How clips are opened."""

    with_depth: bool = True
    """Whether the clips' depth is opened, or estimated; tracking masks need none."""
    depth: DepthMeans = USUAL_MEANS
    progress: Progress = SILENT
    """Is told of what is chosen, and of each frame whose depth is estimated."""


USUAL = Means()


def windows(frame_count: int, excerpts: Excerpts) -> tuple[tuple[int, ...], ...]:
    """Return the frames of each excerpt of a clip: as many as fit without sharing frames, with even gaps between.

    Raises:
        MediaError: the clip is too short for one.
    """
    span = (excerpts.frames - 1) * excerpts.step + 1
    if frame_count < span:
        every = f", every {excerpts.step}. of {span}" if excerpts.step > 1 else ""
        raise MediaError(f"has {counted(frame_count, 'frame')}, an excerpt takes {excerpts.frames}{every}")
    count = min(excerpts.each, frame_count // span)
    free = frame_count - count * span
    firsts = (index * span + free * (index + 1) // (count + 1) for index in range(count))
    return tuple(tuple(range(first, first + span, excerpts.step)) for first in firsts)


@dataclass(frozen=True)
class OpenClip:
    """A clip whose files are at hand."""

    clip: Clip
    files: ClipFiles
    source: Source
    info: MediaInfo
    excerpts: tuple[Excerpt, ...]
    means: Means

    def opened(self, excerpt: Excerpt) -> OpenedExcerpt:
        """Read the pictures of one of its excerpts, and open its depth if masks need it and there is one.

        Raises:
            UserError: video or depth cannot be used.
            MissingPart: the depth model is not here.
        """
        fit = Fit.plan(self.info.size, excerpt.size)
        frames = read_frames(self.info, excerpt.frames, window=fit)
        colour = np.stack([fit.view_of(frame) for frame in frames])
        times = tuple(self.info.frame_times[index] for index in excerpt.frames)
        footage = self._footage(excerpt, times[0]) if self._depth is not None else None
        return OpenedExcerpt(excerpt, colour, self.frame_rate(excerpt), footage, times)

    def assumed(self, opened: OpenedExcerpt) -> tuple[str, ...]:
        """Return what of an excerpt nobody stated, in words for the user; and whether it is larger than its clip."""
        scale = max(Fit.plan(self.info.size, opened.excerpt.size).scale)
        width, height = self.info.size
        enlarged = (f"its pictures, {width}x{height}, are enlarged {float(scale):.3g} times",) if scale > 1 else ()
        return (*enlarged, *(self.info.assumed if opened.footage is None else opened.footage.scene.assumed))

    def frame_rate(self, excerpt: Excerpt) -> Fraction:
        """Return an excerpt's frames a second."""
        step = excerpt.frames[1] - excerpt.frames[0] if len(excerpt.frames) > 1 else 1
        return self.info.frame_rate / step

    def ingredients(self, excerpt: Excerpt) -> dict[str, Any]:
        """Return what an opened excerpt is known by, without opening it: its contents, not where they lie.

        Raises:
            UserError, MissingPart: there is no such depth model, or it is not here.
        """
        made_of: dict[str, Any] = {
            "clip": self.files.video_hash, "frames": excerpt.frames, "size": excerpt.size, "fps": self.source.fps,
        }  # fmt: skip
        if self._depth is not None:
            stated = self._depth.model_dump(exclude={"file"})
            seen = {"lens": repr(self.source.lens), "subject": repr(self.source.subject)}
            made_of |= {"depth": {**stated, "key": self._depth_key}, **seen}
        return made_of

    @property
    def _depth(self) -> DepthFile | DepthModel | None:
        return self.source.depth if self.means.with_depth else None

    @cached_property
    def _depth_key(self) -> str:
        if isinstance(self.source.depth, DepthModel):
            return depth_key(self.source.depth, self._called, self.info, self.means.depth)
        return self.files.depth_hash

    @cached_property
    def _media(self) -> Media:
        """Both, for all excerpts: a file may end with the last frame that any of them asks for."""
        last = self.excerpts[-1].frames[-1] + 1
        return open_media(
            self.source, self._called, frames=last, progress=self.means.progress, means=self.means.depth
        )  # fmt: skip

    @property
    def _called(self) -> str:
        return f"clip '{self.clip.name}'"

    def _footage(self, excerpt: Excerpt, first: Fraction) -> Footage:
        """Fit video and depth to the excerpt; the subject is measured on its first frame."""
        played = PlayedClip(start=Position(value=first, unit="s"))
        shot = Shot(name="excerpt", source=self.source, clip=played)
        return open_footage(shot, Output(size=excerpt.size), self._media)


@contextmanager
def opened_clip(
    clip: Clip, clips: Clips, excerpts: Excerpts, scratch: Path, means: Means = USUAL
) -> Iterator[OpenClip]:  # fmt: skip
    """Lend a clip with its excerpts; what is copied for it, beside ``scratch``, is gone when the block ends.

    Raises:
        MediaError: it cannot be read, or is too short.
        OutputError: there is no room for a copy of what lies in a shard.
    """
    with on_disk(clip, clips, scratch, with_depth=means.with_depth) as files:
        depth = clips.depth if isinstance(clips.depth, DepthModel) else files.depth
        source = Source(video=files.video, fps=clips.fps, depth=depth, lens=clips.lens, subject=clips.subject)
        info = probe(files.video, clips.fps)
        cut = tuple(
            Excerpt(f"{clip.name}-{frames[0]:04}", source, frames, excerpts.size, clip.prompt)
            for frames in windows(info.frame_count, excerpts)
        )
        yield OpenClip(clip, files, source, info, cut, means)
