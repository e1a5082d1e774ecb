"""``ex4d depth``: the depth and the lens of a video alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ex4d.cli.arguments import Json
from ex4d.cli.composed import Group, lens_as_written, read_as, with_options
from ex4d.cli.depth_arguments import depth_options
from ex4d.cli.stopping import last_words
from ex4d.cli.streams import print_json
from ex4d.errors import Faults
from ex4d.progress import counted
from ex4d.shotlist.film_format import Rate

if TYPE_CHECKING:
    from ex4d.depth_making import MadeDepth

KEPT = "what a model has not finished is not kept: run the same command again to begin anew"


@with_options(depth_options, "measured")
def depth(
    video: Annotated[Path, typer.Argument(help="The video: a file, or a folder or glob of images.", metavar="VIDEO")],
    *,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="An .npz, exact, or an .mkv, 16-bit video.", metavar="OUT")
    ],
    lens: Annotated[
        str | None,
        typer.Option(
            help="Through which it was filmed: 54deg across, 35mm, 500px, or auto, which takes no guess. Else what the "
            "depth model or the video's metadata say, or 54deg.",
            metavar="LENS",
        ),
    ] = None,
    fps: Annotated[
        str | None, typer.Option(help="Frames a second, of images; else the video's own.", metavar="RATE")
    ] = None,
    fill: Annotated[bool, typer.Option("--fill", help="Guess unknown depth from what is beside it.")] = False,
    preview: Annotated[bool, typer.Option("--preview/--no-preview", help="Write OUT.preview.mp4, to look at.")] = True,
    verify: Annotated[bool, typer.Option("--verify", help="Read video and weights again to see if they changed.")] = (
        False
    ),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    as_json: Json = False,
    measured: Group,
) -> None:
    """Write the depth of a video, what it means, and a coloured preview.

    A model sees the same clip once, whatever asks for its depth; what it saw is kept in the user's cache.

    Example: ex4d depth clip.mp4 -o clip.depth.npz
    """
    from rich.console import Console

    from ex4d.cli.progress import shown
    from ex4d.depth_making import DepthJob, make_depth
    from ex4d.estimated_depth import DepthMeans
    from ex4d.shotlist.model import DepthModel

    faults = Faults()
    asked = faults.of(measured)
    spec = faults.of(lambda: lens_as_written(lens))
    rate = faults.of(lambda: read_as("--fps", Rate, fps))
    faults.tell()
    assert asked is not None
    means = DepthMeans(asked["models"], asked["device"], verify)
    source = asked["depth"] or DepthModel(model="auto")
    job = DepthJob(video, output, source, spec, rate, fill, preview, means)
    with last_words(KEPT), shown(Console(stderr=True), quiet=quiet or as_json) as progress:
        made = make_depth(job, progress)
    if as_json:
        print_json(made.as_json())
    elif not quiet:
        sys.stdout.write(_in_words(made))


def _in_words(made: MadeDepth) -> str:
    clip, names = made.media.clip, ", ".join([str(made.job.out), *(file.name for file in made.job.targets[1:])])
    rounding = f", its codes round it by at most {made.worst_error:.2g} of itself" if made.worst_error else ""
    lines = (
        f"{names}: {counted(clip.frame_count, 'frame')} of {clip.width}x{clip.height} at {clip.frame_rate} a second",
        f"{made.figures}{rounding}",
        "; ".join((made.lens.in_words, *made.lens.doubts)),
        *(f"assumed: {words}" for words in made.assumed),
    )
    return "".join(f"{line}\n" for line in lines)
