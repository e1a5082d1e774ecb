"""``ex4d models``: which weights there are, bringing them here, and whether they are whole."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ex4d.cli.stopping import RESUMED, last_words
from ex4d.errors import Ex4dError, MissingPart

if TYPE_CHECKING:
    from ex4d.models import Weights

models = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List, pull and check the weights of models.")

Name = Annotated[str, typer.Argument(help="As ex4d models list names it.", metavar="NAME")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of words.")]


@models.command("list")
def list_all(as_json: Json = False) -> None:
    """List all weights that ex4d can use: whether they are here, their size and licence, and where they lie.

    Example: ex4d models list
    """
    from ex4d.models import KNOWN

    rows = [_row(weights) for weights in KNOWN]
    if as_json:
        import json

        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return
    for row in rows:
        sys.stdout.write(
            f"{row['name']}: {row['state']}; {row['megabytes']} MB, licence {row['licence']}, "
            f"commercial use: {row['commercial']}; {row['folder']}\n"
        )


@models.command()
def pull(name: Name) -> None:
    """Bring weights here from the Hugging Face hub; after an interruption, run it again to go on.

    Example: ex4d models pull depth-anything-v2-small
    """
    from rich.console import Console

    from ex4d.cli.progress import shown
    from ex4d.models import pull as bring
    from ex4d.models import weights_named

    weights = weights_named(name)
    if _state(weights) == "here" and not _can_be_completed(weights):
        sys.stdout.write(f"{name} is here already, and whole: {weights.folder}\n")
        return
    sys.stdout.write(f"{name}: {weights.terms}; from {weights.repository} on the hub\n")
    sys.stdout.flush()
    with last_words(RESUMED), shown(Console(stderr=True), quiet=False) as progress:
        folder = bring(weights, progress=progress)
    sys.stdout.write(f"{name} is here: {folder}\n")


@models.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Which; without names, all that are here.", metavar="[NAME...]")
    ] = None,
) -> None:
    """Read the heads of weights, and say whether they are whole; exit 3 where they are not.

    Example: ex4d models check
    """
    from ex4d.models import KNOWN, weights_named
    from ex4d.models import check as make_sure

    found = [weights_named(name) for name in names or ()] or [
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
        "folder": str(weights.folder),
    }


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
