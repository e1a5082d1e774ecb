"""``ex4d recon``: EX-4D's first command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ex4d.cli.arguments import Json
from ex4d.cli.composed import Group, with_options
from ex4d.cli.depth_arguments import depth_options
from ex4d.cli.recon_arguments import footage_options, mesh_options, output_options
from ex4d.cli.stopping import last_words
from ex4d.cli.streams import print_json
from ex4d.errors import Faults
from ex4d.progress import counted
from ex4d.recon.job import CAMERAS, Recon

if TYPE_CHECKING:
    from ex4d.recon.making import Reconstructed


@with_options(output_options, "written")
@with_options(mesh_options, "mesh")
@with_options(depth_options, "measured")
@with_options(footage_options, "filmed")
def recon(
    *,
    cam: Annotated[
        str | None,
        typer.Option(
            help=f"EX-4D's own cameras: {', '.join(CAMERAS)}. They turn about a point just behind the nearest one, the "
            "whole arc in as many frames as there are; the zooms are dollies, to half its distance, and half as far "
            "again away.",
            metavar="NAME",
        ),
    ] = None,
    path: Annotated[
        Path | None,
        typer.Option(help="An EX-4D camera file, as it stands: in units of depth, with its lens.", metavar="NPZ"),
    ] = None,
    shot: Annotated[
        str | None,
        typer.Option(
            help="The cameras of a shot; without --video its own video, depth, lens and output.", metavar="FILE#NAME"
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    as_json: Json = False,
    filmed: Group,
    measured: Group,
    mesh: Group,
    written: Group,
) -> None:
    """See a video from other cameras, black where they see what was never filmed.

    Writes color_CAM.mp4, mask_CAM.mp4 (white where it was filmed, exactly 0 and 255) and recon_CAM.ex4d.json.

    Example: ex4d recon --video clip.mp4 --depth clip.depth.mkv --cam 180 --out out
    """
    from rich.console import Console

    from ex4d.cli.progress import shown
    from ex4d.recon.inputs import read_inputs
    from ex4d.recon.making import reconstruct

    faults = Faults()
    footage, depth, how, where = (faults.of(group) for group in (filmed, measured, mesh, written))
    if faults.found and footage and depth and where:
        faults.of(lambda: read_inputs(Recon(cam=cam, path=path, shot=shot, **footage, **depth, **where)))
    faults.tell()
    assert footage and depth and how and where
    job = Recon(cam=cam, path=path, shot=shot, **footage, **depth, **how, **where)
    words = "nothing is kept: run the same command again to begin anew"
    with last_words(words), shown(Console(stderr=True), quiet=quiet or as_json) as progress:
        made = reconstruct(job, progress)
    if as_json:
        print_json(_as_json(made))
    elif not quiet:
        sys.stdout.write(_in_words(made))


def _in_words(made: Reconstructed) -> str:
    names = ", ".join([str(made.files[0]), *(file.name for file in made.files[1:4])])
    more = f" and {counted(len(made.files) - 4, 'more file')}" if len(made.files) > 4 else ""
    share = f"{made.mean_uncovered:.1%} uncovered, at most {made.worst}" if made.mean_uncovered else "nothing uncovered"
    return (
        f"{names}{more}: {counted(len(made.coverage), 'frame')} of {made.size[0]}x{made.size[1]} "
        f"at {made.frame_rate} a second\n{share}; {made.manifest} says from what\n"
    )


def _as_json(made: Reconstructed) -> dict[str, object]:
    return {
        "files": [str(file) for file in made.files],
        "manifest": str(made.manifest),
        "frames": len(made.coverage),
        "frame_rate": str(made.frame_rate),
        "size": made.size,
        "uncovered": {"mean": made.mean_uncovered, "frames": [frame.as_json() for frame in made.coverage]},
    }
