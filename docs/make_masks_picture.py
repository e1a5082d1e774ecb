"""Make the picture of rendering masks: ``python docs/make_masks_picture.py``; needs the extra ``docs``.

One frame of the example clip takes the place of shots on three paths; nothing is retouched.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import matplotlib as mpl
import numpy as np
from jaxtyping import UInt8
from make_hiding_picture import FILM, HOLE, INK, PAPER
from matplotlib.figure import Figure

from ex4d.backdrop import frame_mesh
from ex4d.footage import open_footage
from ex4d.kernels import keep_compiled
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.render.rasterizer import RenderedFrame
from ex4d.shotlist.load import parse
from ex4d.training.excerpts import Excerpt, OpenedExcerpt
from ex4d.training.masks.rendering import guide_profile, rendering_mask, source_cameras
from ex4d.trajectory.compiler import compile_shot

PICTURE = Path(__file__).parent / "pictures" / "masks_round_trip.png"
MOMENT = Fraction(5, 2)
"""Of the clip, seconds."""
PATHS = {
    "orbit right 20°": "orbit: {right: 20deg}",
    "orbit left 45°": "orbit: {left: 45deg}",
    "dolly out 40 %": "dolly: {out: 40%}",
}
TITLES = (
    "the clip, to be learned",
    "as seen from elsewhere",
    "what of that is carried back",
    "the clip with its holes",
    "a true guide of the path",
)
SHOT = """ex4d: 1
source:
  video: media/courtyard.mp4
  depth: {{file: media/courtyard.depth.mkv, unit: mm, unknown: 0}}
  lens: 54deg
  subject: {{depth: 4.1}}
shots:
  - name: path
    time: [{{freeze: 1s, of: 2.5s}}]
    camera: [{{{move}}}]
"""
RASTERIZER = CpuRasterizer()

Image = UInt8[np.ndarray, "height width 3"]


def main() -> None:
    """Draw a row for each path and write them as one picture."""
    keep_compiled()
    mpl.rcParams.update({"font.size": 10, "text.color": INK, "font.family": "DejaVu Sans"})
    figure = Figure(figsize=(15.0, 7.2), dpi=64, facecolor=PAPER)
    panels = figure.subplots(len(PATHS), len(TITLES))
    figure.subplots_adjust(left=0.022, right=0.996, top=0.955, bottom=0.008, wspace=0.02, hspace=0.03)
    for row, (name, move) in zip(panels, PATHS.items(), strict=True):
        for panel, title, image in zip(row, TITLES, round_trip(move), strict=True):
            panel.imshow(image)
            panel.set_axis_off()
            if name == next(iter(PATHS)):
                panel.set_title(title, color=INK, pad=5)
        row[0].text(-0.035, 0.5, name, transform=row[0].transAxes, rotation=90, va="center", ha="center")
    figure.savefig(PICTURE, facecolor=PAPER, metadata={"Software": None})


def round_trip(move: str) -> tuple[Image, Image, Image, Image, Image]:
    """Return the pictures of a row: of the last camera of a path."""
    film = parse(SHOT.format(move=move), FILM, must_exist=True)
    footage = open_footage(film.shots[0], film.output)
    path = compile_shot(film.shots[0], footage.scene)
    last = replace(
        path, world_from_camera=path.world_from_camera[-1:], lens_factor=path.lens_factor[-1:], source_time=(MOMENT,)
    )
    source = next(footage.frames([MOMENT]))
    excerpt = Excerpt("courtyard", film.shots[0].source, (source.index,), footage.fit.view, "")
    opened = OpenedExcerpt(excerpt, source.colour[None], footage.clip.frame_rate, footage, (MOMENT,))
    (visible,) = rendering_mask(opened, last, RASTERIZER)
    mesh = frame_mesh(source.colour, source.depth, footage, guide_profile(footage), source.known)

    def guide(pose: np.ndarray) -> RenderedFrame:
        moved = pose.copy()
        moved[:3, 3] *= footage.subject_distance
        return RASTERIZER.render(mesh, moved, footage.scene.lens)

    elsewhere, true = guide(source_cameras(last)[0]), guide(last.world_from_camera[0])
    mask = np.where(visible[..., None], np.uint8(255), np.uint8(HOLE))
    clip = source.colour
    return (
        clip,
        holed(elsewhere.colour, elsewhere.visible),
        mask,
        holed(clip, visible),
        holed(true.colour, true.visible),
    )


def holed(colour: Image, visible: np.ndarray) -> Image:
    """Return a picture with its holes in one loud colour."""
    return np.where(visible[..., None], colour, np.uint8(HOLE))


if __name__ == "__main__":
    main()
