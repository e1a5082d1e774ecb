"""``ex4d plan --fit 35%``: the largest amount of a move that keeps the worst frame under a share uncovered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.engines.options import AS_IS, EngineOptions
from ex4d.errors import TrajectoryError, UserError
from ex4d.kernels import announce_compiling
from ex4d.preflight.amounts import Turnable, turnables_of
from ex4d.preflight.coverage_scan import scan_shot, shows_all, spread
from ex4d.preflight.small_view import SOURCE_SIGHT, SmallView
from ex4d.progress import SILENT, Progress
from ex4d.render.choice import open_rasterizer
from ex4d.setups import Setup, set_up_all, with_engine
from ex4d.shotlist.fields import near
from ex4d.shotlist.library import Library
from ex4d.shotlist.load import load
from ex4d.shotlist.model import Shot, ShotList
from ex4d.shotlist.text_file import bytes_of
from ex4d.shotlist.units import SHARE, quoted, read_quantity
from ex4d.shotlist.yaml_text import compose
from ex4d.trajectory.compiler import compile_shot
from ex4d.trajectory.figures import off_axis_deg
from ex4d.trajectory.warnings import FURTHEST_DEG, first_reaching

STEPS = 16
"""Amounts that are tried, evenly spread, before the first that does not fit is closed in on."""
CLOSE = 0.01
"""Share of the amount to which it is found."""
MOST = 4.0
"""Times the written amount up to which more is sought."""
TRIED_FRAMES = 13
"""Frames that are rendered for each amount; the amount that is found is tried on all of them."""
ROUNDS = 6
"""Times that a frame which was not rendered may turn out to be worse, and is added to them."""


@dataclass(frozen=True)
class Share:
    """How much of a shot's worst frame is uncovered, in small renderings."""

    uncovered: float
    frame: int


@dataclass(frozen=True)
class Fitted:
    """The largest amount of a move that fits."""

    turnable: Turnable
    limit: float
    factor: float
    """Times the written amount; 0 where nothing fits."""
    now: Share
    """As it is written."""
    then: Share
    """With the amount that is proposed; with none of the move where nothing fits."""
    stopped: str
    """What ends it, where that is not the share: in words; empty else."""

    @property
    def fits_at_all(self) -> bool:
        """Whether there is an amount that fits."""
        return self.factor > 0


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
        fitted.append(_Trial(turnable, setup, view, limit, progress).fitted())
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


@dataclass
class _Trial:
    """Tries amounts of one move on some frames, whose meshes are kept."""

    turnable: Turnable
    setup: Setup
    view: SmallView
    limit: float
    progress: Progress
    meshes: dict[int, WatertightMesh] = field(default_factory=dict)
    """Of the frames that are rendered."""
    paths: dict[float, CameraPath | str] = field(default_factory=dict)
    """By how many times the written amount; or in words why there is no such shot."""
    shares: dict[tuple[float, int], float] = field(default_factory=dict)
    """Uncovered with so many times the amount, of one frame."""

    def fitted(self) -> Fitted:
        """Find the largest amount that fits."""
        self.progress.begin(self.setup.shot.name, STEPS)
        now = self._whole(1.0)
        self._keep({*spread(self.setup.frame_count, TRIED_FRAMES), now.frame})
        factor, stopped, then = 0.0, "", now
        for _ in range(ROUNDS):
            factor, stopped = self._largest()
            then = now if factor == 1.0 else self._whole(factor)
            if then.uncovered <= self.limit or factor == 0.0:
                break
            self._keep({then.frame})
        return Fitted(self.turnable, self.limit, factor, now, then, stopped)

    def _largest(self) -> tuple[float, str]:
        """Scan amounts up to the written one, then up to ``MOST`` times it; close in on the first that does not fit."""
        if not self._fits(0.0):
            return 0.0, ""
        good = 0.0
        for start, stop in ((0.0, 1.0), (1.0, MOST)):
            for step in range(1, STEPS + 1):
                amount = start + (stop - start) * step / STEPS
                if not self._fits(amount):
                    return self._closed_in(good, amount)
                good = amount
        return good, f"{MOST:g} times the written amount is as far as is tried"

    def _closed_in(self, good: float, bad: float) -> tuple[float, str]:
        while bad - good > CLOSE * bad and bad > CLOSE:
            middle = 0.5 * (good + bad)
            good, bad = (middle, bad) if self._fits(middle) else (good, middle)
        why = self._path(bad)
        return good, why if isinstance(why, str) else ""

    def _fits(self, amount: float) -> bool:
        """Return whether an amount is allowed, and uncovers no more of the kept frames than it may."""
        path = self._path(amount)
        return not isinstance(path, str) and all(
            self._share(amount, path, index) <= self.limit for index in self.meshes
        )

    def _share(self, amount: float, path: CameraPath, index: int) -> float:
        if (amount, index) not in self.shares:
            setup, pose = (
                replace(self.setup, path=path),
                path.translated_in_depth_units(self.view.footage.subject_distance),
            )
            whole = shows_all(setup, self.view, index)
            sight = (
                SOURCE_SIGHT
                if whole
                else self.view.look(self.meshes[index], pose[index], float(path.lens_factor[index]))
            )
            self.shares[amount, index] = sight.uncovered
        return self.shares[amount, index]

    def _path(self, amount: float) -> CameraPath | str:
        if amount not in self.paths:
            self.paths[amount] = self._compiled(amount)
            self.progress.advance()
        return self.paths[amount]

    def _compiled(self, amount: float) -> CameraPath | str:
        """Compile the shot; say why it has no such amount, or goes where nothing was filmed because of it."""
        shot = self.turnable.shot_with(amount)
        if shot is None:
            return "the language allows no more"
        try:
            path = compile_shot(shot, self.setup.path.scene)
        except TrajectoryError as error:
            return str(error)
        if amount > 1.0 and off_axis_deg(path).max() > FURTHEST_DEG:
            return "more would turn beyond 90deg from the source view"
        if amount > 1.0 and first_reaching(path) is not None:
            return "more would reach the subject"
        return path

    def _whole(self, amount: float) -> Share:
        """Return the share of all frames."""
        path = self._path(amount)
        if isinstance(path, str):
            return Share(math.inf, 0)
        worst = scan_shot(replace(self.setup, path=path), self.view).worst
        return Share(worst.sight.uncovered, worst.index)

    def _keep(self, frames: Iterable[int]) -> None:
        """Build the meshes of more frames."""
        chosen = sorted(frames)
        times = [self.setup.path.source_time[index] for index in chosen]
        for index, source in zip(chosen, self.view.footage.depths(times), strict=True):
            self.meshes[index] = self.view.mesh_of(source)
