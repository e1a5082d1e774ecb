"""Make the picture of the hiding rules: ``python docs/make_hiding_picture.py``; needs the extra ``docs``.

One frame of the example clip from an extreme camera, its mesh built under each rule; nothing is retouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from jaxtyping import Float64, UInt8
from matplotlib.figure import Figure

from ex4d.artifacts.mesh_profile import BOUNDARY_STEEPNESS, PROFILES, MeshProfile
from ex4d.backdrop import frame_mesh
from ex4d.kernels import keep_compiled
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.setups import Setup, set_up
from ex4d.shotlist.load import load

ROOT = Path(__file__).parents[1]
FILM = ROOT / "shots" / "scene.yaml"
PICTURE = ROOT / "docs" / "pictures" / "hiding.png"
INK, PAPER = "#e9e4f0", "#17131f"
HOLE = (214, 64, 160)
ANGLE_DEG = 50.0
CROP = np.s_[110:290, 195:435]
"""Rows and columns of the close-up."""

CLEAN, REFERENCE = PROFILES["clean"], PROFILES["reference"]
RULES: Mapping[str, MeshProfile] = {
    "no face is hidden": replace(CLEAN, min_angle_deg=None),
    "released code, boundary": replace(REFERENCE, min_angle_deg=None, steepness=BOUNDARY_STEEPNESS),
    "released code, angle: by vertex": REFERENCE,
    "clean: by face": CLEAN,
}


def main() -> None:
    """Draw one view under every rule, whole above and a part of it below, and write them as one picture."""
    keep_compiled()
    mpl.rcParams.update({"font.size": 10, "text.color": INK, "font.family": "DejaVu Sans"})
    film = load(FILM)
    setup = set_up(film.shots[1], film.output)
    figure = Figure(figsize=(15.5, 6.2), dpi=100, facecolor=PAPER)
    panels = figure.subplots(2, len(RULES))
    figure.subplots_adjust(left=0.006, right=0.994, top=0.95, bottom=0.01, wspace=0.02, hspace=0.02)
    for (whole, part), (title, profile) in zip(panels.T, RULES.items(), strict=True):
        image = seen(setup, profile)
        whole.imshow(image)
        whole.set_title(title, color=INK, pad=5)
        part.imshow(image[CROP], interpolation="nearest")
        whole.set_axis_off(), part.set_axis_off()
    figure.savefig(PICTURE, facecolor=PAPER, metadata={"Software": None})


def seen(setup: Setup, profile: MeshProfile) -> UInt8[np.ndarray, "height width 3"]:
    """Return what the extreme camera sees under a rule, holes in one loud colour."""
    footage, path = setup.footage, setup.path
    source = next(footage.frames([path.source_time[-1]]))
    mesh = frame_mesh(source.colour, source.depth, footage, profile)
    frame = CpuRasterizer().render(mesh, orbit(footage.subject_distance), path.scene.lens)
    return np.where(frame.visible[..., None], frame.colour, np.uint8(HOLE))


def orbit(radius: float, angle_deg: float = ANGLE_DEG) -> Float64[np.ndarray, "4 4"]:
    """Return the camera to the right on a circle round the subject, facing it; radius in units of depth."""
    angle = np.radians(angle_deg)
    pose = np.eye(4)
    pose[:3, :3] = [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    pose[:3, 3] = radius * np.array([np.sin(angle), 0, 1 - np.cos(angle)])
    return pose


if __name__ == "__main__":
    main()
