"""``ex4d plan --fit 35%``: the largest amount of a move that keeps the worst frame under a share uncovered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.errors import UserError
from ex4d.kernels import announce_compiling
from ex4d.preflight.amounts import Turnable, turnables_of
from ex4d.preflight.small_view import SmallView
from ex4d.preflight.trial import Fitted, Trial
from ex4d.progress import SILENT, Progress
from ex4d.render.choice import open_rasterizer
from ex4d.setups import set_up_all, with_engine
from ex4d.shotlist.fields import near
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import load
from ex4d.shotlist.model import Shot, ShotList
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.units import SHARE, quoted, read_quantity
from ex4d.shotlist.yaml_text import compose


def fit(
    file: Path,
    limit: float,
    *,
    shot: str | None = None,
    move: str | None = None,
    engine: str | None = None,
    options: EngineOptions = AS_IS,
    progress: Progress = SILENT,
) -> list[Fitted]:
    """Find the largest amounts for the shots of a list, or for one of them; nothing is written.

    Args:
        file: the shot list.
        limit: share of the worst frame that may be uncovered.
        shot: its name; None takes all that have such a move.
        move: its word, its place as in ``camera[1]``, or its preset's name; None takes the only one.
        engine: as for a plan.
        options: as for a plan.
        progress: is told of each shot.

    Raises:
        UserError: there is no such shot or move, or several moves and none is named; and whatever ``shoot`` refuses.
        MissingPart: depth is missing.
    """
    film = load(file) if engine is None else with_engine(load(file), engine)
    chosen = _chosen(film, shot, move)
    announce_compiling(progress)
    setups = set_up_all([each.shot for each in chosen], film.output, options=options, progress=progress)
    rasterizer = open_rasterizer(options.rasterizer, progress)
    fitted = []
    for turnable, setup in zip(chosen, setups, strict=True):
        recipe = setup.engine.engine.recipe(options)
        view = SmallView.of(setup, 0.0, recipe, rasterizer)
        fitted.append(Trial(turnable, setup, view, limit, progress).fitted())
    return fitted


def read_limit(written: str) -> float:
    """Read ``35%``.

    Raises:
        UserError: it is no percentage above 0 and below 100.
    """
    try:
        value = SHARE.check(read_quantity(written), written).value / 100
    except ValueError as error:
        raise UserError(f"--fit: {error}") from error
    if not 0 < value < 1:
        raise UserError(f"--fit {written}: write how much of the worst frame may be uncovered, above 0% and below 100%")
    return float(value)


def _chosen(film: ShotList, shot: str | None, move: str | None) -> list[Turnable]:
    """Return the moves to turn, one of each shot that has any."""
    names = tuple(each.name for each in film.shots)
    if shot is not None and shot not in names:
        raise UserError(f"--shot {quoted(shot)}: {film.file} has no such shot{near(shot, names) or _listed(names)}")
    root = compose(bytes_of(film.file), str(film.file), [])
    library = Library.beside(film.file)
    faults, chosen, known = [], [], []
    for each, node in zip(film.shots, root["shots"], strict=True):
        if shot is not None and each.name != shot:
            continue
        found, without = turnables_of(each, node.get("camera"), library)
        known += [turnable.names[0] for turnable in found]
        matching = [turnable for turnable in found if move is None or move in turnable.names]
        if len(matching) > 1:
            faults.append(_several(each, matching, move))
        elif matching:
            chosen += matching
        elif shot is not None and move is None:
            faults.append(
                f"shot '{each.name}' has no move with an amount{': ' + '; '.join(without) if without else ''}"
            )
    if not faults and not chosen:
        faults.append(_none(film, move, tuple(dict.fromkeys(known))))
    if faults:
        raise UserError("\n".join(faults))
    return chosen


def _listed(names: Sequence[str]) -> str:
    return f"; it has {', '.join(names)}" if names else ""


def _several(shot: Shot, matching: list[Turnable], move: str | None) -> str:
    """Say which moves there are, each by a name that no other has."""
    all_names = [name for each in matching for name in each.names]
    own = [next(name for name in each.names if all_names.count(name) == 1) for each in matching]
    many = f"shot '{shot.name}' has {len(matching)} moves" + (f" called {quoted(move)}" if move else " with an amount")
    return f"{many}: {', '.join(own)}; name one, as in --shot {shot.name} --move {own[0]}"


def _none(film: ShotList, move: str | None, known: tuple[str, ...]) -> str:
    if move is None:
        return f"{film.file}: no shot has a move with an amount; there is nothing to fit"
    return f"--move {quoted(move)}: there is no such move with an amount{near(move, known) or _listed(known)}"
