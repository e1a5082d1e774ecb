"""Draw what a move does: its path as a plan, and what the camera sees of two frames that stand in the scene.

Needs the extra ``docs``. One frame stands about the subject, one twice as far away; both are drawn as the first and
the last camera see them, and once halfway.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from path_plot import FRAME, INK, PAPER, SOURCE, SUBJECT, TIME, draw_path
from PIL import Image

from ex4d.artifacts.camera_path import CameraPath
from ex4d.shotlist.load import parse
from ex4d.shotlist.model import Ease
from ex4d.trajectory.assumed import compile_assumed
from ex4d.trajectory.cue import eased

SIDEWAYS = ("pedestal", "crane", "tilt")
"""Moves that show from the side alone."""
COLOURS = 48
FILM = """ex4d: 1
source: {{video: clip.mp4, lens: 54deg}}
output: {{size: 512x384, fps: 24}}
shots:
  - name: example
    clip: 0s..2s
    camera:
{camera}
"""


def draw_move(word: str, camera: str, file: Path) -> None:
    """Draw the plan of an example, and what its camera sees, side by side.

    Args:
        word: the move.
        camera: its items, as a shot list has them.
        file: to write, a PNG of a few kilobytes.
    """
    film = parse(FILM.format(camera="".join(f"      {line}\n" for line in camera.splitlines())), "example.yaml")
    path = compile_assumed(film.shots[0], film.output)
    figure = _figure(5.2, 2.1)
    plan, picture = figure.subplots(1, 2)
    figure.subplots_adjust(left=0.01, right=0.99, top=0.88, bottom=0.02, wspace=0.03)
    view = "side" if word in SIDEWAYS else "above"
    draw_path(plan, path, view)
    plan.set_title(f"from {'the side' if view == 'side' else 'above'}", color=INK, pad=4)
    draw_picture(picture, path)
    picture.set_title("in the picture: first, halfway, last", color=INK, pad=4)
    _save(figure, file)


def draw_picture(axes: Axes, path: CameraPath) -> None:
    """Draw what the first, the middle and the last camera see of two frames that stand in the scene."""
    lens, pivot = path.scene.lens, np.array(path.scene.pivot)
    axes.set_facecolor(PAPER)
    for index, colour in ((0, SOURCE), (len(path) // 2, TIME(0.5)), (len(path) - 1, TIME(1.0))):
        camera_from_world = np.linalg.inv(path.world_from_camera[index])
        zoomed = lens.zoomed(float(path.lens_factor[index]))
        for distance, half, style in ((1.0, 0.16, "-"), (2.0, 0.62, ":")):
            corners = _square(pivot, distance, half) @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
            if (corners[:, 2] > 0.05).all():
                axes.plot(*zoomed.project(corners).T, style, color=colour, lw=1.6)
    axes.plot(*lens.project(pivot), marker="*", ms=9, color=SUBJECT)
    axes.set_xlim(0, lens.width), axes.set_ylim(lens.height, 0)
    axes.set_aspect("equal")
    axes.set_xticks([]), axes.set_yticks([])
    for side in axes.spines.values():
        side.set_color(FRAME)


def _square(pivot: Float64[np.ndarray, "3"], distance: float, half: float) -> Float64[np.ndarray, "corners 3"]:
    """Return a closed rectangle, 4 by 3, that faces the source camera at a multiple of the pivot's distance."""
    corners = np.array([[-1, -0.75], [1, -0.75], [1, 0.75], [-1, 0.75], [-1, -0.75]]) * half
    return np.concatenate([corners, np.zeros((5, 1))], axis=1) + pivot * np.array([1, 1, distance])


def draw_eases(eases: dict[str, Ease], file: Path) -> None:
    """Draw how far a move has come over its window, for several eases."""
    figure = _figure(5.2, 2.9)
    axes = figure.subplots()
    figure.subplots_adjust(left=0.09, right=0.985, top=0.96, bottom=0.15)
    time = np.linspace(0, 1, 201)
    for index, (name, ease) in enumerate(eases.items()):
        axes.plot(time, eased(ease, time), lw=1.8, label=name, color=mpl.colormaps["viridis"](0.25 + index * 0.15))
    axes.set_facecolor(PAPER)
    axes.set_xlabel("time in the window", color=INK), axes.set_ylabel("how much is done", color=INK)
    axes.tick_params(colors=INK, labelsize=7)
    axes.legend(loc="upper left", fontsize=8, labelcolor=INK, facecolor=PAPER, edgecolor=FRAME)
    for side in axes.spines.values():
        side.set_color(FRAME)
    _save(figure, file)


def _figure(width: float, height: float) -> Figure:
    mpl.rcParams.update({"font.size": 8, "text.color": INK, "font.family": "DejaVu Sans"})
    return Figure(figsize=(width, height), dpi=110, facecolor=PAPER)


def _save(figure: Figure, file: Path) -> None:
    """Write a PNG of few colours, which is small."""
    drawn = BytesIO()
    figure.savefig(drawn, facecolor=PAPER, format="png", metadata={"Software": None})
    file.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.open(drawn).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(file, optimize=True)
