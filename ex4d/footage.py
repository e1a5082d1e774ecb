"""The media of one shot, opened: its Scene, and its frames as the shot sees them."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from ex4d.array_types import Bool, Float32, UInt8
from ex4d.artifacts.depth_video import DepthFrame, DepthVideo
from ex4d.artifacts.mesh_profile import widest_step
from ex4d.artifacts.scene import Scene
from ex4d.errors import ReconstructionError
from ex4d.estimated_depth import EstimatedDepth
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.fitting import Fit
from ex4d.media.probe import MediaInfo
from ex4d.reconstruction.refinement import AS_IT_IS, Refinement, refined_frames
from ex4d.reconstruction.subject import measure_subject
from ex4d.reconstruction.unknown_depth import fill_unknown
from ex4d.render.rasterizer import NEAR
from ex4d.shotlist.model import Output, Shot
from ex4d.source_lens import FoundLens, lens_of
from ex4d.source_media import Media, called, open_media
from ex4d.trajectory.scenery import assumed_pivot
from ex4d.trajectory.timing import clock_of

BORDER_SUBJECT_DISTANCES = 50.0
"""How far behind the subject the mesh's border is put, in subject distances; EX-4D's 100 for a subject at 2."""
NEAREST_SUBJECT = 10 * NEAR
"""Units of depth. Of a subject that is nearer, the near plane would cut parts away."""
DEEPEST = 1e30
"""Units of depth: borders far behind it, and the products of both, are numbers still."""


@dataclass(frozen=True)
class SourceFrame:
    """One frame of the source on the mesh's grid."""

    index: int
    """Which frame of the source."""
    colour: UInt8[np.ndarray, "height width 3"]
    depth: Float32[np.ndarray, "height width"]
    """z, complete: what was unknown is filled."""
    known: Bool[np.ndarray, "height width"]
    """Where the depth was measured, not filled."""


@dataclass(frozen=True)
class SourceDepth:
    """The depth of one frame of the source on the mesh's grid."""

    index: int
    """Which frame of the source."""
    depth: Float32[np.ndarray, "height width"]
    """z, complete: what was unknown is filled."""
    known: Bool[np.ndarray, "height width"]
    """Where the depth was measured, not filled."""


@dataclass(frozen=True)
class Footage:
    """The media of one shot, fitted to the output."""

    clip: MediaInfo
    depth: DepthVideo
    fit: Fit
    grid_lens: Pinhole
    """Lifts the grid's pixels; ``scene.lens`` sees the output's."""
    scene: Scene
    source_lens: FoundLens
    """As delivered; and whence it is known."""
    estimated: EstimatedDepth | None = None
    """How the depth was estimated; None where it is the user's."""
    refinement: Refinement = AS_IT_IS
    """What is done to each frame of depth before it is drawn."""

    @property
    def subject_distance(self) -> float:
        """The subject's z-depth in units of the depth video."""
        assert self.scene.subject_distance is not None
        return self.scene.subject_distance

    @property
    def border_depth(self) -> float:
        """Where the mesh's border is put: far behind the subject, and behind everything that was measured."""
        return max(BORDER_SUBJECT_DISTANCES * self.subject_distance, 2.0 * self.depth.statistics.largest)

    def index_at(self, time: Fraction) -> int:
        """Return the frame on screen at a moment of the source: the last one that began by then."""
        return max(0, bisect.bisect_right(self.clip.frame_times, time) - 1)

    def frames(self, times: Sequence[Fraction]) -> Iterator[SourceFrame]:
        """Yield the frame on screen at each moment; equal neighbours are read once."""
        return (frame for (frame,) in self.frames_together([(time,) for time in times]))

    def frames_together(self, times: Sequence[tuple[Fraction, ...]]) -> Iterator[tuple[SourceFrame, ...]]:
        """Yield the frames on screen at several moments at a time; one that was among the last is not read again."""
        wanted = [tuple(map(self.index_at, each)) for each in times]
        read = self._read(list(_newly_wanted(wanted)))
        kept: dict[int, SourceFrame] = {}
        for indices in wanted:
            kept = {index: frame for index, frame in kept.items() if index in indices}
            for index in indices:
                if index not in kept:
                    kept[index] = next(read)
            yield tuple(kept[index] for index in indices)

    def depths(self, times: Sequence[Fraction]) -> Iterator[SourceDepth]:
        """Yield the depth on screen at each moment; no colour is read unless the depth is refined by it."""
        if self.refinement != AS_IT_IS:
            for frame in self.frames(times):
                yield SourceDepth(frame.index, frame.depth, frame.known)
            return
        indices = [self.index_at(time) for time in times]
        distinct = [index for k, index in enumerate(indices) if k == 0 or index != indices[k - 1]]
        read = zip(distinct, self.depth.frames(distinct), strict=True)
        found: SourceDepth | None = None
        for index in indices:
            if found is None or found.index != index:
                _, stored = next(read)
                depth, known = self.fit.depth(*stored, self._widest_step)
                found = SourceDepth(index, fill_unknown(depth, known), known)
            yield found

    def depth_in_view(self, time: Fraction) -> DepthFrame:
        """Return depth, and where it is known, as the unmoved camera sees it; unrefined, as no colour is read."""
        depth, known = self.fit.depth(*next(iter(self.depth.frames([self.index_at(time)]))), self._widest_step)
        return self.fit.view_of(depth), self.fit.view_of(known)

    @property
    def _widest_step(self) -> float:
        """How many times as far as its neighbour a pixel of depth may be on one surface: as the mesh has it."""
        (across, _), _ = self.fit.placed((self.depth.width, self.depth.height))
        return widest_step(self.grid_lens.focal_px / float(across))

    def _read(self, indices: Sequence[int]) -> Iterator[SourceFrame]:
        drawn = refined_frames(self.refinement, self.clip, self.depth, self.fit, self._widest_step, indices)
        for index, (colour, depth, known) in zip(indices, drawn, strict=True):
            yield SourceFrame(index, colour, fill_unknown(depth, known), known)


