"""What was prepared, opened for training: an excerpt of a file each, their prompts beside them.

PREPARED/index.json                which excerpts belong together, which are held out, and their prompts
PREPARED/NAME.safetensors          an excerpt (:mod:`ex4d.training.dataset.excerpt_file`)
PREPARED/prompts/KEY.safetensors   embedded prompts, once each (:class:`PromptCache`)
PREPARED/report.json               what of the clips was skipped, and why

The index is written when all is prepared; files that it does not name are not opened.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ex4d.array_types import Float32
from ex4d.errors import Faults, MediaError
from ex4d.synthesis.wan.conditioning import FIRST_FRAME_CHANNELS
from ex4d.synthesis.wan.prompt_files import WORDS, PromptCache
from ex4d.training.dataset.excerpt_file import (
    ExcerptNotes,
    MaskNotes,
    damaged,
    read_notes,
    read_tensors,
    unpacked,
)
from ex4d.training.masks.drawn import Visible
from ex4d.workspace import write_json

INDEX = "index.json"
PROMPTS = "prompts"
LARGEST_INDEX = 1 << 30
"""Bytes."""
MOST_FAULTS = 12
"""Of damaged files that are listed."""

Text = Float32[Tensor, "words text_features"]
Latents = Float32[Tensor, "channels latent_frames latent_height latent_width"]


@dataclass(frozen=True)
class Example:
    """What the transformer is told of an excerpt behind one of its masks, and what it is to find."""

    target: Latents
    """Normalised, of the clip itself."""
    condition: Float32[Tensor, "condition_channels latent_frames latent_height latent_width"]
    """The image condition: which latents are the first frame's own, and the first frame among grey ones."""
    image: Float32[Tensor, "patches image_features"]
    """What CLIP sees in the first frame."""
    text: Text
    """The prompt, padded with zeros to what the transformer reads."""
    guide: Latents
    mask: Latents


@dataclass(frozen=True)
class IndexEntry:
    """An excerpt that belongs to what was prepared."""

    name: str
    key: str
    prompt: str
    """Cleaned, as the text encoder was given it."""
    held_out: bool


@dataclass(frozen=True)
class PreparedExcerpt:
    """A prepared excerpt, its tensors on the disk until they are asked for."""

    file: Path
    notes: ExcerptNotes
    prompt: str
    held_out: bool
    prompts: PromptCache

    @property
    def name(self) -> str:
        """Of the clip with the number of its first frame."""
        return self.notes.name

    @property
    def masks(self) -> tuple[MaskNotes, ...]:
        """How each of its masks was drawn."""
        return self.notes.masks

    def example(self, draw: int) -> Example:
        """Return the excerpt behind the mask of this index.

        Raises:
            MediaError: the file, or its prompt's, is damaged or gone.
        """
        names = ("target", "first_frame", "image", f"guide.{draw}", f"mask.{draw}")
        target, first_frame, image, guide, mask = read_tensors(self.file, names)
        return Example(target, condition_of(first_frame), image, self.text(), guide, mask)

    def text(self) -> Text:
        """Return its embedded prompt, padded; raises as :meth:`example`."""
        return read_text(self.prompts, self.prompt)

    def visible(self, draw: int) -> Visible:
        """Return where the guide of this index is seen, in pixels; raises as :meth:`example`."""
        (bits,) = read_tensors(self.file, [f"visible.{draw}"])
        width, height = self.notes.size
        return unpacked(bits.numpy(), len(self.notes.frames), height, width)


@dataclass(frozen=True)
class Prepared:
    """All excerpts that were prepared together."""

    folder: Path
    trained: tuple[PreparedExcerpt, ...]
    held_out: tuple[PreparedExcerpt, ...]
    """Of clips that are not trained on."""
    negative_prompt: str
    prompts: PromptCache

    def negative_text(self) -> Text:
        """Return the embedded negative prompt, padded; raises as :meth:`PreparedExcerpt.example`."""
        return read_text(self.prompts, self.negative_prompt)


