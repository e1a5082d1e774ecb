"""The lens that a source was filmed through, and who says so.

The user's word holds. Where there is none, what made the depth may say it of these very pictures, as a model does that
measures the lens; else the video's metadata may, which are the camera's but know nothing of what was cut away since;
else 54deg is assumed, and said to be. ``lens: auto`` is the same without the last.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import TrajectoryError
from ex4d.geometry.pinhole import NARROWEST, WIDEST, Pinhole
from ex4d.media.probe import MediaInfo
from ex4d.models import depth_model
from ex4d.shotlist.model import DEFAULT_LENS, DepthModel, LensSpec, Source
from ex4d.trajectory.scenery import focal_px, lens_in_words

Knower = Literal["written", "depth", "video", "assumed"]
DISAGREE = 0.1
"""By what share of the angle depth and metadata may differ without a word."""
ROUNDING = 1e-9
"""Relative slack of the limits, so that exactly 2deg or 150deg are allowed."""
MEASURES_LENSES = "depth-pro"
"""The depth model that is named to users who ask for the lens of a video that does not say it."""


@dataclass(frozen=True)
class FoundLens:
    """A source's lens as delivered, and whence it is known."""

    lens: Pinhole
    """In pixels of the clip."""
    knower: Knower
    words: str
    """Who says so, for the user: ``as depth-pro sees it``; of an assumed lens, why it is."""
    doubts: tuple[str, ...] = ()
    """What speaks against it, for the user."""

    @property
    def in_words(self) -> str:
        """Say the lens and whence it is known: ``lens 66.1deg (1477 px), as depth-pro sees it``."""
        return f"lens {lens_in_words(self.lens)}{':' if self.knower == 'assumed' else ','} {self.words}"

    @property
    def told(self) -> tuple[str, ...]:
        """What a user should know of it who wrote none, but for what was assumed: in words."""
        return (self.in_words, *self.doubts) if self.knower in ("depth", "video") else ()

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was assumed, in words; empty where the lens is known."""
        return (self.in_words,) if self.knower == "assumed" else ()

    def as_json(self) -> dict[str, Any]:
        """Return it for programs; the angle is the horizontal one."""
        return {
            "focal_px": self.lens.focal_px,
            "angle_deg": math.degrees(self.lens.horizontal_angle),
            "center_px": self.lens.center_px,
            "from": self.knower,
            "words": self.words,
            "doubts": list(self.doubts),
        }


def lens_of(source: Source, clip: MediaInfo, depth: DepthVideo) -> FoundLens:
    """Return the lens of a source as delivered, in the pixels of its clip.

    Raises:
        TrajectoryError: it is to be known, and neither the depth nor the video says it; no lens sees that angle on
            pictures of this size; or its center lies outside them.
    """
    found = _written(source, clip) or _of_depth(source, clip, depth) or _of_video(source, clip)
    found = found or _assumed(source, clip)
    _require_lens(source, found)
    return found


def require_knowable_lens(source: Source, clip: MediaInfo) -> None:
    """Refuse, before a model works for long, a lens that is found to be none, or unknown, once it has worked.

    Raises:
        TrajectoryError: as :func:`lens_of`.
    """
    if found := _written(source, clip):
        _require_lens(source, found)
    elif isinstance(source.depth, DepthModel) and depth_model(source.depth.model).name != MEASURES_LENSES:
        _require_lens(source, _of_video(source, clip) or _assumed(source, clip))


def through_written_lens(source: Source, clip: MediaInfo, depth: DepthVideo) -> DepthVideo:
    """Return what a model that measures the lens estimated, as metres of the lens that the user writes, if they do.

    Such a model knows angles, and metres by its lens: they are proportional to its focal length.
    """
    written = source.lens
    if not (isinstance(written, LensSpec) and depth.metric and depth.lens):
        return depth
    factor = focal_px(written, clip.width) / depth.lens.focal_px
    words = f"metres {factor:.3g} times the model's, as it sees a lens of {lens_in_words(depth.lens)}"
    return replace(depth.scaled(factor), assumed=(*depth.assumed, words))


def _written(source: Source, clip: MediaInfo) -> FoundLens | None:
    if not isinstance(source.lens, LensSpec):
        return None
    return FoundLens(_centered(source, clip, focal_px(source.lens, clip.width)), "written", "as written")


def _of_depth(source: Source, clip: MediaInfo, depth: DepthVideo) -> FoundLens | None:
    if depth.lens is None:
        return None
    assert (depth.lens.width, depth.lens.height) == clip.size
    lens = Pinhole(*clip.size, depth.lens.focal_px, source.center or depth.lens.center_px)
    found = FoundLens(lens, "depth", _said_by_depth(source))
    stated = _of_video(source, clip)
    if stated is None or _agree(lens, stated.lens):
        return found
    angle = math.degrees(stated.lens.horizontal_angle)
    doubt = f"but {stated.in_words}: if that is right, write lens: {angle:.1f}deg"
    return FoundLens(lens, "depth", found.words, (doubt,))


def _of_video(source: Source, clip: MediaInfo) -> FoundLens | None:
    if clip.lens is None or clip.lens.focal_px is None:
        return None
    words = f"as {clip.path.name} says ({clip.lens.words})"
    return FoundLens(_centered(source, clip, clip.lens.focal_px), "video", words)


def _assumed(source: Source, clip: MediaInfo) -> FoundLens:
    why_not = f" ({clip.lens.words})" if clip.lens else ""
    words = f"neither the depth nor {clip.path.name} says it{why_not}"
    if source.lens == "auto":
        raise TrajectoryError(
            f"lens: auto, but {words}; write it, as in lens: 66deg or lens: 28mm, or take a depth model that measures "
            f"it, as in depth: {{model: {MEASURES_LENSES}}}",
            part="source",
        )
    return FoundLens(_centered(source, clip, focal_px(DEFAULT_LENS, clip.width)), "assumed", words)


def _said_by_depth(source: Source) -> str:
    if isinstance(source.depth, DepthModel):
        return f"as {depth_model(source.depth.model).name} sees it"
    assert source.depth is not None
    return f"as {source.depth.file.name} says"


def _centered(source: Source, clip: MediaInfo, focal: float) -> Pinhole:
    return Pinhole(*clip.size, focal, source.center or (0.5 * clip.width, 0.5 * clip.height))


def _agree(seen: Pinhole, stated: Pinhole) -> bool:
    return abs(stated.horizontal_angle / seen.horizontal_angle - 1.0) <= DISAGREE


def _require_lens(source: Source, found: FoundLens) -> None:
    lens = found.lens
    where, angle = f"{source.video} is {lens.width}x{lens.height}", lens.horizontal_angle
    if not NARROWEST * (1 - ROUNDING) <= angle <= WIDEST * (1 + ROUNDING):
        remedy = "" if found.knower == "written" else f"; that is {found.words}: write source.lens to have your own"
        raise TrajectoryError(
            f"{where}, on which a lens of {lens.focal_px:g}px sees {math.degrees(angle):.4g}deg across; "
            f"a lens sees 2deg to 150deg{remedy}",
            part="source",
        )
    x, y = lens.center_px
    if not (0 <= x <= lens.width and 0 <= y <= lens.height):
        raise TrajectoryError(f"{where}, and the center [{x:g}px, {y:g}px] lies outside it", part="source")
