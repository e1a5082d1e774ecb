"""Every frame of a shot looked at small: how much is uncovered, why, and where its camera stands in the scene."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.errors import ReconstructionError
from ex4d.footage import SourceDepth
from ex4d.preflight.small_view import SOURCE_SIGHT, Sight, SmallView
from ex4d.progress import SILENT, Progress
from ex4d.reconstruction.ahead import ahead
from ex4d.reconstruction.subject import measure_subject
from ex4d.setups import Setup
from ex4d.shotlist.model import ImagePoint, SubjectDepth

MOST_FRAMES = 240
"""Frames of a shot that are rendered; of longer shots as many, evenly spread."""
READ_AHEAD = 3
"""Frames of depth that are read while one is rendered: reading takes about as long."""


@dataclass(frozen=True)
class ScannedFrame:
    """What the small rendering of one frame shows."""

    index: int
    sight: Sight
    ahead: float
    """How much further the mesh is than the camera, on the line from the source's camera through this one: units of
    depth, below 0 where the camera is inside or behind it, infinite where the source did not film its place."""
    subject_change: float
    """Of the depth at the subject's place since the shot's first frame, a fraction; 0 where it is not measured."""


@dataclass(frozen=True)
class Scan:
    """A shot rendered small."""

    frames: tuple[ScannedFrame, ...]
    frame_count: int
    """Of the shot."""
    size: tuple[int, int]
    """Width and height of the renderings, pixels."""

    @property
    def worst(self) -> ScannedFrame:
        """The frame with most uncovered, the first of equals."""
        return max(self.frames, key=lambda frame: frame.sight.uncovered)

    @property
    def mean(self) -> float:
        """The mean share uncovered."""
        return math.fsum(frame.sight.uncovered for frame in self.frames) / len(self.frames)

    @property
    def thinned(self) -> bool:
        """Whether only some frames of the shot were rendered."""
        return len(self.frames) < self.frame_count


def scan_shot(setup: Setup, view: SmallView, frames: Sequence[int] | None = None, progress: Progress = SILENT) -> Scan:
    """Render frames of a shot small: those named, or all of them, or of a long shot ``MOST_FRAMES``, evenly spread."""
    chosen = spread(setup.frame_count, MOST_FRAMES) if frames is None else frames
    progress.begin(setup.shot.name, len(chosen))
    found = []
    for frame in _scanned(setup, view, chosen):
        found.append(frame)
        progress.advance()
    return Scan(tuple(found), setup.frame_count, view.size)


def spread(count: int, most: int) -> list[int]:
    """Return which of so many frames to look at: evenly spread, the first and the last among them."""
    chosen = min(count, most)
    return sorted({round(k * (count - 1) / max(1, chosen - 1)) for k in range(chosen)})


def _scanned(setup: Setup, view: SmallView, chosen: Sequence[int]) -> Iterator[ScannedFrame]:
    path = setup.path
    poses = path.translated_in_depth_units(setup.footage.subject_distance)
    mesh: WatertightMesh | None = None
    drawn: SourceDepth | None = None
    change = 0.0
    depths = view.footage.depths([path.source_time[index] for index in chosen])
    for index, source in zip(chosen, ahead(depths, READ_AHEAD), strict=True):
        if drawn is not source:
            mesh, drawn, change = None, source, subject_change(setup, view, source)
        sight = SOURCE_SIGHT
        if not shows_all(setup, view, index):
            mesh = mesh or view.mesh_of(source)
            sight = view.look(mesh, poses[index], float(path.lens_factor[index]))
        yield ScannedFrame(index, sight, room_ahead(source, view, poses[index, :3, 3]), change)


def shows_all(setup: Setup, view: SmallView, index: int) -> bool:
    """Return whether a frame of the guide is fully visible whatever the mesh is."""
    return view.recipe.shows_source(setup.path, index) or (view.recipe.whole_first_frame and index == 0)


def room_ahead(source: SourceDepth, view: SmallView, position: Float64[np.ndarray, "3"]) -> float:
    """Return how much further than a place the mesh is there; infinite where the source did not film that place."""
    if position[2] <= 0:
        return math.inf
    column, row = np.floor(view.footage.grid_lens.project(position)).astype(np.int64)
    height, width = source.depth.shape
    if not (0 <= row < height and 0 <= column < width):
        return math.inf
    return float(source.depth[row, column]) - float(position[2])


def subject_change(setup: Setup, view: SmallView, source: SourceDepth) -> float:
    """Return by what fraction the depth where the subject was first has changed; 0 where none is known there."""
    subject = setup.shot.source.subject
    if isinstance(subject, SubjectDepth):
        return 0.0
    lens = view.footage.grid_lens
    x, y = lens.project(np.array(setup.path.scene.pivot))
    place = ImagePoint(x=float(x) / lens.width, y=float(y) / lens.height)
    try:
        _, distance = measure_subject(source.depth, source.known, lens, place)
    except ReconstructionError:  # nothing is known there just then: nothing to compare
        return 0.0
    return distance / setup.footage.subject_distance - 1
