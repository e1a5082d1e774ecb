"""A sound training file in words, and what its author should know of it before a day is spent."""

from __future__ import annotations

from collections.abc import Iterator

from ex4d.errors import Fault
from ex4d.progress import counted
from ex4d.shotlist.depth import DepthModel
from ex4d.training.config.draws import CameraDraws
from ex4d.training.config.records import Model, TrainingConfig
from ex4d.training.config.usual import USUAL_CAMERAS

OWN = Model()
"""The sizes of EX-4D's own adapter."""


def in_words(config: TrainingConfig) -> str:
    """Return what a file asks for, on one line."""
    excerpts, training = config.excerpts, config.training
    size = "x".join(map(str, excerpts.size))
    return (
        f"{counted(training.steps, 'step')} of {counted(training.batch, 'excerpt')}, "
        f"each {excerpts.frames} frames of {size}; {_masks_in_words(config)}"
    )


def remarks(config: TrainingConfig) -> tuple[str, ...]:
    """Return what was chosen for the user, and what they may not have meant."""
    return (*_choices(config), *_doubts(config))


def _masks_in_words(config: TrainingConfig) -> str:
    rendering, tracking = config.masks.rendering, config.masks.tracking
    cameras = counted(len(rendering.cameras or USUAL_CAMERAS), "camera")
    kinds = {f"by {cameras}": rendering.share, f"by tracking ({tracking.tracker})": tracking.share}
    return "masks " + ", ".join(f"{words} {share:.3g}" for words, share in kinds.items() if share)


def _choices(config: TrainingConfig) -> Iterator[str]:
    depth, rendering = config.clips.depth, config.masks.rendering
    if isinstance(depth, DepthModel) and depth.model == "auto" and rendering.share:
        from ex4d.models import depth_model

        yield f"depth: {{model: auto}} takes {depth_model('auto').name}"
    if rendering.share and not rendering.cameras:
        usual = ", ".join(moves for moves, _ in USUAL_CAMERAS)
        yield f"no cameras are stated, so that the usual ones are drawn: {usual}"
    for name in _newest_presets(config) if rendering.share else ():
        yield f"a camera takes the newest {name.partition('@')[0]}; pin it as {name}"


def _newest_presets(config: TrainingConfig) -> list[str]:
    """Return the presets, with their versions, that cameras use without stating which version."""
    faults: list[Fault] = []
    read = (camera.at(lambda: 0.5, faults)[0] for camera in CameraDraws.of(config).cameras)
    uses = (use for camera in read if camera is not None for use in camera.presets)
    return list(dict.fromkeys(f"{use.name}@{use.version}" for use in uses if not use.pinned))


def _doubts(config: TrainingConfig) -> Iterator[str]:
    model, keep, training = config.model, config.keep, config.training
    for word in ("rank", "hidden"):
        if getattr(model, word) != getattr(OWN, word):
            yield f"{word}: {getattr(model, word)}: EX-4D's own loader takes {getattr(OWN, word)} alone; ex4d takes any"
    if not config.clips.hold_out and (keep.validate_every or keep.sample_every):
        yield "hold_out: 0 leaves no clip to validate or sample with; write hold_out: 8 in clips"
    if training.warmup >= training.steps:
        rise = training.steps // 20
        yield f"warmup: {training.warmup} leaves no step at the full learning rate; write warmup: {rise}"
    if config.clips.depth is not None and not config.masks.rendering.share:
        yield "depth is not needed where no mask is rendered"
