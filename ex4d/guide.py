"""Draw a shot's guide: what each of its cameras sees of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame
from ex4d.artifacts.watertight_mesh import HidingRule, WatertightMesh
from ex4d.footage import Footage, SourceFrame
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.background_layer import build_background
from ex4d.reconstruction.watertight_mesh import build_mesh
from ex4d.render.rasterizer import Rasterizer, RenderedFrame


@dataclass(frozen=True)
class GuideRecipe:
    """How a guide is drawn; part of what a take is known by."""

    rule: HidingRule = "face"
    background: bool = True
    """Whether the layer behind the holes is drawn too, for engines without weights."""

    def ingredients(self) -> dict[str, Any]:
        """Return what goes into a key."""
        return {"rule": self.rule, "background": self.background}


def draw_guide(
    footage: Footage, path: CameraPath, rasterizer: Rasterizer, recipe: GuideRecipe, frames: Sequence[int] | None = None
) -> Iterator[GuideFrame]:
    """Yield the guide's frames, all of them or those asked for, in order.

    Where the camera is the source's own, the frame is the source's, fully visible: EX-4D hands its model the first
    frame so, and nothing is uncovered there. The meshes are built once for each source frame that is on screen,
    however long it stays.
    """
    chosen = range(len(path)) if frames is None else frames
    poses, at_source = path.translated_in_depth_units(footage.subject_distance), path.at_source
    layers: _Layers | None = None
    for index, source in zip(chosen, footage.frames([path.source_time[i] for i in chosen]), strict=True):
        if at_source[index]:
            yield _source_as_guide(source, footage, recipe)
            continue
        if layers is None or layers.source is not source:
            layers = _Layers.build(source, footage, recipe)
        yield layers.seen_from(poses[index], path.scene.lens.zoomed(float(path.lens_factor[index])), rasterizer)


def _source_as_guide(source: SourceFrame, footage: Footage, recipe: GuideRecipe) -> GuideFrame:
    colour = footage.fit.view_of(source.colour)
    return GuideFrame(colour, np.ones(colour.shape[:2], np.bool_), colour if recipe.background else None)


@dataclass(frozen=True)
class _Layers:
    """The meshes of one source frame."""

    source: SourceFrame
    mesh: WatertightMesh
    background: WatertightMesh | None

    @classmethod
    def build(cls, source: SourceFrame, footage: Footage, recipe: GuideRecipe) -> _Layers:
        mesh = build_mesh(*_ringed(source, footage.grid_lens), rule=recipe.rule, border_depth=footage.border_depth)
        if not recipe.background:
            return cls(source, mesh, None)
        return cls(source, mesh, build_background(source.colour, source.depth, footage.grid_lens, known=source.known))

    def seen_from(self, pose: Float64[np.ndarray, "4 4"], lens: Pinhole, rasterizer: Rasterizer) -> GuideFrame:
        seen = rasterizer.render(self.mesh, pose, lens)
        behind: RenderedFrame | None = None
        if self.background is not None:
            behind = rasterizer.render(self.background, pose, lens)
        return GuideFrame(seen.colour, seen.visible, None if behind is None else behind.colour)


def _ringed(
    source: SourceFrame, lens: Pinhole
) -> tuple[UInt8[np.ndarray, "rows columns 3"], Float32[np.ndarray, "rows columns"], Pinhole]:
    """Put a ring of one pixel round the frame, for the mesh's border to take, so that no pixel of the frame is lost."""
    colour = np.pad(source.colour, ((1, 1), (1, 1), (0, 0)), mode="edge")
    center = (lens.center_px[0] + 1, lens.center_px[1] + 1)
    return colour, np.pad(source.depth, 1, mode="edge"), Pinhole(lens.width + 2, lens.height + 2, lens.focal_px, center)
