"""Make the pictures of the README from the example film: ``python docs/make_pictures.py``; needs the extra ``docs``.

Every panel is what ex4d itself makes of shots/scene.yaml; nothing is retouched.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ex4d.kernels import keep_compiled
from ex4d.shotlist.load import load
from ex4d.shotlist.model import ShotList

ROOT = Path(__file__).parents[1]
FILM = ROOT / "shots" / "scene.yaml"
PICTURE = ROOT / "docs" / "pictures" / "courtyard.png"
INK, PAPER = "#e9e4f0", "#17131f"
STILLS = (
    ("swing@100%", "source", "the video: one camera that never moved"),
    ("swing@100%", "guide", "swung to the right: what its mesh knows"),
    ("swing@100%", "result", "swing, completed without a model"),
    ("vertigo@100%", "result", "vertigo: back away, zoom in"),
    ("float@100%", "result", "float: a spline through space"),
)


def main() -> None:
    """Draw five stills and the camera paths, and write them as one picture."""
    keep_compiled()
    from ex4d.preflight.still import draw_still

    mpl.rcParams.update({"font.size": 10, "text.color": INK, "font.family": "DejaVu Sans"})
    figure = Figure(figsize=(13.5, 7.4), dpi=100, facecolor=PAPER)
    panels = figure.subplots(2, 3).ravel()
    figure.subplots_adjust(left=0.008, right=0.992, top=0.955, bottom=0.012, wspace=0.025, hspace=0.1)
    for panel, (place, kind, title) in zip(panels, STILLS, strict=False):
        panel.imshow(draw_still(f"{FILM}#{place}", kind).image)
        panel.set_title(title, color=INK, pad=5)
        panel.set_axis_off()
    draw_paths(panels[-1], load(FILM))
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, facecolor=PAPER, metadata={"Software": None})


def draw_paths(panel: Axes, film: ShotList) -> None:
    """Draw every shot's path from above, in subject distances."""
    from ex4d.setups import set_up_all

    panel.set_facecolor(PAPER)
    panel.set_title("the cameras, from above", color=INK, pad=5)
    for setup in set_up_all(film.shots, film.output):
        path = setup.path
        right, _, forward = path.world_from_camera[:, :3, 3].T
        line = panel.plot(right, forward, lw=2.2, label=setup.shot.name)[0]
        look = path.world_from_camera[-1, :3, 2]
        arrow = {"arrowstyle": "-|>", "color": line.get_color(), "lw": 1.6}
        tip = (right[-1] + 0.18 * look[0], forward[-1] + 0.18 * look[2])
        panel.annotate("", tip, (right[-1], forward[-1]), arrowprops=arrow)
    panel.plot(0, 1, marker="*", ms=15, color="#ffb347")
    panel.annotate("the fox", (0, 1), (0.06, 0.97), color="#ffb347")
    panel.plot(0, 0, marker="o", ms=5, color=INK)
    panel.set_aspect("equal", adjustable="datalim")
    panel.margins(0.12)
    panel.tick_params(colors=INK, labelsize=8, direction="in", pad=-14)
    panel.set_xticks([]), panel.set_yticks([])
    panel.legend(loc="lower right", fontsize=9, labelcolor=INK, facecolor=PAPER, edgecolor="#3a3347")
    for side in panel.spines.values():
        side.set_color("#3a3347")
    assert np.isfinite(panel.dataLim.get_points()).all()


if __name__ == "__main__":
    main()