def _newly_wanted(wanted: Iterable[tuple[int, ...]]) -> Iterator[int]:
    """Yield what is wanted each time and was not the time before."""
    before: tuple[int, ...] = ()
    for indices in wanted:
        yield from (index for index in dict.fromkeys(indices) if index not in before)
        before = indices


def open_footage(shot: Shot, output: Output, media: Media | None = None) -> Footage:
    """Fit a shot's media to the output, and measure where its subject is; opens the media if they are not given.

    Raises:
        ReconstructionError: no depth is known where the subject is, or it is in a unit that nothing can be drawn in.
        TrajectoryError: the clip leaves the source, or its lens is not known or cannot be.
        UserError, MissingPart: as :func:`open_media`.
    """
    source, media = shot.source, media or open_media(shot.source, called(shot))
    clip = media.clip
    fit = Fit.plan(clip.size, output.size, fit=output.fit, overscan=output.overscan)
    found = lens_of(source, clip, media.depth)
    lens = fit.lens(found.lens)
    scene = Scene(
        lens=lens,
        pivot=assumed_pivot(source, lens),
        frame_rate=output.fps or clip.frame_rate,
        source_rate=clip.frame_rate,
        source_duration=clip.duration,
        source_times=clip.frame_times if clip.variable_rate else None,
        source_tilt=source.tilt,
        source_roll=source.roll,
        delivered_focal=found.lens.focal_px / found.lens.width,
        assumed=(*found.assumed, *clip.assumed, *media.depth.assumed),
    )
    assert source.depth is not None
    refinement = Refinement.of(source.depth)
    grid_lens = fit.grid_lens(found.lens)
    footage = Footage(clip, media.depth, fit, grid_lens, scene, found, media.estimated, refinement)
    pivot, distance = _measured_subject(footage, shot)
    _require_drawable(distance, media.depth.statistics.largest)
    return replace(footage, scene=replace(scene, pivot=pivot, subject_distance=distance))


def _measured_subject(footage: Footage, shot: Shot) -> tuple[tuple[float, float, float], float]:
    """Measure the subject on the source frame of the shot's first output frame, in the view."""
    depth, known = footage.depth_in_view(clock_of(shot, footage.scene).start)
    return measure_subject(depth, known, footage.scene.lens, shot.source.subject)


def _require_drawable(subject_distance: float, deepest: float) -> None:
    if subject_distance < NEAREST_SUBJECT:
        raise ReconstructionError(
            f"the subject's depth is {subject_distance:g}, and nothing nearer than {NEAR:g} is drawn: if its numbers "
            "are metres, write 'unit: m'; else store depth in a smaller unit, so that the subject is at 1 or so"
        )
    if deepest > DEEPEST:
        raise ReconstructionError(
            f"the deepest point lies at {deepest:g}, too far to be drawn; if a number of the file stands for "
            "unknown depth, write 'unknown: ' and that number"
        )
