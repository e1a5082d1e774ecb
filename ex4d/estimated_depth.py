"""Depth that a model estimates: once for the same clip, weights and code, whatever shot list asks for it.

It is kept in the user's cache, in ``depth/KEY``; deleting it costs nothing but the time to estimate it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.errors import MissingPart, UserError
from ex4d.kernels import cache_folder
from ex4d.media.probe import MediaInfo
from ex4d.models import DEPTH_MODELS, Weights, check, commands_for, depth_weights
from ex4d.progress import Progress
from ex4d.reconstruction.depth_anything import DepthAnything
from ex4d.reconstruction.depth_estimator import DepthEstimator
from ex4d.shotlist.model import Shot
from ex4d.workspace import code_hash, content_hash, key_of

ESTIMATORS: dict[str, Callable[[Path], DepthEstimator]] = {"depth-anything-v2-small": DepthAnything}
"""Each depth model's adapter, by the name of its weights, whose folder it takes."""
PACKAGES = ("torch", "transformers")
"""Whose versions may change what is estimated."""


@dataclass(frozen=True)
class EstimatedDepth:
    """The depth of a clip, and what it was estimated with."""

    depth: DepthVideo
    weights: Weights
    key: str
    """Of everything that went into it."""

    def manifest(self) -> dict[str, Any]:
        """Return what a take's manifest says of it."""
        return {
            "model": self.weights.name,
            "licence": self.weights.licence,
            "commercial": self.weights.commercial,
            "estimated": list(self.depth.assumed),
            "metric": self.depth.metric,
            "key": self.key,
        }


def estimated_depth(
    model: str, shot: str, clip: MediaInfo, progress: Progress, *, verify: bool = False
) -> EstimatedDepth:
    """Return the depth of a shot's clip by the model that its shot list names, estimating it if it never was.

    Raises:
        UserError: there is no such model.
        MissingPart: it needs something that is not here; says which commands bring it.
        MediaError: the clip cannot be read.
        ReconstructionError: the model finds no depth in the clip.
    """
    weights = ready_weights(model, shot)
    key = _key(weights, clip, verify=verify)
    folder = cache_folder() / "depth" / key
    if not folder.is_dir():
        terms = f"licence {weights.licence}, commercial use: {weights.commercial}"
        progress.say(f"{shot}: estimating the depth of its source by {weights.name} ({terms})")
        progress.begin(f"{shot}: depth", clip.frame_count)
        ESTIMATORS[weights.name](weights.folder).estimate(clip, folder, progress=progress)
    return EstimatedDepth(DepthVideo.load(folder), weights, key)


def ready_weights(model: str, shot: str) -> Weights:
    """Return the weights of a depth model that can be used here.

    Raises:
        UserError: there is no such model.
        MissingPart: it needs something that is not here.
    """
    try:
        weights = depth_weights(model)
    except UserError as fault:
        raise UserError(f"shot '{shot}': source.{fault}") from fault
    if commands := commands_for(weights):
        lines = "".join(f"\n  {command}" for command in commands)
        raise MissingPart(f"shot '{shot}': {weights.name} cannot estimate its depth before you run{lines}")
    check(weights)
    return weights


def no_depth(shot: Shot) -> MissingPart:
    """Return the error for a shot whose shot list says nothing of depth: what to write, and what to run before."""
    steps = [*commands_for(DEPTH_MODELS[0]), "source: {depth: {model: auto}}"]
    return MissingPart(
        f"shot '{shot.name}' has no depth: source.depth names neither a file nor a model\n"
        "  to use depth that you have:  source: {depth: {file: DEPTH, unit: mm}}\n"
        "  to have it estimated:        " + f"\n{'':31}".join(steps)
    )


def _key(weights: Weights, clip: MediaInfo, *, verify: bool) -> str:
    return key_of(
        {
            "source": content_hash(clip.path, verify=verify),
            "weights": {name: content_hash(weights.folder / name, verify=verify) for name in weights.files},
            "code": code_hash("media", "artifacts", "reconstruction/depth_anything.py", "reconstruction/steadying.py",
                              "reconstruction/depth_file.py", "reconstruction/depth_statistics.py"),
            "packages": {name: version(name) for name in PACKAGES},
        }
    )  # fmt: skip
