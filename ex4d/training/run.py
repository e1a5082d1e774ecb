"""What ``ex4d train`` does: masks to look at, excerpts prepared, an adapter trained; each names what it lacks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ex4d.errors import MissingPart, UserError
from ex4d.estimated_depth import DepthMeans
from ex4d.kernels import announce_compiling
from ex4d.media.atomic import replacing
from ex4d.models import COTRACKER3, WAN, adapter_fault, commands_for, located
from ex4d.progress import SILENT, Progress
from ex4d.render.cpu_rasterizer import CpuRasterizer
from ex4d.shotlist.model import DepthModel
from ex4d.training.config.draws import CameraDraws
from ex4d.training.config.records import TrainingConfig
from ex4d.training.dataset.clips import find_clips
from ex4d.training.dataset.opening import Means, opened_clip
from ex4d.training.dataset.report import Report
from ex4d.training.excerpts import OpenedExcerpt
from ex4d.training.masks.drawing import MaskMaker
from ex4d.training.masks.drawn import DrawnMask
from ex4d.training.masks.sheet import mask_sheet
from ex4d.training.masks.statistics import HoleStatistics, statistics_of
from ex4d.training.masks.trackers import open_tracker
from ex4d.workspace import content_hash, held, require_folder

if TYPE_CHECKING:
    from ex4d.training.dataset.prepared import Prepared
    from ex4d.training.dataset.preparing import MaskDrawing

MASKS = "masks"
"""The folder of sheets, in the output."""
ELSEWHERE = "name another output"
"""What is said where an output is taken."""


@dataclass(frozen=True)
class SheetOfMasks:
    """The masks of one excerpt, drawn to be looked at."""

    excerpt: str
    file: Path | None
    """The sheet; None where only figures are asked for."""
    masks: tuple[tuple[DrawnMask, HoleStatistics], ...]


def mask_maker(config: TrainingConfig, *, models: Path | None = None, device: str | None = None) -> MaskMaker:
    """Return what draws a training file's masks.

    Raises:
        ShotFileError: a shot whose camera is named is not there any more.
        MissingPart: the tracker's package or weights are not here.
    """
    asked, tracker = config.masks.tracking, None
    if asked.share:
        tracker = open_tracker(asked.tracker, models=models, device=device)
    return MaskMaker(config.masks, CameraDraws.of(config), CpuRasterizer(), tracker)


def preview_masks(
    config: TrainingConfig,
    *,
    excerpts: int,
    out: Path | None,
    models: Path | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> Iterator[SheetOfMasks]:
    """Draw the masks of the first excerpts as training will have them, with sheets in ``out`` where it is given.

    Clips that cannot be used are skipped, which is said.

    Raises:
        UserError: no clip can be used, or ``out`` cannot be written.
        MissingPart: depth model, tracker or weights are not here.
    """
    if out is not None:
        require_folder(out, f"sheets {out}")
    announce_compiling(progress)
    maker, report, count = mask_maker(config, models=models, device=device), Report(), 0
    means = _means(config, models, device, progress)
    for sheet in _of_each(config, report, means, excerpts, lambda one: _sheet(one, maker, config.masks.draws, out)):
        count += 1
        yield sheet
    if report.skipped:
        progress.say(str(report))
    report.require_some(count, config.clips.videos)


def prepare(
    config: TrainingConfig, *, models: Path | None = None, device: str | None = None, progress: Progress = SILENT
) -> Prepared:
    """Prepare the excerpts that are not there yet, and open all of them.

    Raises:
        OutputError: another run is at work in the output.
        UserError, MissingPart: as :func:`.preparing.prepare`, or packages are not installed.
    """
    _require_wan(config, models)
    with held(config.output, ELSEWHERE):
        return _prepared(config, models, device, progress)


def train(
    config: TrainingConfig, *, models: Path | None = None, device: str | None = None, progress: Progress = SILENT
) -> Path:
    """Prepare what lacks and train, going on from the newest checkpoint; return the adapter's file.

    Raises:
        TrainingError: as :func:`ex4d.training.adapter.run.train`.
        UserError, MissingPart: as :func:`prepare`.
    """
    _require_wan(config, models)
    from torch import device as named

    from ex4d.synthesis.wan.weight_folders import find_wan_folder
    from ex4d.training.adapter.matters import require_going_on
    from ex4d.training.adapter.opening import require_image_model
    from ex4d.training.adapter.order import Share
    from ex4d.training.adapter.processes import processes_on
    from ex4d.training.adapter.run import train as trained

    folder = find_wan_folder(weights_folder(config, models))
    require_image_model(folder)
    _require_adapter(config.model.adapter)
    require_going_on(config, folder)
    where = device or _usual_device()
    crew = processes_on(named(where))
    Share.of(config.training, crew.process_index, crew.num_processes)  # told before excerpts are prepared
    with _prepared_once(config, crew, models, device=where, progress=progress) as prepared:
        return trained(config, prepared, folder, device=where, progress=progress)


def weights_folder(config: TrainingConfig, models: Path | None) -> Path:
    """Return where the frozen model's weights are: a folder that the file names, or that of a known name."""
    written = config.model.weights
    return Path(written) if Path(written).is_absolute() else located(written, models)


