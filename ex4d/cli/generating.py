"""``ex4d generate``: EX-4D's second command."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ex4d.cli.arguments import Json
from ex4d.cli.engine_arguments import ENGINE_NAMES, ReadOptions, naming_engines, with_engine_options
from ex4d.cli.stopping import last_words
from ex4d.cli.streams import print_json
from ex4d.engines.options import AS_IS
from ex4d.errors import Faults, UserError
from ex4d.progress import counted
from ex4d.shotlist.source import ENGINES, Engine

if TYPE_CHECKING:
    from ex4d.generation import Generated


@with_engine_options
def generate(
    *,
    color: Annotated[Path, typer.Option(help="The render, as EX-4D's recon.py writes it.", metavar="VIDEO|IMAGES")],
    mask: Annotated[Path, typer.Option(help="White where the render shows the source.", metavar="VIDEO|IMAGES")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The video to write.", metavar="MP4")],
    engine: Annotated[
        str, typer.Option(help=f"Who completes what is black in the mask: {ENGINE_NAMES}.", metavar="NAME")
    ] = "ex4d",
    prompt: Annotated[str, typer.Option(help="What the scene shows; without one, EX-4D's own.", metavar="TEXT")] = "",
    seed: Annotated[int, typer.Option(help="Of every random draw.", metavar="N", min=0)] = 0,
    erode: Annotated[
        str | None, typer.Option(help="Pixels that the mask is eroded by, or random: 2 to 8 a frame.", metavar="N")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(help="Only so many frames, evenly spread; EX-4D's own takes 49.", metavar="N")
    ] = None,
    fps: Annotated[
        str | None, typer.Option(help="Frames a second, of images too; without it the render's.", metavar="RATE")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    as_json: Json = False,
    options: ReadOptions,
) -> None:
    """Complete a rendered video where its mask is black, at its own rate, whatever its length and size.

    Example: ex4d generate --color color_180.mp4 --mask mask_180.mp4 --output film.mp4
    """
    from rich.console import Console

    from ex4d.cli.progress import shown
    from ex4d.generation import generate as complete
    from ex4d.given_render import Generation, read_inputs
    from ex4d.shotlist.model import Synthesis

    faults = Faults()
    said, known = faults.of(options), faults.of(lambda: _known(engine))
    eroded, rate = faults.of(lambda: _erosion(erode)), faults.of(lambda: _rate(fps))
    synthesis = Synthesis(engine=known or "mesh", seed=seed, prompt=prompt, erode=eroded)
    job = Generation(color, mask, output, synthesis, said or AS_IS, frames, rate)
    if faults.found:
        faults.of(lambda: read_inputs(job))
        faults.tell()
    words = "nothing is kept: run the same command again to begin anew"
    hidden = quiet or as_json
    with last_words(words), naming_engines(by_option=True), shown(Console(stderr=True), quiet=hidden) as progress:
        made = complete(job, progress)
    if as_json:
        print_json(_as_json(made))
    elif not quiet:
        sys.stdout.write(
            f"{made.output}: {counted(made.frame_count, 'frame')} of {made.size[0]}x{made.size[1]} "
            f"at {made.frame_rate} a second, by {made.engine}; {made.manifest} says from what\n"
        )


def _known(engine: str) -> Engine:
    if engine not in ENGINES:
        raise UserError(f"--engine {engine}: unknown; write one of {', '.join(ENGINES)}")
    return cast(Engine, engine)


def _erosion(written: str | None) -> int | None:
    from ex4d.shotlist.source import MOST_ERODED

    if written in (None, "random"):
        return None
    if not str(written).isdecimal() or int(str(written)) > MOST_ERODED:
        raise UserError(f"--erode {written}: write random, or whole pixels from 0 to {MOST_ERODED}, as 5")
    return int(str(written))


def _rate(written: str | None) -> Fraction | None:
    from ex4d.shotlist.film_format import frame_rate

    try:
        return None if written is None else frame_rate(written)
    except ValueError as cause:
        raise UserError(f"--fps {cause}") from cause


def _as_json(made: Generated) -> dict[str, object]:
    return {
        "output": str(made.output),
        "manifest": str(made.manifest),
        "frames": made.frame_count,
        "frame_rate": str(made.frame_rate),
        "size": made.size,
        "engine": made.engine,
    }
