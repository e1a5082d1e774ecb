"""Which depth models can be asked, and how each is opened: the one list that a new one is added to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ex4d.errors import UserError
from ex4d.reconstruction.depth_anything import DepthAnything
from ex4d.reconstruction.depth_estimator import DepthEstimator
from ex4d.shotlist.model import DepthModel

Folders = tuple[Path, ...]
"""Where the weights of a model lie, in the order of the registry."""
SETTINGS = ("longest", "window")
"""What a user may set of a model, if it takes that."""
SHARED_CODE = (
    *("media", "artifacts", "reconstruction/depth_spool.py", "reconstruction/depth_file.py"),
    *("reconstruction/disparity.py", "reconstruction/depth_statistics.py"),
)


@dataclass(frozen=True)
class Adapter:
    """One way to depth."""

    open: Callable[[Folders, DepthModel], DepthEstimator]
    takes: tuple[str, ...]
    """Which of ``SETTINGS`` it heeds."""
    code: tuple[str, ...]
    """Files and folders of ex4d that are its own: a change in them is another depth."""
    packages: tuple[str, ...]
    """Whose versions may change what is estimated."""


def _depth_anything(folders: Folders, asked: DepthModel) -> DepthEstimator:
    return DepthAnything(folders[0])


DEPTH_ANYTHING = Adapter(
    _depth_anything,
    takes=(),
    code=("reconstruction/depth_anything.py", "reconstruction/steadying.py"),
    packages=("torch", "transformers"),
)
ADAPTERS: dict[str, Adapter] = {"depth-anything-v2-small": DEPTH_ANYTHING}
"""By the name of the model."""


def require_settings(name: str, asked: DepthModel) -> None:
    """Refuse settings that a model does not heed.

    Raises:
        UserError: naming each.
    """
    ignored = [key for key in SETTINGS if getattr(asked, key) is not None and key not in ADAPTERS[name].takes]
    if ignored:
        raise UserError(f"depth: {' and '.join(ignored)}: {name} has no such setting; leave it out")
