"""Depth that a model estimates: once for the same clip, weights and code, whatever shot list asks for it.

It is kept in the user's cache, in ``depth/KEY``; deleting it costs nothing but the time to estimate it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ex4d.artifacts.depth_video import DepthVideo
from ex4d.depth_adapters import ADAPTERS, SHARED_CODE
from ex4d.errors import MissingPart, OutputError, UserError
from ex4d.kernels import cache_folder
from ex4d.media.probe import MediaInfo
from ex4d.models import DEPTH_MODELS, KnownDepthModel, check, commands_for, depth_model, require_settings
from ex4d.progress import Progress
from ex4d.reconstruction.depth_estimator import Device
from ex4d.shotlist.model import DepthModel
from ex4d.workspace import code_hash, content_hash, key_of


@dataclass(frozen=True)
class EstimatedDepth:
    """The depth of a clip, and what it was estimated with."""

    depth: DepthVideo
    model: KnownDepthModel
    key: str
    """Of everything that went into it."""

    def manifest(self) -> dict[str, Any]:
        """Return what a take's manifest says of it."""
        return {
            "model": self.model.name,
            "licence": self.model.licence,
            "commercial": self.model.commercial,
            "estimated": list(self.depth.assumed),
            "metric": self.depth.metric,
            "key": self.key,
        }


@dataclass(frozen=True)
class DepthMeans:
    """What a depth model works with on this machine; none of it changes what its depth is known by."""

    models: Path | None = None
    """The folder of all weights; None is the usual one."""
    device: Device | None = None
    """None takes the GPU where there is one, and the CPU where there is none; it is said which."""
    verify: bool = False
    """Whether clip and weights are read again to see if they changed."""


USUAL_MEANS = DepthMeans()


def estimated_depth(
    asked: DepthModel, whose: str, clip: MediaInfo, progress: Progress, means: DepthMeans = USUAL_MEANS
) -> EstimatedDepth:
    """Return the depth of a clip by the model that is asked for, estimating it if it never was.

    Args:
        asked: the model and its settings.
        whose: what the clip belongs to, in words for the user, as ``shot 'swing'``.
        clip: what to see.
        progress: is told of what is chosen, and of each frame.
        means: what the model works with.

    Raises:
        UserError: there is no such model, or it has no such setting.
        MissingPart: it needs something that is not here; says which commands bring it.
        MediaError: the clip cannot be read.
        ReconstructionError: the model finds no depth in the clip.
    """
    model = ready_model(asked, whose, means.models)
    folders = _folders(model, means.models)
    key = _key(model, asked, clip, folders, verify=means.verify)
    folder = cache_folder() / "depth" / key
    if not folder.is_dir():
        with _alone(folder, lambda: progress.say(f"{whose}: waiting for another run that estimates this very depth")):
            if not folder.is_dir():
                terms = f"licence {model.licence}, commercial use: {model.commercial}"
                progress.say(f"{whose}: estimating the depth of {clip.path.name} by {model.name} ({terms})")
                progress.begin(f"{whose}: depth", clip.frame_count)
                ADAPTERS[model.name].open(folders, asked, means.device).estimate(clip, folder, progress=progress)
    return EstimatedDepth(DepthVideo.load(folder), model, key)


def depth_key(asked: DepthModel, whose: str, clip: MediaInfo, means: DepthMeans = USUAL_MEANS) -> str:
    """Return the key that :func:`estimated_depth` would give its depth, without estimating it; raises likewise."""
    model = ready_model(asked, whose, means.models)
    return _key(model, asked, clip, _folders(model, means.models), verify=means.verify)


@contextmanager
def _alone(folder: Path, on_waiting: Callable[[], None]) -> Iterator[None]:
    """Let one process at a time of this machine make a folder; the others wait until that one has ended.

    Raises:
        OutputError: its place cannot be written.
    """
    import fcntl

    held = folder.with_name(f"{folder.name}.lock")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = held.open("w")
    except OSError as cause:
        raise OutputError(f"{folder} cannot be written: {cause.strerror or cause}") from cause
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            held.unlink(missing_ok=True)


def ready_model(asked: DepthModel, whose: str, models: Path | None = None) -> KnownDepthModel:
    """Return a depth model that can be used here.

    Raises:
        UserError: there is no such model, or it has no such setting.
        MissingPart: it needs something that is not here.
    """
    model = known_model(asked, whose)
    if commands := commands_for(*model.weights, models=models):
        lines = "".join(f"\n  {command}" for command in commands)
        raise MissingPart(f"{whose}: {model.name} cannot estimate its depth before you run{lines}")
    for weights, folder in zip(model.weights, _folders(model, models), strict=True):
        check(weights, folder)
    return model


def known_model(asked: DepthModel, whose: str) -> KnownDepthModel:
    """Return the depth model that is asked for, whether or not it is here.

    Raises:
        UserError: there is no such model, or it has no such setting.
    """
    try:
        model = depth_model(asked.model)
        require_settings(model, asked.settings)
    except UserError as fault:
        raise UserError(f"{whose}: {fault}") from fault
    return model


def _version(package: str) -> str:
    """Return a package's version; where another of the same modules stands in for it, as OpenCV's do, that is said."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "of another name"


def _folders(model: KnownDepthModel, models: Path | None) -> tuple[Path, ...]:
    return tuple(each.folder_below(models) if models else each.folder for each in model.weights)


def no_depth(whose: str) -> MissingPart:
    """Return the error for what a shot list says nothing of depth: what to write, and what to run before."""
    steps = [*commands_for(*DEPTH_MODELS[0].weights), "source: {depth: {model: auto}}"]
    return MissingPart(
        f"{whose} has no depth: source.depth names neither a file nor a model\n"
        "  to use depth that you have:  source: {depth: {file: DEPTH, unit: mm}}\n"
        "  to have it estimated:        " + f"\n{'':31}".join(steps)
    )


def _key(
    model: KnownDepthModel, asked: DepthModel, clip: MediaInfo, folders: tuple[Path, ...], *, verify: bool
) -> str:  # fmt: skip
    adapter = ADAPTERS[model.name]
    return key_of(
        {
            "source": content_hash(clip.path, verify=verify),
            "model": model.name,
            "settings": asked.settings,
            "weights": {
                f"{weights.name}/{name}": content_hash(folder / name, verify=verify)
                for weights, folder in zip(model.weights, folders, strict=True)
                for name in weights.layout_in(folder).files_in(folder)
            },
            "code": code_hash(*SHARED_CODE, *adapter.code),
            "packages": {name: _version(name) for name in adapter.packages},
        }
    )
