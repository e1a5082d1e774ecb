"""One frame of one shot: the fastest look there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np

from ex4d.array_types import UInt8
from ex4d.artifacts.guide_video import GuideFrame
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.engines.registry import ENGINES
from ex4d.errors import OutputError, UserError
from ex4d.guide import GuideRecipe, draw_guide, source_shown
from ex4d.kernels import announce_compiling
from ex4d.media.atomic import replacing
from ex4d.progress import SILENT, Progress
from ex4d.render.choice import open_rasterizer
from ex4d.render.coverage import Coverage, coverage_of
from ex4d.setups import Setup, set_up, sources_of, with_engine
from ex4d.shotlist.load import load
from ex4d.shotlist.model import Shot, ShotList
from ex4d.synthesis.mesh_engine import complete_frame
from ex4d.workspace import require_apart

_PLACE = re.compile(r"(?P<file>.+)#(?P<shot>[^#@]+)(@(?P<at>\d{1,9}(\.\d{1,9})?)(?P<unit>%|f|s))?")

Image = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True)
class Still:
    """One frame of a shot, and which one it is."""

    KINDS: ClassVar[tuple[str, ...]] = ("result", "guide", "source", "visible")

    image: Image
    shot: str
    index: int
    frame_count: int
    coverage: Coverage
    """How much of it the source never showed, and where."""


def draw_still(
    place: str,
    kind: str = "result",
    progress: Progress = SILENT,
    *,
    into: Path | None = None,
    engine: str | None = None,
    options: EngineOptions = AS_IS,
) -> Still:
    """Draw the frame at ``FILE#SHOT@40%`` (or ``@12f``, ``@0.8s``; the first frame if no moment is given).

    With ``into`` it is written there as a PNG, whole or not at all, and never over what the shot is made from. With
    ``engine`` that one is asked for, whatever the shot list says.

    Raises:
        UserError: no such shot or moment, or whatever ``shoot`` would refuse.
        MissingPart: depth is missing.
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        raise UserError(f"{place!r} names no frame; write FILE#SHOT@40%, as in shots/scene.yaml#swing@40%")
    film = load(Path(found["file"]))
    if engine is not None:
        film = with_engine(film, engine)
    if into is not None:
        _require_png(into, film)
    announce_compiling(progress)
    shot = _shot_named(found["shot"], film.shots, found["file"])
    setup = set_up(shot, film.output, options=options, progress=progress)
    index = _frame_at(Fraction(found["at"] or 0), found["unit"] or "f", setup)
    recipe = _recipe(kind, setup, options, progress)
    guide = next(draw_guide(setup.footage, setup.path, open_rasterizer(options.rasterizer, progress), recipe, [index]))
    picture, coverage = _picture(kind, guide, setup, index), coverage_of(guide.visible)
    still = Still(picture, setup.shot.name, index, setup.frame_count, coverage)
    if into is not None:
        _write_png(still.image, into)
    return still


def _recipe(kind: str, setup: Setup, options: EngineOptions, progress: Progress) -> GuideRecipe:
    """Return how to draw it: as its engine gets it, but a result as the engine completes it that needs only a frame."""
    if kind != "result":
        return replace(setup.engine.engine.recipe(options), background=False)
    if setup.engine.name != "mesh":
        progress.say(f"{setup.engine.name} completes whole shots only; this frame is completed from the mesh")
    return ENGINES["mesh"].recipe(options)


def _require_png(file: Path, film: ShotList) -> None:
    if file.suffix.lower() != ".png":
        raise OutputError(f"{file} does not end in .png, which is what is written")
    require_apart(file, sources_of(film), "write it elsewhere")


def _write_png(image: Image, file: Path) -> None:
    import imageio.v3 as iio

    with replacing(file) as partial:
        iio.imwrite(partial, image, extension=".png")


def _shot_named(name: str, shots: tuple[Shot, ...], file: str) -> Shot:
    for shot in shots:
        if shot.name == name:
            return shot
    raise UserError(f"{file} has no shot named {name!r}; its shots are {', '.join(shot.name for shot in shots)}")


def _frame_at(value: Fraction, unit: str, setup: Setup) -> int:
    last = setup.frame_count - 1
    frame = {"%": value / 100 * last, "s": value * setup.path.frame_rate, "f": value}[unit]
    if frame > last + 1 or (unit == "f" and frame > last):
        raise UserError(f"shot '{setup.shot.name}' ends at frame {last}; {float(value):g}{unit} is beyond it")
    return min(round(frame), last)  # what lies between the last frame and the shot's end is the last frame


def _picture(kind: str, guide: GuideFrame, setup: Setup, index: int) -> Image:
    if kind == "guide":
        return guide.colour
    if kind == "visible":
        return np.repeat(guide.visible[..., None], 3, axis=2).astype(np.uint8) * np.uint8(255)
    if kind == "source":
        return source_shown(setup.footage, setup.path, index)
    return setup.footage.fit.letterbox(complete_frame(guide.colour, guide.visible, guide.background))
