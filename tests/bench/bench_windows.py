"""Whether windows show: seam and drift of a still guide of 200 frames, and the time of the work around the model.

    python -m tests.bench.bench_windows         half a minute; needs no weights

A seam above 1.2 or a drift above 1 level in 100 frames would show; see ``ex4d/synthesis/continuity.py``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np

from ex4d.artifacts.guide_video import GuideVideo
from ex4d.synthesis.continuity import drift, seam
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.windowed import complete
from ex4d.synthesis.windows import borders, plan_windows
from tests.synthesis.small_guides import COMPLETERS, static_frames, write_guide

FRAMES, SIZE = 200, (128, 96)
TIMED_FRAMES = 49
TIMED = {"equal size": (512, 512), "from and to 1280x720": (1280, 720)}


def continuity(folder: Path) -> None:
    """Print both statistics for each completer, with and without matching."""
    settings = DiffusionSettings(size=SIZE)
    shown = static_frames(FRAMES, SIZE)
    guide = write_guide(folder / "still", shown)
    windows = plan_windows(FRAMES, settings.window, settings.overlap)
    colour, visible = np.stack([f.colour for f in shown]), np.stack([f.visible for f in shown])
    print(f"{FRAMES} frames of a still guide, {len(windows)} windows of {windows[0].frame_count}\n")
    print(f"{'completer':<22} {'colours':<10} {'seam':>7} {'drift':>7}   (levels in 100 frames)")
    for name, completer in COMPLETERS.items():
        for matched in (True, False):
            made = complete(guide, completer, settings, seed=1, erode=None, match_colours=matched)
            frames = np.stack(list(made))
            measured = f"{seam(frames, borders(windows)):7.2f} {drift(frames, colour, visible):7.2f}"
            print(f"{name:<22} {'matched' if matched else 'unmatched':<10} {measured}")


def speed(folder: Path) -> None:
    """Print the seconds of all but the model for one window of 49 frames at 512x512."""
    print(f"\n{TIMED_FRAMES} frames at 512x512, all but the model (best of 3)")
    for name, size in TIMED.items():
        guide = write_guide(folder / f"timed-{size[0]}", static_frames(TIMED_FRAMES, size))
        print(f"{name:<22} {min(_seconds(guide) for _ in range(3)):7.2f} s, of it reading {_reading(guide):.2f} s")


def _seconds(guide: GuideVideo) -> float:
    def brighter(colour: np.ndarray, visible: np.ndarray, window: int) -> np.ndarray:
        return np.minimum(colour, 254) + np.uint8(1)

    started = time.perf_counter()
    for _ in complete(guide, brighter, DiffusionSettings(), seed=1, erode=None):
        pass
    return time.perf_counter() - started


def _reading(guide: GuideVideo) -> float:
    started = time.perf_counter()
    for _ in guide.frames():
        pass
    return time.perf_counter() - started


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        continuity(Path(temporary))
        speed(Path(temporary))
