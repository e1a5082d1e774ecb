"""Prepare a data set: every clip's excerpts with their masks, as the frozen encoders have them, each once.

Memory is bounded by one excerpt and the encoders. What is there already, of the same contents, is not made again, so
that a run which was killed goes on where it was; a clip that cannot be used is skipped and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ex4d.errors import MediaError, OutputError
from ex4d.estimated_depth import ready_model
from ex4d.kernels import announce_compiling
from ex4d.progress import SILENT, Progress, counted
from ex4d.shotlist.model import DepthModel
from ex4d.synthesis.wan.text import NEGATIVE_PROMPT, PROMPT, cleaned
from ex4d.synthesis.wan.weight_folders import WanFolder, find_wan_folder
from ex4d.training.config.records import TrainingConfig
from ex4d.training.dataset.clips import Clip, find_clips, held_out
from ex4d.training.dataset.encoders import Bench, FrozenEncoders, embed, identity_of, prompt_cache
from ex4d.training.dataset.excerpt_file import ExcerptNotes, masks_in_notes, read_notes, write_excerpt
from ex4d.training.dataset.opening import USUAL, Means, OpenClip, opened_clip
from ex4d.training.dataset.prepared import INDEX, PROMPTS, IndexEntry, Prepared, open_prepared, write_index
from ex4d.training.dataset.report import MOST_REASONS, Report, SaidOnce
from ex4d.training.excerpts import Excerpt, OpenedExcerpt
from ex4d.training.masks.drawn import DrawnMask
from ex4d.workspace import code_hash, key_of, require_folder, write_json

FOLDER = "prepared"
"""Of the training's output, where all of it lies."""
REPORT = "report.json"
CODE = (
    "geometry", "media", "artifacts", "render", "reconstruction", "trajectory", "footage.py", "backdrop.py",
    "guide.py", "synthesis/mask_erosion.py", "synthesis/wan/conditioning.py",
    *(f"training/{name}.py" for name in ("draws", "excerpts")),
    *(f"training/config/{name}.py" for name in ("cameras", "draws", "ranges", "usual")),
    *(f"training/masks/{name}.py" for name in ("drawing", "drawn", "rendering", "visibility")),
    *(f"training/masks/{name}.py" for name in ("regions", "tracking", "tracker", "flow_tracker", "co_tracker")),
    *(f"training/dataset/{name}.py" for name in ("clips", "opening", "encoders", "excerpt_file", "preparing")),
)  # fmt: skip
"""Of ex4d, what excerpts and their masks are made by: none of them outlives it."""


@dataclass(frozen=True)
class MaskDrawing:
    """How the masks of excerpts are drawn."""

    draw: Callable[[OpenedExcerpt, int], DrawnMask]
    """The mask of an excerpt and a number; always the same one."""
    count: int
    """Masks of each excerpt."""
    key: Any
    """All that decides which mask is drawn, but for the excerpt and ex4d's own code: settings, cameras, weights."""
    with_depth: bool
    """Whether it needs the clips' depth."""


@dataclass(frozen=True)
class Made:
    """An excerpt that is there."""

    clip: str
    excerpt: Excerpt
    notes: ExcerptNotes
    kept: bool
    """Whether an earlier run made it."""


def prepare(
    config: TrainingConfig,
    drawing: MaskDrawing,
    weights: Path,
    *,
    device: str | None = None,
    means: Means = USUAL,
    progress: Progress = SILENT,
) -> Prepared:
    """Make of a data set all that is not there yet, and open it.

    Args:
        config: which clips, how they are cut, and the output, in whose folder :data:`FOLDER` it is kept.
        drawing: draws the masks.
        weights: Wan's folder.
        device: where the encoders work, as ``cuda:1``; if not stated, the first card, else the CPU; which is said.
        means: how depth is estimated; whether it is, ``drawing`` says, and who listens, ``progress``.
        progress: is told of each clip.

    Raises:
        UserError: no clip can be used; too few for what is held out; the output cannot be written.
        MissingPart: weights, or the depth model, are not here.
    """
    folder = config.output / FOLDER
    require_folder(folder, f"output {config.output}")
    report = Report()
    clips = find_clips(config.clips, report)
    held_out([clip.name for clip in clips], config.clips.hold_out, config.training.seed)  # before long work is done
    work = _Work.begun(config, drawing, weights, Bench.here(device), means, progress)
    _forget_index(folder)
    embed([cleaned(NEGATIVE_PROMPT), *map(_prompt, clips)], work.weights, work.bench, work.prompts, progress)
    made = list(work.made(clips, report, progress))
    _conclude(config, folder, made, report, progress)
    names = list(dict.fromkeys(one.clip for one in made))
    apart = held_out(names, config.clips.hold_out, config.training.seed)
    entries = [IndexEntry(one.notes.name, one.notes.key, _prompt(one.excerpt), one.clip in apart) for one in made]
    write_index(folder, encoder=work.prompts.encoder, negative_prompt=cleaned(NEGATIVE_PROMPT), entries=entries)
    return open_prepared(folder)


