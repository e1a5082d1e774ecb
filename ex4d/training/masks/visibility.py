"""What of a frame a camera elsewhere could show, carried back into the frame.

The roles of a guide are exchanged. A guide shows what the source's camera saw to a camera elsewhere; here the camera
elsewhere is taken to be the one that filmed, and the frame to be the view that is to be completed:

1. the frame's mesh is rendered as the camera elsewhere sees it, for its depth. Hidden faces count: nothing is known of
   what is behind them, and along the frame's own rays, which they lie on, they cover nothing;
2. that depth becomes a mesh of its own, under the rules of guides;
3. it is rendered back, where the frame was taken. What shows nothing there is a hole.

So a hole is what the other camera has outside its frame, what something hides from it, what it sees so slantingly that
the faces of its mesh are hidden, and what lies behind the hidden faces of its mesh, as all of it is in a guide.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ex4d.array_types import Bool, Float32, Float64
from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import BEHIND, build_mesh
from ex4d.render.rasterizer import Rasterizer

GUIDES = replace(PROFILES["reference"], pixel_origin="center", ring=True)
"""The rules of the guides that the adapter completes: hidden by vertex. Not their half pixel of shift: the guide that
goes with these holes is the clip itself, which is not shifted; and not the loss of the outermost pixels, which the clip
has too."""
RING = 1
"""Pixels round a frame that go to the border's depth in its stead."""

Depth = Float32[np.ndarray, "height width"]


def visible_from(
    depth: Depth,
    lens: Pinhole,
    world_from_camera: Float64[np.ndarray, "4 4"],
    camera_lens: Pinhole,
    rasterizer: Rasterizer,
    profile: MeshProfile = GUIDES,
) -> Bool[np.ndarray, "height width"]:
    """Return where a camera elsewhere could show a frame whose depth and lens are given.

    ``depth`` is z, complete; the camera's pose is seen from the frame's, in the same unit, as are the profile's depths.
    The camera delivers frames of the size of ``camera_lens``. By the ``face`` rule, a camera at the frame's own place
    and with its lens shows all of it; by the ``vertex`` rule the vertices on both sides of a depth edge show nothing
    from anywhere.

    Raises:
        ReconstructionError: as :func:`ex4d.reconstruction.watertight_mesh.build_mesh`.
    """
    frame = _mesh(np.pad(depth, RING, mode="edge"), lens, PROFILES["clean"])
    elsewhere = rasterizer.render(frame, world_from_camera, _ringed(camera_lens)).depth
    empty = np.float32(profile.border_depth or BEHIND * float(depth.max()))
    seen = _mesh(np.where(np.isinf(elsewhere), empty, elsewhere), camera_lens, profile)
    return rasterizer.render(seen, np.linalg.inv(world_from_camera), lens).visible


def _mesh(ringed_depth: Float32[np.ndarray, "rows columns"], lens: Pinhole, profile: MeshProfile) -> WatertightMesh:
    """Return the colourless mesh of depth that reaches a ring beyond its lens."""
    colourless = np.zeros((*ringed_depth.shape, 3), np.uint8)
    return build_mesh(colourless, ringed_depth, _ringed(lens), profile=profile)


def _ringed(lens: Pinhole) -> Pinhole:
    center = (lens.center_px[0] + RING, lens.center_px[1] + RING)
    return Pinhole(lens.width + 2 * RING, lens.height + 2 * RING, lens.focal_px, center)
