"""Rendering masks: the holes that the guides of a path have, in an excerpt of a clip.

The excerpt takes the place of the shot that is to be completed. So the camera elsewhere, which is taken to have filmed,
stands where a path's source camera stands as the path's camera sees it: a shot that backs away bares a frame round its
picture, and so does a clip that was filmed from further in. Measured in tests/bench/bench_masks.py: looked at from the
path itself, the clip would have the holes of the way back.
"""

from __future__ import annotations

import numpy as np

from ex4d.array_types import Float64
from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.mesh_profile import MeshProfile
from ex4d.errors import ReconstructionError
from ex4d.footage import Footage
from ex4d.guide import GuideRecipe
from ex4d.render.rasterizer import Rasterizer
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawn import Visible
from ex4d.training.masks.visibility import GUIDES, visible_from

NEAREST_PIVOT = 0.1
"""Subject distances. A path that comes nearer to its pivot is taken to be so far from it."""


def rendering_mask(opened: OpenedExcerpt, path: CameraPath, rasterizer: Rasterizer) -> Visible:
    """Return what of each frame of an excerpt is shown where it is a shot on the path, as the view has it.

    Only the path's cameras and lenses are used: frame k of the excerpt is seen by camera k. The camera elsewhere
    delivers what the clip's own would: the whole frame, overscan included. The first frame is like the others.

    Raises:
        ReconstructionError: the clip has no depth, or in a frame none is known.
    """
    footage = opened.footage
    if footage is None:
        raise ReconstructionError(f"{opened.excerpt.name}: a rendering mask needs depth, and the clip has none")
    assert len(path) == len(opened.times), "a camera for each frame"
    lens, profile = footage.grid_lens, guide_profile(footage)
    poses = source_cameras(path)
    poses[:, :3, 3] *= footage.subject_distance
    seen = [
        visible_from(frame.depth, lens, pose, lens.zoomed(1.0 / float(zoom)), rasterizer, profile)
        for frame, pose, zoom in zip(footage.depths(opened.times), poses, path.lens_factor, strict=True)
    ]
    return np.stack([footage.fit.view_of(visible) for visible in seen])


def source_cameras(path: CameraPath) -> Float64[np.ndarray, "frames 4 4"]:
    """Return where the source's camera stands as each camera of a path sees it, in the axes of the latter.

    A path's unit is how far its pivot is from the source's camera; here it is how far the pivot is from the path's, so
    that a clip's subject takes the place of the pivot.
    """
    seen = np.linalg.inv(path.world_from_camera)
    pivot = np.array([*path.scene.pivot, 1.0])
    away = np.linalg.norm((seen @ pivot)[:, :3], axis=-1) / np.linalg.norm(pivot[:3])
    seen[:, :3, 3] /= np.maximum(away, NEAREST_PIVOT)[:, None]
    return seen


def guide_profile(footage: Footage) -> MeshProfile:
    """Return the rules of guides in the units of the footage's depth, as the engine that completes them has it."""
    return GuideRecipe(GUIDES).profile_of(footage)