@dataclass(frozen=True)
class _Work:
    """All that excerpts are made with."""

    config: TrainingConfig
    drawing: MaskDrawing
    means: Means
    bench: Bench
    weights: WanFolder
    encoders: FrozenEncoders
    prompts: Any
    key: str
    """Of all that all excerpts have in common."""

    @classmethod
    def begun(
        cls,
        config: TrainingConfig,
        drawing: MaskDrawing,
        weights: Path,
        bench: Bench,
        means: Means,
        progress: Progress,
    ) -> _Work:
        """Find all that is needed before any of it is used, and say what is chosen."""
        found = find_wan_folder(weights)
        prompts = prompt_cache(found, bench, config.output / FOLDER / PROMPTS)
        progress.say(f"excerpts are encoded on {bench.in_words}")
        depth = config.clips.depth
        if drawing.with_depth:
            announce_compiling(progress)
            if isinstance(depth, DepthModel):
                ready_model(depth, "clips.depth", means.depth.models)
        common = [drawing.key, drawing.count, identity_of(found, bench), code_hash(*CODE)]
        means = replace(means, with_depth=drawing.with_depth)
        return cls(
            config, drawing, means, bench, found, FrozenEncoders(found, bench, SILENT), prompts, key_of(common)
        )  # fmt: skip

    def made(self, clips: Sequence[Clip], report: Report, progress: Progress) -> Iterator[Made]:
        """Yield every excerpt, made or kept."""
        progress.begin("preparing clips", len(clips))
        scratch, said = self.config.output / FOLDER / "clip", set[str]()
        for clip in clips:
            names = (f"'{clip.name}'", clip.video.name)
            means = replace(self.means, progress=SaidOnce(progress, names, said))
            lent = opened_clip(clip, self.config.clips, self.config.excerpts, scratch, means)
            with report.skipping(clip.name), lent as opened:
                for excerpt in opened.excerpts:
                    yield self._excerpt(opened, excerpt)
            progress.advance()

    def _excerpt(self, clip: OpenClip, excerpt: Excerpt) -> Made:
        file = self.config.output / FOLDER / f"{excerpt.name}.safetensors"
        key = key_of([self.key, excerpt.name, clip.ingredients(excerpt)])
        notes = _notes_of(file)
        if notes is not None and (notes.name, notes.key) == (excerpt.name, key):
            return Made(clip.clip.name, excerpt, notes, kept=True)
        return Made(clip.clip.name, excerpt, self._make(file, key, clip, clip.opened(excerpt)), kept=False)

    def _make(self, file: Path, key: str, clip: OpenClip, opened: OpenedExcerpt) -> ExcerptNotes:
        masks = [self.drawing.draw(opened, index) for index in range(self.drawing.count)]
        visible = [mask.visible for mask in masks]
        for seen in visible:
            assert seen.shape == opened.colour.shape[:3], "a mask of the excerpt's own size"
            assert bool(np.all(seen[0])), "a guide shows the first frame whole"
        excerpt, drawn = opened.excerpt, masks_in_notes(masks)
        notes = ExcerptNotes(
            excerpt.name, key, excerpt.frames, excerpt.size, opened.frame_rate, drawn, clip.assumed(opened)
        )  # fmt: skip
        write_excerpt(file, notes, self.encoders.encoded(opened.colour, visible), visible)
        return notes


def _conclude(
    config: TrainingConfig, folder: Path, made: Sequence[Made], report: Report, progress: Progress
) -> None:  # fmt: skip
    """Write the report, and say what a user should know of it.

    Raises:
        UserError: there is nothing to train on.
    """
    stale = _stale(folder, (one.notes.name for one in made))
    assumed = {one.notes.name: one.notes.assumed for one in made if one.notes.assumed}
    kept = sum(one.kept for one in made)
    write_json(
        folder / REPORT,
        {
            "excerpts": len(made), "made": len(made) - kept, "kept": kept, "skipped": report.as_json(),
            "assumed": assumed, "not_of_this_data_set": stale,
        },
    )  # fmt: skip
    if report.skipped:
        progress.say(str(report))
    report.require_some(len(made), config.clips.videos)
    progress.say(f"{counted(len(made), 'excerpt')} prepared, {kept} of them kept from an earlier run")
    if assumed:
        progress.say(f"of {counted(len(assumed), 'excerpt')} something was assumed, or enlarged: see {folder / REPORT}")
    if stale:
        shown = ", ".join(stale[:MOST_REASONS]) + (", …" if len(stale) > MOST_REASONS else "")
        progress.say(
            f"not trained on, as {config.file.name} no longer asks for them: {shown} in {folder}; delete what is not "
            "wanted back"
        )


def _stale(folder: Path, names: Iterable[str]) -> list[str]:
    there = {file.stem for file in folder.glob("*.safetensors") if not file.name.startswith(".")}
    return sorted(there.difference(names))


def _prompt(of: Clip | Excerpt) -> str:
    """Return the words that a clip is embedded with: its own, else EX-4D's."""
    return cleaned(of.prompt or PROMPT)


def _notes_of(file: Path) -> ExcerptNotes | None:
    """Return what an earlier run made; None where it made nothing, or it is damaged, and is made again."""
    try:
        return read_notes(file) if file.is_file() else None
    except MediaError:
        return None


def _forget_index(folder: Path) -> None:
    """Let nothing pass for prepared to the end until it is."""
    try:
        (folder / INDEX).unlink(missing_ok=True)
    except OSError as cause:
        raise OutputError(f"{folder / INDEX} cannot be written: {cause.strerror or cause}") from cause
