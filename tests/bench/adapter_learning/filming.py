"""Procedural clips as the product has ordinary ones: footage with depth, excerpts, and guides along a second path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from ex4d.artifacts.depth_video import DepthFrame, DepthStatistics, DepthVideo
from ex4d.artifacts.scene import Scene
from ex4d.backdrop import frame_mesh
from ex4d.footage import Footage
from ex4d.geometry.pinhole import Pinhole
from ex4d.guide import GuideRecipe
from ex4d.media.fitting import Fit
from ex4d.media.probe import MediaInfo
from ex4d.reconstruction.background_layer import build_background
from ex4d.reconstruction.subject import measure_subject
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.shotlist.model import Nearest, Source
from ex4d.source_lens import FoundLens
from ex4d.synthesis.mask_erosion import erode
from ex4d.synthesis.mesh_engine import complete_frame
from ex4d.training.excerpts import Excerpt, OpenedExcerpt
from ex4d.training.masks.visibility import GUIDES
from tests.bench.adapter_learning.scenes import Clip, focal_of

RATE = Fraction(8)
PROMPT = "solids on a floor"
RASTERIZER = CpuRasterizer(threads=1)


@dataclass(frozen=True)
class InMemory:
    """Depth that is known everywhere."""

    depth: np.ndarray

    def frames(self, indices: Sequence[int]) -> Iterator[DepthFrame]:
        """Yield the frames of these numbers."""
        for index in indices:
            yield self.depth[index], np.ones(self.depth.shape[1:], np.bool_)


@dataclass(frozen=True)
class Guide:
    """What a camera elsewhere sees of a clip, and what the mesh engine makes of it."""

    colour: np.ndarray
    """(frames, side, side, 3), uint8; black where nothing is seen."""
    rendered: np.ndarray
    """(frames, side, side), bool: what the mesh shows."""
    visible: np.ndarray
    """The same after holes have grown; the first frame is whole."""
    filled: np.ndarray
    """(frames, side, side, 3): completed without weights, under the mesh engine's own rules."""


def footage_of(clip: Clip) -> Footage:
    """Return a clip as footage; its colours are not in it, as masks do not look at them."""
    frames, side = clip.depth.shape[:2]
    lens = Pinhole(side, side, focal_of(side), (0.5 * side, 0.5 * side))
    known = np.ones((side, side), np.bool_)
    pivot, distance = measure_subject(clip.depth[0], known, lens, Nearest())
    info = MediaInfo(Path("scene"), side, side, RATE, tuple(k / RATE for k in range(frames)), frames / RATE)
    first, median = (float(np.percentile(clip.depth, share)) for share in (1, 50))
    figures = DepthStatistics(float(clip.depth.min()), first, median, float(clip.depth.max()), 1.0)
    depth = DepthVideo(side, side, frames, False, figures, InMemory(clip.depth), lens)
    scene = Scene(lens, pivot, RATE, RATE, frames / RATE, subject_distance=distance)
    return Footage(info, depth, Fit.plan((side, side)), lens, scene, FoundLens(lens, "depth", "as it was filmed"))


def opened(clip: Clip, name: str) -> OpenedExcerpt:
    """Return all of a clip as an excerpt whose pictures are in memory."""
    footage = footage_of(clip)
    source = Source(video=Path("scene"))
    frames, side = clip.depth.shape[:2]
    excerpt = Excerpt(name, source, tuple(range(frames)), (side, side), PROMPT)
    return OpenedExcerpt(excerpt, clip.colour, RATE, footage, footage.clip.frame_times)


def guide_of(clip: Clip, source_from_camera: np.ndarray, erosion: int) -> Guide:
    """Render the guide of a second view, whose cameras (frames, 4, 4) are given in the axes of the source's."""
    footage = footage_of(clip)
    lens, profile = footage.grid_lens, GuideRecipe(GUIDES).profile_of(footage)
    everywhere = np.ones(clip.depth.shape[1:], np.bool_)
    colours, rendered, filled = [], [], []
    for colour, depth, pose in zip(clip.colour, clip.depth, source_from_camera, strict=True):
        seen = RASTERIZER.render(frame_mesh(colour, depth, footage, profile, everywhere), pose, lens)
        colours.append(seen.colour)
        rendered.append(seen.visible)
        clean = RASTERIZER.render(frame_mesh(colour, depth, footage), pose, lens)
        behind = RASTERIZER.render(build_background(colour, depth, lens, cell_px=1), pose, lens)
        filled.append(complete_frame(clean.colour, clean.visible, behind.colour))
    visible = np.stack([erode(frame, erosion) for frame in rendered])
    colours[0], filled[0], visible[0], rendered[0] = clip.colour[0], clip.colour[0], True, np.ones_like(rendered[0])
    return Guide(np.stack(colours) * visible[..., None], np.stack(rendered), visible, np.stack(filled))
