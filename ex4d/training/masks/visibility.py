"""What of a frame a camera elsewhere could show, carried back into the frame.

The roles of a guide are exchanged. A guide shows what the source's camera saw to a camera elsewhere; here the camera
elsewhere is taken to be the one that filmed, and the frame to be the view that is to be completed:

1. the frame's mesh is rendered as the camera elsewhere sees it, for its depth. Hidden faces count: nothing is known of
   what is behind them, and along the frame's own rays, which they lie on, they cover nothing;
2. that depth becomes a mesh of its own, under the rules of guides;
3. it is rendered back, where the frame was taken. What shows nothing there is a hole, and what shows another surface
   than the frame's own: a face of that mesh that joins what only looks like neighbours from elsewhere.

So a hole is what the other camera has outside its frame, what something hides from it, what it sees so slantingly that
the faces of its mesh are hidden, and what lies behind the hidden faces of its mesh, as all of it is in a guide.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ex4d.array_types import Bool, Float32, Float64, UInt8
from ex4d.artifacts.mesh_profile import PROFILES, MeshProfile, widest_step
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import BEHIND, build_mesh
from ex4d.render.rasterizer import Rasterizer

GUIDES = replace(PROFILES["reference"], pixel_origin="center", unknown="hide", ring=True)
"""The rules of the guides that the adapter completes: faces are hidden by vertex. Not their half pixel of shift: what
goes with these holes is the clip itself, which is not shifted. Faces where no surface was met are hidden."""
BEYOND = 8
"""Pixels by which the frame's depth is continued beyond its edges, where no depth edge is: so many that the other
camera sees two of its own pixels of it even slantingly."""
RING = 1
"""Pixels round the other camera's frame that the border takes."""

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
    and with its lens shows all of it; by the ``vertex`` rule the vertices on both sides of a depth edge, the frame's
    own edges among them, show nothing from anywhere.

    Raises:
        ReconstructionError: as :func:`ex4d.reconstruction.watertight_mesh.build_mesh`.
    """
    continued = np.pad(depth, BEYOND, mode="edge")
    frame = build_mesh(_colourless(continued), continued, _wider(lens, BEYOND), profile=PROFILES["clean"])
    ringed = _wider(camera_lens, RING)
    elsewhere = rasterizer.render(frame, world_from_camera, ringed).depth
    hit = np.isfinite(elsewhere)
    behind = np.float32(profile.border_depth or BEHIND * float(depth.max()))
    taken = np.where(hit, elsewhere, behind)
    seen = build_mesh(_colourless(taken), taken, ringed, profile=profile, known=hit)
    back = rasterizer.render(seen, np.linalg.inv(world_from_camera), lens)
    return back.visible & _same_surface(back.depth, depth, widest_step(lens.focal_px))


def _same_surface(one: Depth, other: Depth, step: float) -> Bool[np.ndarray, "height width"]:
    """Tell where two depths are no further apart than neighbours on one surface are."""
    return np.maximum(one, other) <= np.float32(step) * np.minimum(one, other)


def _colourless(depth: Depth) -> UInt8[np.ndarray, "height width 3"]:
    return np.zeros((*depth.shape, 3), np.uint8)


def _wider(lens: Pinhole, by: int) -> Pinhole:
    """Return the lens of a frame that reaches so many pixels further on each side."""
    x, y = lens.center_px
    return Pinhole(lens.width + 2 * by, lens.height + 2 * by, lens.focal_px, (x + by, y + by))
