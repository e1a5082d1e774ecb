"""``ex4d train``: an adapter of the user's own; its file checked, its masks looked at, its data prepared."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ex4d.cli.arguments import Json, Quiet
from ex4d.cli.checking import faults_as_json
from ex4d.cli.stopping import RESUMED, last_words
from ex4d.cli.streams import print_json
from ex4d.errors import ShotFileError, UserError
from ex4d.progress import Progress, counted
from ex4d.shotlist.fields import near

if TYPE_CHECKING:
    from ex4d.training.config.records import TrainingConfig
    from ex4d.training.run import SheetOfMasks

RUN = "run"
"""What is done where the first word is none of the commands, but the file."""


class _Group(TyperGroup):
    """Commands, of which one needs no name: ``ex4d train FILE`` is ``ex4d train run FILE``."""

    default = RUN

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name before arguments that begin with none."""
        if args and args[0] not in (*self.commands, "--help"):
            hint = near(args[0], tuple(self.commands))
            if hint and not Path(args[0]).exists():
                ctx.fail(f"{args[0]!r} is neither a training file nor a command{hint}")
            args = [self.default, *args]
        return super().parse_args(ctx, args)


train = typer.Typer(
    cls=_Group,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Train EX-4D's adapter on videos of your own, with simulated masks; a YAML file says how. "
    "`ex4d train FILE` is `ex4d train run FILE`.\n\nExample: ex4d train adapter.yaml",
)

TrainingFile = Annotated[Path, typer.Argument(help="A training file.", metavar="CONFIG")]
Models = Annotated[
    Path | None, typer.Option(help="The folder of all weights; else $EX4D_MODELS, or the user's.", metavar="DIR")
]
DeviceName = Annotated[
    str | None, typer.Option(help="What models work on: cuda, cuda:1 or cpu; else the card, if there is one.")
]


@train.command(RUN)
def run(config: TrainingFile, *, models: Models = None, device: DeviceName = None, quiet: Quiet = False) -> None:
    """Prepare what is not prepared yet, then train, from the newest checkpoint on; the output holds all of it.

    Example: ex4d train run adapter.yaml
    """
    settled = _loaded(config, models, device)
    from ex4d.training.run import train as go

    quiet = quiet or os.environ.get("RANK", "0") != "0"  # of several processes, as torchrun starts them
    with _working(RESUMED, quiet=quiet) as progress:
        adapter = go(settled, models=models, device=device, progress=progress)
    shoot = f"ex4d shoot FILE --engine ex4d --adapter {shlex.quote(str(adapter))}"
    _say(f"{adapter}: trained; {shoot} completes films by it", quiet=quiet)


@train.command()
def check(
    configs: Annotated[list[Path], typer.Argument(help="Training files.", metavar="CONFIG...")], as_json: Json = False
) -> None:
    """Find every fault of training files, from the files alone.

    Example: ex4d train check adapter.yaml
    """
    found = {str(file): _checked(file) for file in configs}
    if as_json:
        print_json({file: _as_json(result) for file, result in found.items()})
    else:
        for file, result in found.items():
            _print(file, result)
    if any(isinstance(result, UserError) for result in found.values()):
        raise typer.Exit(2)


@train.command()
def masks(
    config: TrainingFile,
    *,
    preview: Annotated[bool, typer.Option("--preview", help="Write sheets of them too, to look at.")] = False,
    excerpts: Annotated[
        int, typer.Option(help="Of how many excerpts, from the first clip on.", metavar="N", min=1, max=1000)
    ] = 8,
    out: Annotated[
        Path | None, typer.Option(help="Where sheets go; else masks in the file's output.", metavar="DIR")
    ] = None,
    models: Models = None,
    device: DeviceName = None,
    quiet: Quiet = False,
) -> None:
    """Draw masks as training would, and say how much they hide, and in what pieces.

    Example: ex4d train masks adapter.yaml --preview
    """
    settled = _loaded(config, models, device)
    if out is not None and not preview:
        raise UserError("--out is where --preview writes its sheets; write --preview too")
    folder = (out or settled.output / "masks") if preview else None
    from ex4d.training.run import preview_masks

    drawn = partial(preview_masks, settled, excerpts=excerpts, out=folder, models=models, device=device)
    with _working("sheets that were written are kept", quiet=quiet) as progress:
        for sheet in drawn(progress=progress):
            _say("\n".join(_sheet_in_words(sheet)), quiet=quiet)


@train.command()
def prepare(config: TrainingFile, *, models: Models = None, device: DeviceName = None, quiet: Quiet = False) -> None:
    """Prepare all excerpts with their masks, as training needs them, without training.

    Example: ex4d train prepare adapter.yaml
    """
    settled = _loaded(config, models, device)
    from ex4d.training.run import prepare as make

    with _working(RESUMED, quiet=quiet) as progress:
        made = make(settled, models=models, device=device, progress=progress)
    trained = counted(len(made.trained), "excerpt")
    _say(f"{made.folder}: {trained} to train on, {len(made.held_out)} held out", quiet=quiet)


def _loaded(file: Path, models: Path | None, device: str | None) -> TrainingConfig:
    from ex4d.engines.options import DEVICE
    from ex4d.training.config.load import load

    if device is not None and not DEVICE.fullmatch(device):
        raise UserError(f"--device {device}: write cuda, cuda:1 or cpu")
    if models is not None and not models.is_dir():
        raise UserError(f"--models {models}: no such folder")
    return load(file)


@contextmanager
def _working(words: str, *, quiet: bool) -> Iterator[Progress]:
    """Show how far the work is; ``words`` are said where the user stops it."""
    from rich.console import Console

    from ex4d.cli.progress import shown

    with last_words(words), shown(Console(stderr=True), quiet=quiet) as progress:
        yield progress


def _say(words: str, *, quiet: bool) -> None:
    if not quiet:
        sys.stdout.write(f"{words}\n")


def _sheet_in_words(sheet: SheetOfMasks) -> Iterator[str]:
    yield f"{sheet.excerpt}:" if sheet.file is None else f"{sheet.excerpt}: {sheet.file}"
    for number, (mask, figures) in enumerate(sheet.masks, start=1):
        yield f"  {number} {mask.kind}, {mask.words}: {figures.in_words}"


def _checked(file: Path) -> TrainingConfig | UserError:
    from ex4d.training.config.load import load

    try:
        return load(file)
    except UserError as error:
        return error


def _print(file: str, result: TrainingConfig | UserError) -> None:
    from ex4d.training.config.remarks import in_words, remarks

    if isinstance(result, UserError):
        sys.stderr.write(f"{result}\n" if isinstance(result, ShotFileError) else f"{file}: {result}\n")
        return
    sys.stdout.write(f"{file}: sound; {in_words(result)}\n")
    sys.stdout.write("".join(f"  {remark}\n" for remark in remarks(result)))


def _as_json(result: TrainingConfig | UserError) -> dict[str, Any]:
    from ex4d.training.config.remarks import in_words, remarks

    if isinstance(result, UserError):
        return faults_as_json(result)
    return {"sound": True, "asks_for": in_words(result), "remarks": remarks(result)}
