"""Amounts of one move tried on a shot, small, until the largest that fits is known."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ex4d.artifacts.camera_path import CameraPath
from ex4d.artifacts.watertight_mesh import WatertightMesh
from ex4d.errors import TrajectoryError
from ex4d.guide import draw_guide
from ex4d.preflight.amounts import Turnable
from ex4d.preflight.coverage_scan import scan_shot, shows_all, spread
from ex4d.preflight.small_view import SOURCE_SIGHT, SmallView
from ex4d.progress import Progress
from ex4d.render.coverage import coverage_of
from ex4d.setups import Setup
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
ROUNDS = 12
"""Times that an amount may turn out to be too much: a frame that was not rendered is worse, or full size is."""


@dataclass(frozen=True)
class Share:
    """How much of a shot's worst frame is uncovered: found in small renderings of all frames, drawn in full size."""

    uncovered: float
    """In full size; what the limit is of."""
    frame: int
    small: float
    """In the small rendering."""


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


@dataclass
class Trial:
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
    """Uncovered with so many times the amount, of one frame, small."""
    allowance: float = field(init=False)
    """Share that small renderings may show, so that full size keeps to the limit."""

    def __post_init__(self) -> None:
        self.allowance = self.limit

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
                return Fitted(self.turnable, self.limit, factor, now, then, stopped)
            self._learn(then)
        return Fitted(self.turnable, self.limit, 0.0, now, self._whole(0.0), stopped)

    def _learn(self, then: Share) -> None:
        """Heed a frame that was not rendered, or by how much small renderings show too little."""
        self._keep({then.frame})
        self.allowance = min(self.allowance, self.limit - max(0.0, then.uncovered - then.small))

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
            self._share(amount, path, index) <= self.allowance for index in self.meshes
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
        """Look at all frames small, and draw the worst in full size."""
        path = self._path(amount)
        if isinstance(path, str):
            return Share(math.inf, 0, math.inf)
        worst = scan_shot(replace(self.setup, path=path), self.view).worst
        bare = replace(self.view.recipe, background=False)
        (drawn,) = draw_guide(self.setup.footage, path, self.view.rasterizer, bare, [worst.index])
        return Share(coverage_of(drawn.visible).uncovered, worst.index, worst.sight.uncovered)

    def _keep(self, frames: Iterable[int]) -> None:
        """Build the meshes of more frames."""
        chosen = sorted(frames)
        times = [self.setup.path.source_time[index] for index in chosen]
        for index, source in zip(chosen, self.view.footage.depths(times), strict=True):
            self.meshes[index] = self.view.mesh_of(source)