def open_prepared(folder: Path) -> Prepared:
    """Open what was prepared; headers are read and held against the index, tensors are not.

    Raises:
        MediaError: nothing was prepared to the end, or files are missing, damaged or of another preparation: all of
            them, up to a dozen.
    """
    prompts, negative, entries = _read_index(folder / INDEX)
    cache = PromptCache(folder / PROMPTS, prompts)
    faults = Faults()
    opened = [faults.of(partial(_open, folder, entry, cache)) for entry in entries]
    if len(faults.found) > MOST_FAULTS:
        faults.found[MOST_FAULTS:] = [MediaError(f"and {len(faults.found) - MOST_FAULTS} more")]
    faults.tell()
    found = [one for one in opened if one is not None]
    trained, held_out = ([one for one in found if one.held_out == which] for which in (False, True))
    return Prepared(folder, tuple(trained), tuple(held_out), negative, cache)


def write_index(folder: Path, *, encoder: str, negative_prompt: str, entries: Sequence[IndexEntry]) -> None:
    """Say what was prepared to the end.

    Args:
        folder: that of the excerpts.
        encoder: what the text encoder is told by, as :class:`PromptCache` has it.
        negative_prompt: cleaned; embedded, too.
        entries: in the order that they are trained in before it is shuffled.

    Raises:
        OutputError: the folder cannot be written.
    """
    listed = [asdict(entry) for entry in entries]
    write_json(folder / INDEX, {"encoder": encoder, "negative_prompt": negative_prompt, "excerpts": listed})


def condition_of(
    first_frame: Latents,
) -> Float32[Tensor, "condition_channels latent_frames latent_height latent_width"]:
    """Return the image condition as inference has it, of which only the picture's latents are stored."""
    own = torch.zeros(FIRST_FRAME_CHANNELS, *first_frame.shape[1:])
    own[:, 0] = 1
    return torch.cat([own, first_frame])


def read_text(prompts: PromptCache, prompt: str) -> Text:
    """Return an embedded prompt, padded with zeros to what the transformer reads.

    Raises:
        MediaError: it is not there, or damaged.
    """
    features = prompts.read(prompt)
    if features is None:
        raise MediaError(
            f"the embedded prompt '{prompt[:40]}' is missing from {prompts.folder}, or damaged; run ex4d train prepare "
            "again"
        )
    return torch.nn.functional.pad(features.float(), (0, 0, 0, WORDS - len(features)))


def _open(folder: Path, entry: IndexEntry, prompts: PromptCache) -> PreparedExcerpt:
    file = folder / f"{entry.name}.safetensors"
    notes = read_notes(file)
    if (notes.name, notes.key) != (entry.name, entry.key):
        raise damaged(file, f"it is of another preparation than {INDEX} beside it tells of")
    return PreparedExcerpt(file, notes, entry.prompt, entry.held_out, prompts)


def _read_index(file: Path) -> tuple[str, str, list[IndexEntry]]:
    if not file.is_file():
        raise MediaError(f"{file.parent} holds no finished preparation; run ex4d train prepare")
    try:
        if file.stat().st_size > LARGEST_INDEX:
            raise ValueError("it is too large")
        found = json.loads(file.read_text(encoding="utf-8"))
        entries = [
            IndexEntry(_plain(one["name"]), str(one["key"]), str(one["prompt"]), bool(one["held_out"]))
            for one in found["excerpts"]
        ]
        return str(found["encoder"]), str(found["negative_prompt"]), entries
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as cause:
        raise MediaError(f"{file} is damaged ({cause}); delete it and run ex4d train prepare again") from cause


def _plain(name: Any) -> str:
    """Return an excerpt's name if it can be one: a file beside the index."""
    if not isinstance(name, str) or not name or Path(name).name != name or name.startswith("."):
        raise ValueError(f"{name!r} is no excerpt's name")
    return name
