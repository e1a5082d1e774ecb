"""Draw a shot's guide: what each of its cameras sees of the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.camera_path import CameraPath, CrossFade
from ex4d.artifacts.guide_video import GuideFrame
from ex4d.artifacts.mesh_profile import NEAREST, PROFILES, MeshProfile
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.backdrop import Backdrop, Colour, frame_mesh
from ex4d.footage import Footage, SourceFrame
from ex4d.geometry.pinhole import Pinhole
from ex4d.media.mixing import mix
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
    however long it stays. Where two are cross-faded both are drawn, and mixed.
    """
    chosen = range(len(path)) if frames is None else frames
    backdrop: Backdrop | None = None
    if recipe.background and not all(recipe.shows_source(path, index) for index in chosen):
        backdrop = Backdrop.of_shot(footage, path)
    stage = _Stage(footage, path, rasterizer, recipe, backdrop)
    sets: dict[int, _Set] = {}
    sources_of = footage.frames_together([_moments(path, index) for index in chosen])
    for index, sources in zip(chosen, sources_of, strict=True):
        if recipe.shows_source(path, index):
            shown = [_source_as_guide(source, footage, recipe) for source in sources]
        else:
            sets = {source.index: sets[source.index] for source in sources if source.index in sets}
            for source in sources:
                if source.index not in sets:
                    sets[source.index] = stage.built(source)
            shown = [stage.filmed(sets[source.index], index) for source in sources]
        fade = _fade(path, index)
        yield shown[0] if fade is None else cross_faded(shown[0], shown[1], fade.weight)


def source_shown(footage: Footage, path: CameraPath, index: int) -> Colour:
    """Return what a frame of a shot shows of the source, as the source's camera saw it."""
    views = [footage.fit.view_of(source.colour) for source in next(footage.frames_together([_moments(path, index)]))]
    fade = _fade(path, index)
    return views[0] if fade is None else mix(views[0], views[1], fade.weight)


def cross_faded(shown: GuideFrame, other: GuideFrame, weight: Fraction) -> GuideFrame:
    """Return two frames mixed, ``weight`` of the other one.

    The holes are those of the frame that has the larger share: where the other shows nothing, it stands alone.
    """
    if weight > Fraction(1, 2):
        shown, other, weight = other, shown, 1 - weight
    both = shown.visible & other.visible
    colour = np.where(both[..., None], mix(shown.colour, other.colour, weight), shown.colour)
    if shown.background is None or other.background is None:
        return GuideFrame(colour, shown.visible)
    hung = np.any(shown.background, axis=-1, keepdims=True) & np.any(other.background, axis=-1, keepdims=True)
    behind = np.where(hung, mix(shown.background, other.background, weight), shown.background)
    return GuideFrame(colour, shown.visible, behind)  # where nothing hangs it is black


def _fade(path: CameraPath, index: int) -> CrossFade | None:
    return path.cross_fades[index] if path.cross_fades else None


def _moments(path: CameraPath, index: int) -> tuple[Fraction, ...]:
    """Return the moments of the source that a frame shows: one, or two where they are cross-faded."""
    fade = _fade(path, index)
    return (path.source_time[index],) if fade is None else (path.source_time[index], fade.time)


@dataclass(frozen=True)
class _Set:
    """A frame of the source, built to be filmed."""

    source: SourceFrame
    mesh: WatertightMesh
    backdrop: Backdrop | None


@dataclass(frozen=True)
class _Stage:
    """Where frames of the source are built and filmed with a shot's cameras."""

    footage: Footage
    path: CameraPath
    rasterizer: Rasterizer
    recipe: GuideRecipe
    backdrop: Backdrop | None
    """Of the shot; None where the recipe has none."""

    def built(self, source: SourceFrame) -> _Set:
        mesh = frame_mesh(source.colour, source.depth, self.footage, self._profile, source.known)
        return _Set(source, mesh, None if self.backdrop is None else self.backdrop.behind(source, self.footage))

    def filmed(self, built: _Set, index: int) -> GuideFrame:
        view = self._view(index)
        seen = Supersampled(self.rasterizer, self._profile.samples).render(built.mesh, *view)
        behind = None if built.backdrop is None else built.backdrop.seen_from(*view, self.rasterizer)
        frame = GuideFrame(seen.colour, seen.visible, behind)
        if not (self.recipe.whole_first_frame and index == 0):
            return frame
        backdrop = built.backdrop or Backdrop.of_shot(self.footage, self.path).behind(built.source, self.footage)
        return _completed(frame, backdrop.seen_from(*view, self.rasterizer))

    @cached_property
    def _profile(self) -> MeshProfile:
        return self.recipe.profile_of(self.footage)

    @cached_property
    def _poses(self) -> Float64[np.ndarray, "frames 4 4"]:
        return self.path.translated_in_depth_units(self.footage.subject_distance)

    def _view(self, index: int) -> View:
        return self._poses[index], self.path.scene.lens.zoomed(float(self.path.lens_factor[index]))


def _source_as_guide(source: SourceFrame, footage: Footage, recipe: GuideRecipe) -> GuideFrame:
    colour = footage.fit.view_of(source.colour)
    return GuideFrame(colour, np.ones(colour.shape[:2], np.bool_), colour if recipe.background else None)


def _completed(frame: GuideFrame, behind: Colour) -> GuideFrame:
    colour = complete_frame(frame.colour, frame.visible, behind)
    return GuideFrame(colour, np.ones_like(frame.visible), frame.background)
