"""Draw a shot's guide: what each of its cameras sees of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.guide_video import GuideFrame
from ex4d.artifacts.mesh_profile import NEAREST, PROFILES, MeshProfile
from ex4d.backdrop import Backdrop, Colour, frame_mesh
from ex4d.footage import Footage, SourceFrame
from ex4d.geometry.pinhole import Pinhole
from ex4d.render.choice import RasterizerName
from ex4d.render.rasterizer import Rasterizer
from ex4d.render.supersampling import Supersampled
from ex4d.synthesis.mesh_engine import complete_frame

View = tuple[Float64[np.ndarray, "4 4"], Pinhole]
"""world_from_camera in units of depth, and the lens."""


@dataclass(frozen=True)
class GuideRecipe:
    """How a guide is drawn; part of what a take is known by."""

    profile: MeshProfile = PROFILES["clean"]
    in_depth_units: bool = False
    """Whether the profile's depths are in the unit of the clip's depth; else they are EX-4D's, which has scaled each
    clip so that its nearest point lies at ``NEAREST``."""
    background: bool = True
    """Whether the layer behind the holes is drawn too, for engines without weights."""
    renders_unmoved: bool = False
    """Whether frames after the first are rendered where the camera is the source's own, too, and not handed on."""
    whole_first_frame: bool = False
    """Whether the first frame is fully visible whatever its camera, for engines that go on from it: what the source
    does not show of it is then completed from the layer behind."""
    rasterizer: RasterizerName = "cpu"
    """Whose frames they are: they agree within the rules, not to the bit."""

    def ingredients(self) -> dict[str, Any]:
        """Return what goes into a key and a manifest."""
        return asdict(self)

    def shows_source(self, path: CameraPath, index: int) -> bool:
        """Tell whether a frame of a guide is the source's own, fully visible.

        It is where the camera is the source's own; for engines that have learned from guides in which all but the first
        frame are rendered, only the first is.
        """
        return bool(path.at_source[index]) and (index == 0 or not self.renders_unmoved)

    def profile_of(self, footage: Footage) -> MeshProfile:
        """Return the profile in the units of the footage's depth."""
        if self.in_depth_units:
            return self.profile
        return self.profile.scaled(footage.depth.statistics.smallest / NEAREST)


def draw_guide(
    footage: Footage, path: CameraPath, rasterizer: Rasterizer, recipe: GuideRecipe, frames: Sequence[int] | None = None
) -> Iterator[GuideFrame]:
    """Yield the guide's frames, all of them or those asked for, in order.

    Where the camera is the source's own, the frame is the source's, fully visible: EX-4D hands its model the first
    frame so, and nothing is uncovered there. The meshes are built once for each source frame that is on screen,
    however long it stays.
    """
    chosen = range(len(path)) if frames is None else frames
    poses = path.translated_in_depth_units(footage.subject_distance)
    backdrop: Backdrop | None = None
    if recipe.background and not all(recipe.shows_source(path, index) for index in chosen):
        backdrop = Backdrop.of_shot(footage, path)
    mesh, drawn, profile = None, None, recipe.profile_of(footage)
    for index, source in zip(chosen, footage.frames([path.source_time[i] for i in chosen]), strict=True):
        if recipe.shows_source(path, index):
            yield _source_as_guide(source, footage, recipe)
            continue
        if mesh is None or drawn is not source:
            mesh, drawn = frame_mesh(source.colour, source.depth, footage, profile, source.known), source
            backdrop = None if backdrop is None else backdrop.behind(source, footage)
        view = poses[index], path.scene.lens.zoomed(float(path.lens_factor[index]))
        seen = Supersampled(rasterizer, profile.samples).render(mesh, *view)
        behind = None if backdrop is None else backdrop.seen_from(*view, rasterizer)
        frame = GuideFrame(seen.colour, seen.visible, behind)
        if recipe.whole_first_frame and index == 0:
            hung = (backdrop or Backdrop.of_shot(footage, path)).behind(source, footage)
            frame = _completed(frame, hung.seen_from(*view, rasterizer))
        yield frame


def _source_as_guide(source: SourceFrame, footage: Footage, recipe: GuideRecipe) -> GuideFrame:
    colour = footage.fit.view_of(source.colour)
    return GuideFrame(colour, np.ones(colour.shape[:2], np.bool_), colour if recipe.background else None)


def _completed(frame: GuideFrame, behind: Colour) -> GuideFrame:
    colour = complete_frame(frame.colour, frame.visible, behind)
    return GuideFrame(colour, np.ones_like(frame.visible), frame.background)
