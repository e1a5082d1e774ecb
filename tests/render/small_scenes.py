"""Small meshes and cameras that hypothesis can draw: waves with a near disc before them, seen from anywhere."""

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from ex4d.artifacts.mesh_profile import BOUNDARY_STEEPNESS, PROFILES, MeshProfile
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.geometry.pinhole import Pinhole
from ex4d.reconstruction.watertight_mesh import build_mesh

BORDER = 100.0
"""Units of depth: where the tests put their borders."""
BOUNDARY = replace(PROFILES["reference"], min_angle_deg=None, steepness=BOUNDARY_STEEPNESS)
"""The released code with its other face filter."""
RELEASED = {
    "studio_180": PROFILES["reference"],
    "kitchen_60": PROFILES["reference"],
    "studio_90_boundary": BOUNDARY,
}
"""By what profile each file of released renders was made."""


def profile(**fields: Any) -> MeshProfile:
    """Return the clean profile with other fields, its border at one place."""
    return replace(PROFILES["clean"], **{"border_depth": BORDER, **fields})


def small_mesh(seed: int, height: int = 14, width: int = 18, **fields: Any) -> WatertightMesh:
    """Return a mesh of random colours whose depth has slopes and a step."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    depth = 2.5 + 0.4 * np.sin(x / 5 + rng.uniform(0, 6)) * np.cos(y / 4 + rng.uniform(0, 6))
    disc = (x - width * rng.uniform()) ** 2 + (y - height * rng.uniform()) ** 2 < rng.uniform(4, 40)
    depth[disc] = rng.uniform(0.8, 1.8)
    colour = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    lens = Pinhole(width, height, rng.uniform(0.5, 1.5) * width, (0.5 * width, 0.5 * height))
    return build_mesh(colour, depth.astype(np.float32), lens, profile=profile(**fields))


@st.composite
def meshes(draw: st.DrawFn) -> WatertightMesh:
    """Draw meshes of every size, rule and pixel origin, with and without an end to what is drawn."""
    return small_mesh(
        draw(st.integers(0, 2**16)),
        draw(st.integers(2, 16)),
        draw(st.integers(2, 20)),
        rule=draw(st.sampled_from(["face", "vertex"])),
        pixel_origin=draw(st.sampled_from(["center", "corner"])),
        far=draw(st.sampled_from([None, 1.7, 2.5, 60.0])),
    )


@st.composite
def poses(draw: st.DrawFn, reach: float = 3.0) -> np.ndarray:
    """Draw rigid cameras anywhere about, in and behind the mesh, looking anywhere."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    scale = draw(st.floats(0.01, 1.0))
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec(rng.normal(size=3) * scale * 2).as_matrix()
    pose[:3, 3] = rng.normal(size=3) * scale * reach
    return pose


@st.composite
def lenses(draw: st.DrawFn) -> Pinhole:
    """Draw output lenses of any size and angle, off-centre too."""
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    center = (draw(st.floats(-0.2, 1.2)) * width, draw(st.floats(-0.2, 1.2)) * height)
    return Pinhole(width, height, draw(st.floats(0.3, 4.0)) * width, center)
