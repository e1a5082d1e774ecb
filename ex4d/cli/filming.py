"""The commands that make something of a shot list: plan, frame and shoot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ex4d.cli.arguments import Json, Quiet, ShotFile
from ex4d.cli.engine_arguments import (
    DrawnBy,
    EngineName,
    Guide,
    ReadOptions,
    drawn,
    naming_engines,
    with_engine_options,
)
from ex4d.cli.stopping import RESUMED, last_words
from ex4d.cli.streams import print_json
from ex4d.engines.options import EngineOptions
from ex4d.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

Out = Annotated[Path, typer.Option(help="The folder that the film and its takes go to.", metavar="DIR")]


@with_engine_options
def plan(
    file: ShotFile,
    *,
    fit: Annotated[
        str | None,
        typer.Option(help="Say how large a move may be whose worst frame stays under this share.", metavar="PERCENT"),
    ] = None,
    shot: Annotated[str | None, typer.Option(help="With --fit: only this shot.", metavar="NAME")] = None,
    move: Annotated[
        str | None,
        typer.Option(help="With --fit: which move: orbit, camera[1], or a preset's name.", metavar="NAME"),
    ] = None,
    engine: EngineName = None,
    guide: Guide = None,
    rasterizer: DrawnBy = "cpu",
    as_json: Json = False,
    options: ReadOptions,
) -> None:
    """Read the media and say what every shot will be, how much the camera uncovers, and how long it takes.

    Example: ex4d plan shots/scene.yaml
    """
    from ex4d.cli.progress import shown

    read = drawn(options, guide, rasterizer)
    if fit is not None:
        _fit(file, fit, shot=shot, move=move, engine=engine, options=read, as_json=as_json)
        return
    if shot is not None or move is not None:
        raise UserError("--shot and --move say what --fit is about; write --fit 35% too")
    from ex4d.cli.plan_json import plan_as_json
    from ex4d.cli.planning import print_plan
    from ex4d.preflight.plan import plan as make_plan

    with shown(_console(stderr=True), quiet=as_json) as progress:
        made = make_plan(file, progress, engine=engine, options=read)
    if as_json:
        print_json(plan_as_json(made))
    else:
        print_plan(made, _console())


def _fit(
    file: Path, limit: str, *, shot: str | None, move: str | None, engine: str | None, options: EngineOptions,
    as_json: bool,
) -> None:  # fmt: skip
    from ex4d.cli.fitting import fitted_as_json, print_fitted
    from ex4d.cli.progress import shown
    from ex4d.preflight.fitting import fit, read_limit

    share = read_limit(limit)
    with shown(_console(stderr=True), quiet=as_json) as progress:
        found = fit(file, share, shot=shot, move=move, engine=engine, options=options, progress=progress)
    if as_json:
        print_json(fitted_as_json(found))
    else:
        print_fitted(found, _console())


def frame(
    place: Annotated[str, typer.Argument(help="A shot and a moment in it.", metavar="FILE#SHOT[@40%|12f|0.8s]")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The PNG to write.", metavar="PNG")],
    show: Annotated[
        str, typer.Option(help="result, guide (holes black), source, or visible (white where seen).", metavar="WHAT")
    ] = "result",
    engine: EngineName = None,
    guide: Guide = None,
    rasterizer: DrawnBy = "cpu",
) -> None:
    """Write one frame of a shot as a PNG: the fastest look there is.

    Example: ex4d frame shots/scene.yaml#swing@40% -o swing.png
    """
    from ex4d.cli.progress import shown
    from ex4d.preflight.still import Still, draw_still

    if show not in Still.KINDS:
        raise UserError(f"--show {show}: unknown; write one of {', '.join(Still.KINDS)}")
    options = drawn(EngineOptions, guide, rasterizer)
    with shown(_console(stderr=True), quiet=False) as progress:
        still = draw_still(place, show, progress, into=output, engine=engine, options=options)
    _console(stderr=True).print(
        f"{output}: {show} of shot '{still.shot}', frame {still.index} of {still.frame_count}, "
        f"{still.coverage.in_words}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


@with_engine_options
def shoot(
    file: ShotFile,
    *,
    out: Out = Path("out"),
    only: Annotated[
        list[str] | None, typer.Option(help="Make only this shot, and cut no edit; may be repeated.", metavar="SHOT")
    ] = None,
    engine: EngineName = None,
    guide: Guide = None,
    rasterizer: DrawnBy = "cpu",
    force: Annotated[bool, typer.Option("--force", help="Make everything anew, whatever is there.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Read all media again to see if they changed.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
    options: ReadOptions,
) -> None:
    """Turn a shot list into an edited film.

    Example: ex4d shoot shots/scene.yaml --out out
    """
    from ex4d.cli.progress import shown
    from ex4d.cli.summary import print_summary, summary_as_json
    from ex4d.production import shoot as make_film
    from ex4d.setups import with_engine
    from ex4d.shotlist.load import load

    film = load(file)
    if engine is not None:
        film = with_engine(film, engine)
    hidden, by_option = quiet or as_json, engine is not None
    with (
        last_words(RESUMED),
        naming_engines(by_option=by_option),
        shown(_console(stderr=True), quiet=hidden) as progress,
    ):
        made = make_film(
            film,
            folder=out,
            only=only or (),
            options=drawn(options, guide, rasterizer),
            force=force,
            verify=verify,
            progress=progress,
        )
    if as_json:
        print_json(summary_as_json(made))
    elif not quiet:
        print_summary(made, _console())


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    return Console(stderr=stderr)
