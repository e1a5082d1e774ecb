"""The smallest overscan with which no frame of a shot shows what lies beyond the source's frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ex4d.footage import open_footage
from ex4d.guide import GuideRecipe
from ex4d.preflight.coverage_scan import Scan, scan_shot
from ex4d.preflight.small_view import SmallView
from ex4d.render.rasterizer import Rasterizer
from ex4d.setups import Setup
from ex4d.shotlist.model import Output
from ex4d.source_media import Media
from ex4d.trajectory.compiler import compile_shot

MOST = 0.5
"""Overscans are sought up to it; with it less than half of the source's picture is left."""
GRAIN = 0.005
"""They are proposed in half percents."""
DECIDING_FRAMES = 4
"""Frames that ask for most are looked at in full size; the others ask for less in a small picture already."""
ROUNDS = 5
"""The overscan changes what `center` and places in the image mean, and these the path: rounds until both agree."""


@dataclass(frozen=True)
class OverscanAdvice:
    """What overscan a shot needs to bare no edge."""

    present: float
    """The shot list's, a fraction."""
    least: float | None
    """The smallest that bares no edge; None where none up to ``MOST`` does."""
    frame: int
    """That asks for most."""
    beyond: float
    """Share of that frame that lies beyond the source's frame now."""
    enlarged: float
    """Output pixels a source pixel, with the smallest or the present overscan."""

    @property
    def left(self) -> float:
        """Share of the area now seen that is still seen with it."""
        return 1.0 if self.least is None else ((1 + self.present) / (1 + self.least)) ** 2

    def __str__(self) -> str:
        now = f"{self.beyond:.1%} of frame {self.frame} lies beyond the source's frame"
        if self.least is None:
            return f"{now}, and no overscan up to {MOST:.0%} hides it: move less"
        if not self.beyond:
            return f"no edge is bared; {self.in_words} would do, and shows {self.left - 1:.0%} more of the source"
        size = f"enlarges its pixels {self.enlarged:.2f}x" if self.enlarged > 1 else "enlarges nothing"
        return f"{now}; {self.in_words} bares no edge: it keeps {self.left:.0%} of the picture and {size}"

    @property
    def in_words(self) -> str:
        """The smallest as a shot list writes it."""
        return overscan_in_words(self.least or 0.0)


def overscan_in_words(overscan: float) -> str:
    """Return an overscan as a shot list writes it."""
    return f"overscan: {100 * overscan:g}%"


def advise(
    setup: Setup, output: Output, scan: Scan, recipe: GuideRecipe, rasterizer: Rasterizer
) -> OverscanAdvice | None:
    """Return the smallest overscan that bares no edge, found by trying; None where there is nothing to gain.

    A letterboxed source has its bars whatever the overscan: there is no advice for it.
    """
    present = float(output.overscan)
    most = max(scan.frames, key=lambda frame: (frame.sight.overscan, frame.sight.beyond))
    bared = max(frame.sight.beyond for frame in scan.frames)
    if output.fit == "pad" or (not bared and most.sight.overscan > present - GRAIN):
        return None
    least = _tried(setup, output, scan, recipe, rasterizer) if most.sight.overscan <= MOST + GRAIN else None
    if least is not None and not bared and least >= present:
        return None
    enlarged = max(map(float, setup.footage.fit.scale)) * (1 + (least or present)) / (1 + present)
    return OverscanAdvice(present, least, most.index, most.sight.beyond, enlarged)


def _tried(setup: Setup, output: Output, scan: Scan, recipe: GuideRecipe, rasterizer: Rasterizer) -> float | None:
    """Try overscans until one is the smallest that its own pictures ask for; the largest asked for if none settles."""
    tried: list[float] = []
    asked = _in_grains(max(frame.sight.overscan for frame in scan.frames))
    while asked not in tried and len(tried) < ROUNDS and asked <= MOST:
        tried.append(asked)
        cropped = with_overscan(setup, output, asked)
        asked = _in_grains(_asked(cropped, _moved(setup, cropped), asked, scan, recipe, rasterizer))
    largest = asked if tried and asked == tried[-1] else max([asked, *tried])
    return largest if largest <= MOST else None


def _moved(setup: Setup, cropped: Setup) -> bool:
    return not np.allclose(setup.path.world_from_camera, cropped.path.world_from_camera, rtol=0, atol=1e-6)


def _asked(
    setup: Setup, moved: bool, overscan: float, scan: Scan, recipe: GuideRecipe, rasterizer: Rasterizer
) -> float:
    """Return the overscan that a shot's frames ask for: of those that decide, in full size."""
    frames: Sequence[int] = [frame.index for frame in scan.frames]
    asking = {frame.index: frame.sight.overscan for frame in scan.frames}
    if moved:
        small = SmallView.of(setup, overscan, recipe, rasterizer)
        asking = {frame.index: frame.sight.overscan for frame in scan_shot(setup, small, frames).frames}
    deciding = sorted(sorted(asking, key=lambda index: -asking[index])[:DECIDING_FRAMES])
    large = SmallView.of(setup, overscan, recipe, rasterizer, picture=max(setup.size), grid=max(setup.footage.fit.grid))
    return max(frame.sight.overscan for frame in scan_shot(setup, large, deciding).frames)


def _in_grains(overscan: float) -> float:
    return math.ceil(overscan / GRAIN - 1e-9) * GRAIN if math.isfinite(overscan) else math.inf


def with_overscan(setup: Setup, output: Output, overscan: float) -> Setup:
    """Return a shot as it would be with another overscan."""
    footage = setup.footage
    media = Media(footage.clip, footage.depth, footage.estimated)
    cropped = open_footage(setup.shot, output.model_copy(update={"overscan": overscan}), media)
    return replace(setup, footage=cropped, path=compile_shot(setup.shot, cropped.scene))
