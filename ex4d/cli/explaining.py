"""``ex4d explain``: what the camera will do, in plain words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ex4d.cli.arguments import Json
from ex4d.cli.columns import beside, printable, wrapped
from ex4d.cli.streams import print_json

if TYPE_CHECKING:
    from ex4d.preflight.explanation.film import FilmTold
    from ex4d.preflight.explanation.shots import ShotTold


def explain(
    place: Annotated[str, typer.Argument(help="A shot list, or one of its shots.", metavar="FILE[#SHOT]")],
    as_json: Json = False,
) -> None:
    """Tell in plain words what the camera will do, shot by shot, and where it ends; from the file alone.

    Example: ex4d explain shots/scene.yaml#swing
    """
    from ex4d.preflight.explanation.film import explain as tell
    from ex4d.preflight.explanation.film import parted

    found = tell(*parted(place))
    if as_json:
        print_json(asdict(found))
    else:
        sys.stdout.write("".join(f"{printable(line)}\n" for line in film_in_lines(found)))


def film_in_lines(film: FilmTold) -> Iterator[str]:
    """Yield the lines of a film, shot by shot."""
    yield wrapped(f"{film.title}: {film.length}" if film.length else film.title)
    yield wrapped(
        " ".join([*film.footage, *(["Where a shot differs, it says so."] if any(film.own_footage) else [])]), 2
    )
    yield wrapped(f"{film.made} {film.sound}", 2)
    for shot, footage in zip(film.shots, film.own_footage, strict=True):
        yield ""
        yield from _shot(shot, footage)
    if film.closes:
        yield ""
        yield wrapped(film.closes)
    yield ""
    yield wrapped(
        "The source's camera is the one that filmed: all moves start from it, and if it moved, they ride on that. The "
        "subject's distance is how far the subject is from it when the shot begins."
    )
    if film.assumed:
        yield wrapped(f"Assumed, as no media was opened: {'; '.join(film.assumed)}.")


def _shot(shot: ShotTold, footage: tuple[str, ...]) -> Iterator[str]:
    yield f"{shot.name} ({shot.length})"
    yield wrapped(" ".join(filter(None, [*shot.plays, shot.entered])), 2)
    if footage:
        yield wrapped(" ".join(footage), 2)
    for moves in shot.camera:
        if moves.preset:
            yield from beside("  -", [moves.preset], 4)
        for sentence in moves.sentences:
            yield from beside("    -" if moves.preset else "  -", [sentence], 6 if moves.preset else 4)
    yield wrapped(" ".join([shot.ends, *shot.remarks]), 2)
