"""A guide of any length and size, completed window by window by a model that sees a few dozen frames at one size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ex4d.array_types import Bool, UInt8
from ex4d.artifacts.guide_video import GuideVideo
from ex4d.synthesis.colour_matching import correction
from ex4d.synthesis.mask_erosion import erode as eroded
from ex4d.synthesis.mask_erosion import kernels
from ex4d.synthesis.mesh_engine import complete_frame
from ex4d.synthesis.resizing import Size, from_working_size, to_working_size, visible_at_working_size
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.windows import Completer, Window, plan_windows

Frames = UInt8[np.ndarray, "frames height width 3"]
Opening = UInt8[np.ndarray, "opening height width 3"]
"""The frames that a window opens with, which are finished."""


def complete(
    guide: GuideVideo,
    completer: Completer,
    settings: DiffusionSettings,
    *,
    seed: int,
    erode: int | None,
    match_colours: bool = True,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Yield one finished frame of the guide's size for each of its frames; no more than one window is held at a time.

    Each window is shown the guide of its own frames at the working size, eroded, black where it is not visible. What
    it opens with is fully visible, and not eroded: the frames that the window before it finished of those they share;
    the first window's first frame is the guide's, its holes, if it has any, continued as the engine without weights
    does it (black where nothing is seen at all). The frames that windows share are cross-faded. A completer that
    returns what it was given gives the guide back, bit for bit where the sizes are equal.

    Args:
        guide: what to complete.
        completer: the model.
        settings: its size, the length of its windows, and what they share.
        seed: of the erosion, where that is drawn.
        erode: pixels that visibility is eroded by, at the working size; None draws 2 to 8 for each frame.
        match_colours: whether each window's colours are brought back to those it was given; a shot of one window has
            nothing to match, and keeps the model's own.

    Raises:
        MediaError: a frame of the guide that is not there, or damaged.
    """
    windows = plan_windows(guide.frame_count, settings.window, settings.overlap)
    kernel_of_frame = kernels(guide.frame_count, seed, erode)
    width, height = settings.size
    finished: Frames = np.empty((0, height, width, 3), np.uint8)
    for index, window in enumerate(windows):
        shown = _Shown.of(guide, window, settings.size, kernel_of_frame[window.start : window.stop])
        opening = finished if index else _first_frame(guide, shown, settings.size)
        given = shown.opening_with(opening)
        drawn = completer(*given.padded(window.padding), index)
        assert drawn.shape[1:] == given.colour.shape[1:] and len(drawn) == len(given.colour) + window.padding
        drawn = np.ascontiguousarray(drawn[: window.frame_count])
        if match_colours and len(windows) > 1:
            drawn = correction(drawn, shown.laid_over(opening), given.visible).applied_to(drawn)
        finished = _cross_faded(finished, drawn)
        final = (windows[index + 1].start if index + 1 < len(windows) else window.stop) - window.start
        for frame in finished[:final]:
            yield from_working_size(frame, guide.size)
        finished = finished[final:].copy()


@dataclass(frozen=True)
class _Shown:
    """A guide's frames as a model is shown them."""

    colour: UInt8[np.ndarray, "frames height width 3"]
    """Black where not visible."""
    visible: Bool[np.ndarray, "frames height width"]

    @classmethod
    def of(cls, guide: GuideVideo, window: Window, size: Size, kernel_of_frame: Sequence[int]) -> _Shown:
        """Read a window of the guide, resize and erode it."""
        shape = (window.frame_count, size[1], size[0])
        colour, visible = np.empty((*shape, 3), np.uint8), np.empty(shape, np.bool_)
        for i, frame in enumerate(guide.frames(window.start, window.stop)):
            visible[i] = eroded(visible_at_working_size(frame.visible, size), kernel_of_frame[i])
            np.multiply(to_working_size(frame.colour, size), visible[i][..., None], out=colour[i])
        return cls(colour, visible)

    def opening_with(self, opening: Opening) -> _Shown:
        """Return the window with its first frames replaced, and fully visible."""
        visible = self.visible.copy()
        visible[: len(opening)] = True
        return _Shown(np.concatenate((opening, self.colour[len(opening) :])), visible)

    def laid_over(self, opening: Opening) -> Frames:
        """Return the colours that a result is to have: the source's where it is seen, else what the window opens with.

        The source comes first, so that what a window got slightly wrong is not passed on to the next as right.
        """
        seen = self.visible[: len(opening), ..., None]
        return np.concatenate((np.where(seen, self.colour[: len(opening)], opening), self.colour[len(opening) :]))

    def padded(self, padding: int) -> tuple[Frames, Bool[np.ndarray, "frames height width"]]:
        """Return colour and visibility with the last frame repeated ``padding`` times."""
        at = np.minimum(np.arange(len(self.colour) + padding), len(self.colour) - 1)
        return (self.colour[at], self.visible[at]) if padding else (self.colour, self.visible)


def _first_frame(guide: GuideVideo, shown: _Shown, size: Size) -> UInt8[np.ndarray, "1 height width 3"]:
    """Return the frame that the shot opens with; models need a whole one, and EX-4D's own guides have it."""
    if shown.visible[0].all():
        return shown.colour[:1]
    background = next(iter(guide.frames(0, 1))).background
    behind = None if background is None else to_working_size(background, size)
    return complete_frame(shown.colour[0], shown.visible[0], behind)[None]


def _cross_faded(old: Opening, new: Frames) -> Frames:
    """Return the new frames; the first of them, as many as there are old ones, go over from those, step by step."""
    if not len(old):
        return new
    faded = new.copy()
    for i in range(len(old)):
        share = np.float32((i + 1) / (len(old) + 1))
        change = np.rint((new[i].astype(np.float32) - old[i]) * share)
        faded[i] = (old[i] + change).astype(np.uint8)
    return faded
