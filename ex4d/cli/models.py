"""``ex4d models``: which weights there are, bringing them here, and whether they are whole."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ex4d.cli.arguments import Json
from ex4d.cli.stopping import RESUMED, last_words
from ex4d.cli.streams import print_json
from ex4d.errors import Ex4dError, MissingPart

if TYPE_CHECKING:
    from ex4d.models import Weights

models = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, pull and check the weights of models.",
)

Name = Annotated[str, typer.Argument(help="As ex4d models list names it.", metavar="NAME")]


@models.command("list")
def list_all(as_json: Json = False) -> None:
    """List all weights that ex4d can use: whether they are here, their size and licence, and where they lie.

    Example: ex4d models list
    """
    from ex4d.models import KNOWN

    rows = [_row(weights) for weights in KNOWN]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        part = f"part of {row['part_of']}; " if row["part_of"] else ""
        sys.stdout.write(
            f"{row['name']}: {row['state']}; {row['megabytes']} MB, licence {row['licence']}, "
            f"commercial use: {row['commercial']}; {part}{row['folder']}\n"
        )


@models.command()
def pull(name: Name) -> None:
    """Bring weights here from the Hugging Face hub; after an interruption, run it again to go on.

    The name of a depth model brings all weights that it is made of.

    Example: ex4d models pull depth-anything-v2-small
    """
    from rich.console import Console

    from ex4d.cli.progress import shown
    from ex4d.models import pull as bring
    from ex4d.models import weights_for

    parts = weights_for(name)
    wanted = [weights for weights in parts if _state(weights) != "here" or _can_be_completed(weights)]
    for weights in parts:
        if weights in wanted:
            sys.stdout.write(f"{weights.name}: {weights.terms}; from {weights.repository} on the hub\n")
        else:
            sys.stdout.write(f"{weights.name} is here already, and whole: {weights.folder}\n")
    sys.stdout.flush()
    for weights in wanted:
        with last_words(RESUMED), shown(Console(stderr=True), quiet=False) as progress:
            folder = bring(weights, progress=progress)
        sys.stdout.write(f"{weights.name} is here: {folder}\n")


@models.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which; without names, all that are here.", metavar="[NAME...]")
    ] = None,
) -> None:
    """Read the heads of weights, and say whether they are whole; exit 3 where they are not.

    Example: ex4d models check
    """
    from ex4d.models import KNOWN, weights_for
    from ex4d.models import check as make_sure

    found = [weights for name in names or () for weights in weights_for(name)] or [
        weights for weights in KNOWN if _state(weights) != "missing"
    ]
    faults = []
    for weights in found:
        try:
            make_sure(weights)
            sys.stdout.write(f"{weights.name}: whole; {weights.folder}{_remark(weights)}\n")
        except Ex4dError as fault:
            faults.append(str(fault))
    if faults:
        raise MissingPart("\n".join(faults))
    if not found:
        sys.stdout.write("no weights are here; ex4d models list names those there are\n")


def _row(weights: Weights) -> dict[str, Any]:
    return {
        "name": weights.name,
        "state": _state(weights),
        "megabytes": weights.megabytes,
        "licence": weights.licence,
        "commercial": weights.commercial,
        "repository": weights.repository,
        "part_of": _part_of(weights),
        "folder": str(weights.folder),
    }


def _part_of(weights: Weights) -> str:
    """Return the depth model that weights of another name belong to; empty where there is none."""
    from ex4d.models import DEPTH_MODELS

    models = [model.name for model in DEPTH_MODELS if weights in model.weights]
    return "" if weights.name in models else ", ".join(models)


def _state(weights: Weights) -> str:
    """Return here, incomplete or missing."""
    from ex4d.models import check

    if not weights.layout_in(weights.folder).found(weights.folder):
        return "missing"
    try:
        check(weights)
    except MissingPart:
        return "incomplete"
    return "here"


def _lacking_for_prompts(weights: Weights) -> list[str]:
    return [*weights.layout_in(weights.folder).missing_for_prompts(weights.folder)]


def _can_be_completed(weights: Weights) -> bool:
    """Say whether a pull would bring what only prompts need, and not everything in another layout."""
    published = weights.layout_in(weights.folder) is weights.layouts[0]
    return published and bool(_lacking_for_prompts(weights))


def _remark(weights: Weights) -> str:
    lacking = _lacking_for_prompts(weights)
    return f"; without {', '.join(lacking)}, which prompts need that were never embedded" if lacking else ""
