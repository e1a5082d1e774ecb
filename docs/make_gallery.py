"""Make the gallery of presets, docs/gallery.md and its pictures: ``python docs/make_gallery.py``.

With names of presets, only their pictures are drawn anew; the page always is. Needs the extra ``docs``. Every picture
is what ex4d itself makes of the example film's clip; nothing is retouched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from ex4d.shotlist.catalogue import PEERS
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import load, parse
from ex4d.shotlist.model import Shot, ShotList
from ex4d.shotlist.preset_file import Preset

if TYPE_CHECKING:
    from ex4d.artifacts.camera_path import CameraPath
    from ex4d.setups import Setup

ROOT = Path(__file__).parents[1]
FILM = ROOT / "shots" / "scene.yaml"
PAGE = ROOT / "docs" / "gallery.md"
PICTURES = ROOT / "docs" / "pictures" / "gallery"
PLAYS, FROZEN = "clip: 1.5s..3.5s", {"bullet-time": "time: [{freeze: 2s, of: 2.5s}]"}
"""What plays of the clip, and for some presets instead."""
PREVIEW = """ex4d: 1
source: {{video: {video}}}
shots:
  - name: {name}
    {plays}
    camera: [{{use: {name}}}]
"""
FRAMES, FRAME_SIZE, GAP, QUALITY = 5, (132, 99), 3, 74
"""Of a strip: its preview frames, the pixels of each, pixels between them, of JPEG."""
FINER = 2
"""Pictures are drawn so many times larger, and then made smaller, so that edges are smooth."""

GROUPS = {
    "In and out": ("push-in", "creep-in", "pull-out", "vertigo", "vertigo-out", "flyaway", "pov-walk"),
    "Round the subject": (
        "orbit-left", "orbit-right", "orbit-up", "orbit-down", "arc-sway", "half-moon", "spiral-in", "bullet-time",
        "lemniscate",
    ),
    "Up and down": ("boom-up", "crane-up", "crane-down", "hero", "gods-eye", "fly-over", "reveal"),
    "Sideways": ("truck-left", "truck-right", "fly-by", "parallax-wiggle"),
    "Head and lens": ("whip-pan", "whip-in", "tilt-up-reveal", "dutch-tilt", "slow-zoom", "crash-zoom", "ken-burns"),
    "By hand": ("drift", "steadicam-drift", "documentary", "earthquake", "breathing"),
}  # fmt: skip
"""Film presets; those of other projects are grouped by the first word of their names."""

HEAD = """# The presets

Every preset of the library, at its defaults, on the two seconds of the example clip that are `1.5s..3.5s`. From left to
right: five frames of the shot, as the `mesh` engine completes them; its path from above and from the side. The star is
the subject, the grey camera the one that filmed; the path runs from blue to yellow. What a move shows that was never
filmed is guessed here: an engine with weights paints it.

A preset is used by its name, pinned to its version, and takes parameters. It fills the shot, or the window it is given:

```yaml
ex4d: 1
source: {video: clip.mp4, depth: {model: auto}}
shots:
  - name: approach
    camera:
      - use: creep-in@1
      - use: truck-left@1
        with: {distance: 10%}
        at: 20%..100%
```

Distances are shares of the distance to the subject. `ex4d plan` tells how much of your video a move bares; give it
less, or an `overscan`, where that is too much. Moves after those of other projects are measured against the originals
in [peers.md](peers.md). This page is made by `docs/make_gallery.py`.
"""

NOTES = {
    "bullet-time": """
A preset moves the camera; the shot's own `time` freezes the world under it, here as in the picture:

```yaml
ex4d: 1
source: {video: clip.mp4, depth: {model: auto}}
shots:
  - name: leap
    time:
      - play: 1s..2s
      - freeze: 2s
      - play: 2s..3s
    camera:
      - use: bullet-time@1
        at: 1s..3s
```
""",
    "whip-pan": """
Two shots, joined by a cut in the middle of the whip, which looks past what was filmed for a few frames:

```yaml
ex4d: 1
source: {video: clip.mp4, depth: {model: auto}}
shots:
  - {name: here, clip: 0s..2s, camera: [{use: whip-pan@1}]}
  - {name: there, clip: 6s..8s, camera: [{use: whip-in@1}]}
```
""",
}
"""What a preset needs said besides."""


def main(*names: str) -> None:
    """Draw the pictures of some presets, or of all, and write the page."""
    from ex4d.kernels import keep_compiled

    keep_compiled()
    chosen = names or tuple(name for _, presets in grouped() for name in presets)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures(chosen):
        (PICTURES / f"{name}.jpg").write_bytes(picture)
    PAGE.write_text(page(), "utf-8")


def grouped() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the groups of the gallery, each with its presets; every preset of the library is in one.

    Raises:
        ValueError: a film preset is in no group.
    """
    library = Library.beside(FILM)
    peers = {f"After {PEERS[word]}": _named(library, word) for word in PEERS}
    known = {name for names in (*GROUPS.values(), *peers.values()) for name in names}
    if missing := sorted(set(library.names()) - known):
        raise ValueError(f"{', '.join(missing)}: in no group; write them into GROUPS of {Path(__file__).name}")
    yield from GROUPS.items()
    yield from peers.items()


