"""Rendering masks: of each frame of an excerpt, what the camera of a path could show."""

from __future__ import annotations

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.mesh_profile import MeshProfile
from ex4d.errors import ReconstructionError
from ex4d.footage import Footage
from ex4d.guide import GuideRecipe
from ex4d.render.rasterizer import Rasterizer
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawn import Visible
from ex4d.training.masks.visibility import GUIDES, visible_from


def rendering_mask(opened: OpenedExcerpt, path: CameraPath, rasterizer: Rasterizer) -> Visible:
    """Return where each frame of an excerpt could be shown by the path's camera of that frame, as the view has it.

    Only the path's cameras and lenses are used: frame k of the excerpt is looked at by camera k. The camera elsewhere
    delivers what the clip's own would: the whole frame, overscan included.

    Raises:
        ReconstructionError: the clip has no depth, or in a frame none is known.
    """
    footage = opened.footage
    if footage is None:
        raise ReconstructionError(f"{opened.excerpt.name}: a rendering mask needs depth, and the clip has none")
    assert len(path) == len(opened.times), "a camera for each frame"
    poses = path.translated_in_depth_units(footage.subject_distance)
    profile = _profile(footage)
    seen = [
        visible_from(frame.depth, footage.grid_lens, pose, footage.grid_lens.zoomed(float(zoom)), rasterizer, profile)
        for frame, pose, zoom in zip(footage.depths(opened.times), poses, path.lens_factor, strict=True)
    ]
    return np.stack([footage.fit.view_of(visible) for visible in seen])


def _profile(footage: Footage) -> MeshProfile:
    """Return the profile of guides in the units of the footage's depth, as the engine that completes them has it."""
    return GuideRecipe(GUIDES).profile_of(footage)
