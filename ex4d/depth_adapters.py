"""Which depth models can be asked, and how each is opened: the one list that a new one is added to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ex4d.reconstruction.depth_anything import DepthAnything
from ex4d.reconstruction.depth_crafter import DepthCrafter
from ex4d.reconstruction.depth_estimator import DepthEstimator, Device
from ex4d.reconstruction.depth_pro import DepthPro
from ex4d.shotlist.model import DepthModel

Folders = tuple[Path, ...]
"""Where the weights of a model lie, in the order of the registry."""
SHARED_CODE = (
    *("media", "artifacts", "reconstruction/depth_spool.py", "reconstruction/depth_file.py"),
    *("reconstruction/disparity.py", "reconstruction/depth_statistics.py", "reconstruction/ahead.py"),
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
    return DepthAnything(folders[0], device, longest=asked.longest)


def _depth_pro(folders: Folders, asked: DepthModel, device: Device | None) -> DepthEstimator:
    return DepthPro(folders[0], device)


def _depth_crafter(folders: Folders, asked: DepthModel, device: Device | None) -> DepthEstimator:
    unet, parts = folders
    settings: dict[str, Any] = asked.settings
    return DepthCrafter(unet, parts, device, **settings)


STEADYING = ("reconstruction/steady", "geometry/pinhole.py", "shotlist/lens.py")
DEPTH_ANYTHING = Adapter(
    _depth_anything,
    code=("reconstruction/depth_anything.py", *STEADYING),
    packages=("torch", "transformers", "pillow", "numpy", "opencv-python-headless"),
)
DEPTH_PRO = Adapter(
    _depth_pro,
    code=("reconstruction/depth_pro.py", *STEADYING),
    packages=("torch", "transformers", "numpy", "opencv-python-headless"),
)
DEPTH_CRAFTER = Adapter(
    _depth_crafter,
    code=("reconstruction/depth_crafter",),
    packages=("torch", "diffusers", "transformers"),
)
SIZES = ("small", "base", "large", "metric-indoor-small", "metric-outdoor-small")
ADAPTERS: dict[str, Adapter] = {
    **{f"depth-anything-v2-{size}": DEPTH_ANYTHING for size in SIZES},
    "depth-pro": DEPTH_PRO,
    "depthcrafter": DEPTH_CRAFTER,
}
"""By the name of the model."""