def _named(library: Library, word: str) -> tuple[str, ...]:
    return tuple(name for name in library.names() if name.startswith(f"{word}-"))


def page() -> str:
    """Return the text of the gallery."""
    library, groups = Library.beside(FILM), dict(grouped())
    parts = [HEAD, "\n".join(_contents(groups))]
    for group, names in groups.items():
        parts.append(f"## {group}\n")
        parts += ["\n".join(_entry(library.preset(name, None))) for name in names]
    return "\n".join(parts)


def _contents(groups: dict[str, tuple[str, ...]]) -> Iterator[str]:
    yield "| | |\n|---|---|"
    for group, names in groups.items():
        yield f"| {group} | {', '.join(f'[{name}](#{name})' for name in names)} |"
    yield ""


def _entry(preset: Preset) -> Iterator[str]:
    """Yield the lines of a preset: its name, picture, what it does and what it takes."""
    name = preset.preset
    yield f"### {name}\n\n`use: {name}@{preset.version}`\n\n{preset.about}\n\n![{name}](pictures/gallery/{name}.jpg)\n"
    if preset.params:
        yield "| with | default | from | to | |\n|---|---|---|---|---|"
    for word, each in preset.params.items():
        yield f"| `{word}` | {each.default} | {each.min or ''} | {each.max or ''} | {each.about} |"
    if preset.params:
        yield ""
    if name in NOTES:
        yield NOTES[name].lstrip()


def pictures(names: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Draw the strips of some presets, as JPEG."""
    from ex4d.setups import set_up_all

    film = load(FILM)
    width, height = FRAME_SIZE
    output = film.output.model_copy(update={"size": (FINER * width, FINER * height), "overscan": 0.0})
    shots = [preview(film, name) for name in names]
    for setup in set_up_all(shots, output):
        yield setup.shot.name, _jpeg(_strip([*_frames(setup), *_plots(setup.path)]))


def preview(film: ShotList, name: str) -> Shot:
    """Return the shot that shows a preset, of the film's own source."""
    text = PREVIEW.format(name=name, video=film.shots[0].source.video.name, plays=FROZEN.get(name, PLAYS))
    (shot,) = parse(text, FILM).shots
    return shot.model_copy(update={"source": film.shots[0].source, "synthesis": film.shots[0].synthesis})


Image = UInt8[np.ndarray, "height width 3"]


def _frames(setup: Setup) -> Iterator[Image]:
    """Draw evenly spaced frames of a shot, as the engine without weights completes them."""
    from ex4d.engines.options import AS_IS
    from ex4d.engines.registry import ENGINES
    from ex4d.guide import draw_guide
    from ex4d.progress import SILENT
    from ex4d.render.choice import open_rasterizer
    from ex4d.synthesis.mesh_engine import complete_frame

    chosen = [round(k * (setup.frame_count - 1) / (FRAMES - 1)) for k in range(FRAMES)]
    rasterizer, recipe = open_rasterizer(AS_IS.rasterizer, SILENT), ENGINES["mesh"].recipe(AS_IS)
    for guide in draw_guide(setup.footage, setup.path, rasterizer, recipe, chosen):
        yield complete_frame(guide.colour, guide.visible, guide.background)


def _plots(path: CameraPath) -> Iterator[Image]:
    """Draw the path from above and from the side, each as large as a frame."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from path_plot import PAPER, View, draw_path

    views: tuple[View, ...] = ("above", "side")
    for view in views:
        figure = Figure(figsize=[FINER * side / 100 for side in FRAME_SIZE], dpi=100, facecolor=PAPER)
        canvas = FigureCanvasAgg(figure)
        draw_path(figure.add_axes((0.0, 0.0, 1.0, 1.0)), path, view)
        canvas.draw()
        yield np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _strip(images: list[Image]) -> Image:
    """Lay images side by side, made smaller by ``FINER``."""
    width, height = FRAME_SIZE
    small = [
        image.reshape(height, FINER, width, FINER, 3).mean(axis=(1, 3)).round().astype(np.uint8) for image in images
    ]
    gap = np.full((height, GAP, 3), 255, np.uint8)
    return np.concatenate([part for image in small for part in (image, gap)][:-1], axis=1)


def _jpeg(image: Image) -> bytes:
    import imageio.v3 as iio

    file = BytesIO()
    iio.imwrite(file, image, extension=".jpg", quality=QUALITY, optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    main(*sys.argv[1:])
