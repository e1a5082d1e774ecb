"""Draw the masks of an excerpt: which kind, which camera or regions, how far the holes grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import numpy as np

from ex4d.artifacts.camera_path import CameraPath
from ex4d.errors import ReconstructionError, ShotFileError, TrajectoryError, UserError
from ex4d.render.rasterizer import Rasterizer
from ex4d.shotlist.model import CameraItem, Freeze, Position, Shot
from ex4d.synthesis.mask_erosion import erode, kernels
from ex4d.training.config.draws import CameraDraws
from ex4d.training.config.records import Masks
from ex4d.training.draws import generator, seed_of, takes_turns
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawn import DrawnMask, Visible
from ex4d.training.masks.kept_tracker import KeptTracker
from ex4d.training.masks.regions import draw_regions
from ex4d.training.masks.rendering import rendering_mask
from ex4d.training.masks.tracker import Tracker
from ex4d.training.masks.tracking import tracking_mask
from ex4d.trajectory.compiler import compile_shot

TRIES = 8
"""Masks that are drawn anew before one that hides too little or too much is taken as it is."""
HIDDEN = (0.005, 0.9)
"""Shares of the frames after the first: a mask that hides less teaches nothing, one that hides more shows nothing."""
Raw = tuple[Visible, str]
"""A mask before its holes grow, and how it was drawn."""


@dataclass(frozen=True)
class MaskMaker:
    """What masks are drawn with; the draws themselves are functions of the seed, the excerpt and the index."""

    masks: Masks
    cameras: CameraDraws
    rasterizer: Rasterizer
    tracker: Tracker | None
    """None where no mask is tracked."""

    def draw(self, opened: OpenedExcerpt, index: int) -> DrawnMask:
        """Draw one mask of an excerpt.

        Raises:
            ReconstructionError: a rendering mask of a clip without depth.
            TrajectoryError: none of the cameras that were drawn can film this clip.
        """
        name, seed = opened.excerpt.name, self.masks.seed
        offset = float(generator(seed, name, "turns").random())
        if takes_turns(self.masks.rendering.share, offset, index):
            visible, words = _hiding_enough(lambda take: self._rendered(opened, index, take))
            return DrawnMask(self._finished(visible, name, index), "rendering", words)
        visible, words = _hiding_enough(lambda take: self._tracked(opened, index, take))
        return DrawnMask(self._finished(visible, name, index), "tracking", words)

    @property
    def key(self) -> list[str]:
        """What decides the draws, beside the excerpt and this code."""
        settings = self.masks.model_dump(mode="json", exclude={"rendering": {"cameras"}})
        return [repr(settings), repr(self.cameras.ingredients())]

    @cached_property
    def _kept_tracker(self) -> KeptTracker:
        """The tracker, for all draws and their retakes of one excerpt after the other."""
        assert self.tracker is not None
        return KeptTracker(self.tracker)

    def _rendered(self, opened: OpenedExcerpt, index: int, take: int) -> Raw:
        items, words = self.cameras.drawn(generator(self.masks.seed, opened.excerpt.name, index, "camera", take))
        path = _filmed(opened, items, f"mask-{index}-{take}")
        return rendering_mask(opened, path, self.rasterizer), words

    def _tracked(self, opened: OpenedExcerpt, index: int, take: int) -> Raw:
        draws = generator(self.masks.seed, opened.excerpt.name, index, "regions", take)
        hidden = draw_regions(draws, opened, self.masks.tracking)
        words = f"{hidden.mean():.0%} of the first frame, followed by {self.masks.tracking.tracker}"
        return tracking_mask(opened.colour, hidden, self._kept_tracker), words

    def _finished(self, visible: Visible, name: str, index: int) -> Visible:
        """Let the holes grow as guides' holes do, and show the first frame whole."""
        sides = kernels(len(visible), seed_of(self.masks.seed, name, index, "erosion"), self.masks.erode)
        grown = np.stack([erode(frame, side) for frame, side in zip(visible, sides, strict=True)])
        grown[0] = True
        return grown


def _hiding_enough(drawn: Callable[[int], Raw]) -> Raw:
    """Draw until a mask hides neither too little nor too much; cameras that cannot film the clip are passed over."""
    fault: UserError | None = None
    found: Raw | None = None
    for take in range(TRIES):
        try:
            found = drawn(take)
        except (TrajectoryError, ShotFileError) as error:
            fault = error
            continue
        if HIDDEN[0] <= 1.0 - float(found[0][1:].mean()) <= HIDDEN[1]:
            return found
    if found is None:
        assert fault is not None
        raise fault
    visible, words = found
    return visible, f"{words} (of {TRIES} draws none hid {HIDDEN[0]:.1%} to {HIDDEN[1]:.0%})"


def _filmed(opened: OpenedExcerpt, items: tuple[CameraItem, ...], name: str) -> CameraPath:
    """Compile a camera for an excerpt: a camera a frame, from the first frame's on.

    Raises:
        ReconstructionError: the clip has no depth to render.
        TrajectoryError: the moves cannot film this scene.
    """
    if opened.footage is None:
        raise ReconstructionError(f"{opened.excerpt.name}: a rendering mask needs depth, and the clip has none")
    frames, scene = len(opened.excerpt.frames), replace(opened.footage.scene, frame_rate=opened.frame_rate)
    moment = Position(value=opened.times[0], unit="s")
    # Only its cameras are used, so what it shows may stand still: as long as the excerpt, whatever the clip's rate.
    whole = (Freeze(freeze=Fraction(frames) / opened.frame_rate, of=moment),)
    shot = Shot(name=name, source=opened.excerpt.source, time=whole, frames=frames, camera=items)
    return compile_shot(shot, scene)
