"""Draw a shot's guide: what each of its cameras sees of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame
from ex4d.artifacts.watertight_mesh import HidingRule
from ex4d.backdrop import Backdrop, frame_mesh
from ex4d.footage import Footage, SourceFrame
from ex4d.render.rasterizer import Rasterizer


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
    backdrop: Backdrop | None = None
    if recipe.background and not at_source[list(chosen)].all():
        backdrop = Backdrop.of_shot(footage, path)
    mesh, drawn = None, None
    for index, source in zip(chosen, footage.frames([path.source_time[i] for i in chosen]), strict=True):
        if at_source[index]:
            yield _source_as_guide(source, footage, recipe)
            continue
        if mesh is None or drawn is not source:
            mesh, drawn = frame_mesh(source.colour, source.depth, footage, recipe.rule), source
            backdrop = None if backdrop is None else backdrop.behind(source, footage)
        view = poses[index], path.scene.lens.zoomed(float(path.lens_factor[index]))
        seen = rasterizer.render(mesh, *view)
        behind = None if backdrop is None else backdrop.seen_from(*view, rasterizer)
        yield GuideFrame(seen.colour, seen.visible, behind)


def _source_as_guide(source: SourceFrame, footage: Footage, recipe: GuideRecipe) -> GuideFrame:
    colour = footage.fit.view_of(source.colour)
    return GuideFrame(colour, np.ones(colour.shape[:2], np.bool_), colour if recipe.background else None)