@contextmanager
def _prepared_once(
    config: TrainingConfig, crew: Any, models: Path | None, *, device: str, progress: Progress
) -> Iterator[Prepared]:
    """Have the first of the processes that train hold the output and prepare; the others open what it prepared."""
    from ex4d.training.dataset.prepared import open_prepared
    from ex4d.training.dataset.preparing import FOLDER

    if not crew.is_main_process:
        crew.wait_for_everyone()
        yield open_prepared(config.output / FOLDER)
        return
    with held(config.output, ELSEWHERE):
        prepared = _prepared(config, models, device, progress)
        crew.wait_for_everyone()
        yield prepared


def _prepared(config: TrainingConfig, models: Path | None, device: str | None, progress: Progress) -> Prepared:
    from ex4d.training.dataset.preparing import prepare as prepared

    drawing, means = _drawing(config, models, device), _means(config, models, device, progress)
    return prepared(config, drawing, weights_folder(config, models), device=device, means=means, progress=progress)


def _require_wan(config: TrainingConfig, models: Path | None) -> None:
    """Name all that is to be installed or downloaded for the frozen model.

    Raises:
        MissingPart: something is; a folder of weights that the file names is looked into where it is opened.
    """
    weights = (WAN,) if config.model.weights == WAN.name else ()
    masks, depth = config.masks, config.clips.depth
    by_flow = masks.tracking.share > 0 and masks.tracking.tracker == "flow"  # whose OpenCV comes with depth's models
    estimated = masks.rendering.share > 0 and isinstance(depth, DepthModel)
    commands = commands_for(extra="depth") if by_flow or estimated else ()
    if commands := (*commands, *commands_for(*weights, extra=WAN.extra, models=models)):
        raise MissingPart("\n  ".join(["excerpts cannot be prepared, nor adapters trained, before you run", *commands]))


def _require_adapter(file: Path | None) -> None:
    """Refuse what is no adapter to go on from, by its head; raises UserError."""
    fault = None if file is None else adapter_fault(file)
    if fault:
        raise UserError(f"model.adapter: {file} {fault}")


def _usual_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _means(config: TrainingConfig, models: Path | None, device: str | None, progress: Progress) -> Means:
    depth = DepthMeans(models, "cpu" if device == "cpu" else None)
    return Means(with_depth=config.masks.rendering.share > 0, depth=depth, progress=progress)


def _drawing(config: TrainingConfig, models: Path | None, device: str | None) -> MaskDrawing:
    from ex4d.training.dataset.preparing import MaskDrawing

    maker = mask_maker(config, models=models, device=device)
    key = [*maker.key, *_tracker_weights(config, models)]
    return MaskDrawing(maker.draw, config.masks.draws, key, config.masks.rendering.share > 0)


def _tracker_weights(config: TrainingConfig, models: Path | None) -> Iterator[str]:
    """Yield what tells the tracker's weights from others, if it has any and is asked for."""
    if config.masks.tracking.tracker == COTRACKER3.name and config.masks.tracking.share:
        yield content_hash(located(COTRACKER3.name, models) / COTRACKER3.layouts[0].files[0])


def _of_each(
    config: TrainingConfig, report: Report, means: Means, limit: int, made: Callable[[OpenedExcerpt], SheetOfMasks]
) -> Iterator[SheetOfMasks]:
    """Yield what is made of the first excerpts; clips of which nothing can be made are reported."""
    left = limit
    scratch = config.output / MASKS / "clip"
    for clip in find_clips(config.clips, report):
        if left <= 0:
            return
        with report.skipping(clip.name), opened_clip(clip, config.clips, config.excerpts, scratch, means) as lent:
            for excerpt in lent.excerpts[:left]:
                sheet = made(lent.opened(excerpt))
                left -= 1
                yield sheet


def _sheet(opened: OpenedExcerpt, maker: MaskMaker, draws: int, out: Path | None) -> SheetOfMasks:
    masks = [maker.draw(opened, index) for index in range(draws)]
    figures = [statistics_of(opened, mask.visible) for mask in masks]
    file = None if out is None else out / f"{opened.excerpt.name}.png"
    if file is not None:
        import imageio.v3 as iio

        with replacing(file) as partial:
            iio.imwrite(partial, mask_sheet(opened.colour, [mask.visible for mask in masks]), extension=".png")
    return SheetOfMasks(opened.excerpt.name, file, tuple(zip(masks, figures, strict=True)))
