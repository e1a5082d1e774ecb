"""Which depth models can be asked, and how each is opened: the one list that a new one is added to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ex4d.reconstruction.depth_anything import DepthAnything
from ex4d.reconstruction.depth_estimator import DepthEstimator, Device
from ex4d.shotlist.model import DepthModel

Folders = tuple[Path, ...]
"""Where the weights of a model lie, in the order of the registry."""
SHARED_CODE = (
    *("media", "artifacts", "reconstruction/depth_spool.py", "reconstruction/depth_file.py"),
    *("reconstruction/disparity.py", "reconstruction/depth_statistics.py"),
)


@dataclass(frozen=True)
class Adapter:
    """One way to depth."""

    open: Callable[[Folders, DepthModel, Device | None], DepthEstimator]
    code: tuple[str, ...]
    """Files and folders of ex4d that are its own: a change in them is another depth."""
    packages: tuple[str, ...]
    """Whose versions may change what is estimated."""


def _depth_anything(folders: Folders, asked: DepthModel, device: Device | None) -> DepthEstimator:
    return DepthAnything(folders[0], device)


DEPTH_ANYTHING = Adapter(
    _depth_anything,
    code=("reconstruction/depth_anything.py", "reconstruction/steadying.py"),
    packages=("torch", "transformers"),
)
ADAPTERS: dict[str, Adapter] = {"depth-anything-v2-small": DEPTH_ANYTHING}
"""By the name of the model."""
