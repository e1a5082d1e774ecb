"""CoTracker3 (Karaev et al. 2024) as a tracker: https://github.com/facebookresearch/co-tracker.

Its package and its weights are under CC-BY-NC, so neither comes with ex4d: it is used where a user has put both.
"""

from __future__ import annotations

import importlib.util
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ex4d.errors import MissingPart
from ex4d.models import COTRACKER3, check, install_command
from ex4d.training.masks.tracker import Frames, Points, Tracks

if TYPE_CHECKING:
    import torch

PACKAGE = "pip install git+https://github.com/facebookresearch/co-tracker  # licence CC-BY-NC-4.0: no commercial use"
POINTS_AT_ONCE = 2048
"""That look at each other while they are followed. One takes half a megabyte for each of the clip's frames, of which
its patches are compared with those of the first."""
PIXEL_CENTRE = np.float32(0.5)
"""Of the first pixel; CoTracker calls it 0."""


@dataclass(frozen=True)
class CoTracker3:
    """Follows points by CoTracker3, the whole clip at once."""

    predictor: Any
    """Its own ``CoTrackerPredictor``."""
    device: str

    def track(self, frames: Frames, points: Points) -> Tracks:
        """Follow points of the first frame through all frames; see :class:`Tracker`."""
        import torch

        video = torch.from_numpy(frames).to(self.device).permute(0, 3, 1, 2)[None].float()
        parts = [
            self._followed(video, points[first : first + POINTS_AT_ONCE])
            for first in range(0, len(points), POINTS_AT_ONCE)
        ]
        nowhere = Tracks(np.zeros((len(frames), 0, 2), np.float32), np.zeros((len(frames), 0), bool))
        positions, seen = zip(*((part.positions, part.seen) for part in (nowhere, *parts)), strict=True)
        return Tracks(np.concatenate(positions, axis=1), np.concatenate(seen, axis=1))

    def _followed(self, video: torch.Tensor, points: Points) -> Tracks:
        import torch

        queries = np.concatenate([np.zeros((len(points), 1), np.float32), points - PIXEL_CENTRE], axis=1)
        with torch.inference_mode():
            places, seen = self.predictor(video, queries=torch.from_numpy(queries).to(self.device)[None])
        positions = places[0].float().cpu().numpy() + PIXEL_CENTRE
        positions[0] = points
        return Tracks(positions, seen[0].cpu().numpy())


def open_co_tracker(folder: Path, device: str | None = None) -> CoTracker3:
    """Open CoTracker3 with the weights of a folder.

    Args:
        folder: Holds ``scaled_offline.pth``.
        device: Torch's name of what it works on; if not stated, a graphics card where there is one.

    Raises:
        MissingPart: torch, its package or its weights are not here, or the weights are not its own; says of all that
            is lacking how to get it, and on what terms.
    """
    _require_parts(folder)
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    with _draws_kept():
        from cotracker.predictor import CoTrackerPredictor

        predictor = CoTrackerPredictor(checkpoint=None, offline=True)
    _load(predictor.model, folder / COTRACKER3.layouts[0].files[0])
    return CoTracker3(predictor.to(device), device)


def _require_parts(folder: Path) -> None:
    faults = []
    if importlib.util.find_spec("torch") is None:
        faults.append(f"torch is not installed; run\n  {install_command(COTRACKER3.extra)}")
    if importlib.util.find_spec("cotracker") is None:
        faults.append(f"its package is not installed; run\n  {PACKAGE}")
    try:
        check(COTRACKER3, folder)
    except MissingPart as fault:
        faults.append(str(fault))
    if faults:
        whole = "\n".join(faults)
        raise MissingPart(f"tracker: cotracker3: {whole}\nor write tracker: flow, which needs neither")


def _load(model: Any, file: Path) -> None:
    import torch

    try:
        stored = torch.load(file, map_location="cpu", weights_only=True)
        model.load_state_dict(stored.get("model", stored))
    except (OSError, RuntimeError, ValueError, EOFError, AttributeError, TypeError, pickle.UnpicklingError) as cause:
        raise MissingPart(
            f"{file} does not fit the cotracker package that is installed: {str(cause).partition(chr(10))[0]}; "
            "install its newest, and pull the weights again"
        ) from cause


@contextmanager
def _draws_kept() -> Iterator[None]:
    """Keep torch's random draws: the package seeds them when it is imported."""
    import torch

    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield
