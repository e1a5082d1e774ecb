"""Make the picture of sharpened depth: ``python docs/make_refinement_picture.py``; needs the extra ``docs``.

One frame of the example clip, its depth true, blurred, and sharpened again: the mesh of each from far to the side;
nothing is retouched.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from jaxtyping import Float32, UInt8
from make_hiding_picture import FILM, HOLE, INK, PAPER, orbit
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_filter

from ex4d.backdrop import frame_mesh
from ex4d.kernels import keep_compiled
from ex4d.reconstruction.edge_sharpening import sharpen
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.setups import Setup, set_up
from ex4d.shotlist.load import load

PICTURE = Path(__file__).parent / "pictures" / "refinement.png"
ANGLE_DEG = 35.0
SOFTNESS_PX = 2.0
CROP = np.s_[110:300, 180:433]
"""Rows and columns of the close-up."""

Depth = Float32[np.ndarray, "height width"]


def main() -> None:
    """Draw one view of the three meshes, whole above and a part of it below, and write them as one picture."""
    keep_compiled()
    mpl.rcParams.update({"font.size": 10, "text.color": INK, "font.family": "DejaVu Sans"})
    film = load(FILM)
    setup = set_up(film.shots[1], film.output)
    source = next(setup.footage.frames([setup.path.source_time[-1]]))
    soft = (1 / gaussian_filter(1 / source.depth, SOFTNESS_PX)).astype(np.float32)
    sharp = sharpen(soft, np.ones(soft.shape, np.bool_), source.colour)
    depths = {"true depth": source.depth, "blurred by 2 px": soft, "and sharpened": sharp}
    figure = Figure(figsize=(11.6, 6.6), dpi=80, facecolor=PAPER)
    panels = figure.subplots(2, len(depths))
    figure.subplots_adjust(left=0.006, right=0.994, top=0.95, bottom=0.01, wspace=0.02, hspace=0.02)
    for (whole, part), (title, depth) in zip(panels.T, depths.items(), strict=True):
        image = seen(setup, source.colour, depth)
        whole.imshow(image)
        whole.set_title(title, color=INK, pad=5)
        part.imshow(image[CROP], interpolation="nearest")
        whole.set_axis_off(), part.set_axis_off()
    figure.savefig(PICTURE, facecolor=PAPER, metadata={"Software": None})


def seen(
    setup: Setup, colour: UInt8[np.ndarray, "height width 3"], depth: Depth
) -> UInt8[np.ndarray, "height width 3"]:
    """Return what a camera to the side sees of the mesh of this depth, holes in one loud colour."""
    mesh = frame_mesh(colour, depth, setup.footage)
    pose = orbit(setup.footage.subject_distance, ANGLE_DEG)
    frame = CpuRasterizer().render(mesh, pose, setup.path.scene.lens)
    return np.where(frame.visible[..., None], frame.colour, np.uint8(HOLE))


if __name__ == "__main__":
    main()
