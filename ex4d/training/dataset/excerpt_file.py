"""The file of one prepared excerpt: latents in float16, where each guide is seen in bits, and what it was made of.

It is a safetensors file of the tensors

target        what is to be learned, and
first_frame   the first frame among grey ones: latents (channels, latent_frames, latent_height, latent_width)
image         what CLIP sees in the first frame (patches, image_features)
guide.K       the guide that mask K leaves, and
mask.K        where it is seen: latents as above
visible.K     the same in pixels: bits of (frames, height, width), eight a byte, the first the highest

with one entry of metadata, :data:`NOTES`: JSON as :meth:`ExcerptNotes.as_json` writes it. A latent is at most 2**-11 of
itself off for being stored; what bfloat16 makes of it on a card is eight times as much.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ex4d.array_types import Float, Shaped, UInt8
from ex4d.errors import MediaError, OutputError, SynthesisError
from ex4d.media.atomic import replacing
from ex4d.training.masks.drawn import DrawnMask, Visible

NOTES = "ex4d-excerpt"
"""The entry of metadata."""
VERSION = 1
TEMPORAL, SPATIAL = 4, 8
"""Frames and pixels a latent, in each direction, of Wan's VAE; the first frame has a latent of its own."""
LONGEST_NOTES = 1 << 20
"""Characters."""
AGAIN = "delete it and run ex4d train prepare again"

Latents = Float[Tensor, "channels latent_frames latent_height latent_width"]
_RATE = re.compile(r"[1-9][0-9]{0,11}(/[1-9][0-9]{0,11})?")


@dataclass(frozen=True)
class MaskNotes:
    """How one of the masks was drawn."""

    kind: str
    words: str


@dataclass(frozen=True)
class ExcerptNotes:
    """What a prepared excerpt is, and what it was made of."""

    name: str
    key: str
    """Of everything that went into it."""
    frames: tuple[int, ...]
    """Of the clip."""
    size: tuple[int, int]
    """Width and height, pixels."""
    frame_rate: Fraction
    """Frames a second."""
    masks: tuple[MaskNotes, ...]
    assumed: tuple[str, ...] = ()
    """What neither the user nor the clip says, and was assumed, in words."""

    @property
    def latent_shape(self) -> tuple[int, int, int]:
        """Frames, height and width of its latents."""
        width, height = self.size
        return (len(self.frames) - 1) // TEMPORAL + 1, height // SPATIAL, width // SPATIAL

    @property
    def packed_bytes(self) -> int:
        """Bytes of a mask."""
        return -(-len(self.frames) * self.size[0] * self.size[1] // 8)

    def as_json(self) -> str:
        """Return them as they stand in the file."""
        return json.dumps({"version": VERSION, **asdict(self)}, sort_keys=True, default=str)

    @classmethod
    def from_json(cls, text: str) -> ExcerptNotes:
        """Read what :meth:`as_json` wrote.

        Raises:
            ValueError, KeyError, TypeError, OverflowError, RecursionError: it did not.
        """
        if len(text) > LONGEST_NOTES:
            raise ValueError("its notes are too long")
        found = json.loads(text)
        if found["version"] != VERSION:
            raise ValueError(f"it is of version {found['version']} of the format, and this ex4d reads {VERSION}")
        masks = tuple(MaskNotes(str(one["kind"]), str(one["words"])) for one in found["masks"])
        width, height = found["size"]
        frames = tuple(int(number) for number in found["frames"])
        if not frames or not masks or int(width) < SPATIAL or int(height) < SPATIAL:
            raise ValueError("it is of no frames, no pixels or no masks")
        if not _RATE.fullmatch(str(found["frame_rate"])):
            raise ValueError("its frame rate is none")
        size, rate = (int(width), int(height)), Fraction(found["frame_rate"])
        return cls(str(found["name"]), str(found["key"]), frames, size, rate, masks, tuple(map(str, found["assumed"])))


@dataclass(frozen=True)
class ExcerptTensors:
    """What the frozen encoders make of an excerpt and its masks."""

    target: Latents
    first_frame: Latents
    image: Float[Tensor, "patches image_features"]
    guides: Sequence[Latents]
    """One a mask."""
    masks: Sequence[Latents]


def write_excerpt(
    file: Path, notes: ExcerptNotes, tensors: ExcerptTensors, visible: Sequence[Visible]
) -> None:  # fmt: skip
    """Write an excerpt: the same bytes for the same excerpt, whole or not at all.

    Raises:
        SynthesisError: latents or features are not finite, or beyond what float16 holds.
        OutputError: the place cannot be written.
    """
    table = {name: _halved(name, tensor) for name, tensor in _named(tensors).items()}
    table |= {f"visible.{index}": torch.from_numpy(packed(one)) for index, one in enumerate(visible)}
    try:
        with replacing(file) as partial:
            save_file(table, partial, {NOTES: notes.as_json()})
    except SafetensorError as cause:  # what the library makes of a full disk
        raise OutputError(f"{file} cannot be written: {cause}") from cause


def masks_in_notes(masks: Sequence[DrawnMask]) -> tuple[MaskNotes, ...]:
    """Return how masks were drawn, for the notes."""
    return tuple(MaskNotes(mask.kind, mask.words) for mask in masks)


def read_notes(file: Path) -> ExcerptNotes:
    """Return what an excerpt's file says it is, its header held against it; no tensor is read.

    Raises:
        MediaError: it is no such file, cut short, or its tensors are not those of such an excerpt.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            notes = ExcerptNotes.from_json((opened.metadata() or {})[NOTES])
            slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118 - it is no mapping
            found = {name: (one.get_dtype(), tuple(one.get_shape())) for name, one in slices.items()}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as cause:
        raise damaged(file, _words(cause)) from cause
    if fault := _unfit(notes, found):
        raise damaged(file, fault)
    return notes


def read_tensors(file: Path, names: Sequence[str]) -> tuple[Shaped[Tensor, "*shape"], ...]:
    """Return tensors of an excerpt's file: latents and features in float32, bits as they are.

    Raises:
        MediaError: they cannot be read, or have numbers that are not finite.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            found = [opened.get_tensor(name) for name in names]
    except (OSError, SafetensorError) as cause:
        raise damaged(file, _words(cause)) from cause
    for name, tensor in zip(names, found, strict=True):
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise damaged(file, f"{name} has numbers that are not finite")
    return tuple(one.float() if one.is_floating_point() else one.clone() for one in found)


def packed(visible: Visible) -> UInt8[np.ndarray, " bytes"]:
    """Return what is visible as bits, the last byte filled up with zeros."""
    return np.packbits(visible)


def unpacked(bits: UInt8[np.ndarray, " bytes"], frames: int, height: int, width: int) -> Visible:
    """Return what :func:`packed` was given."""
    return np.unpackbits(bits, count=frames * height * width).view(bool).reshape(frames, height, width)


def damaged(file: Path, why: str) -> MediaError:
    """Return the error for an excerpt's file that cannot be used."""
    return MediaError(f"{file} cannot be used as a prepared excerpt: {why}; {AGAIN}")


def _named(tensors: ExcerptTensors) -> dict[str, Tensor]:
    named = {"target": tensors.target, "first_frame": tensors.first_frame, "image": tensors.image}
    named |= {f"guide.{index}": one for index, one in enumerate(tensors.guides)}
    return named | {f"mask.{index}": one for index, one in enumerate(tensors.masks)}


def _halved(name: str, tensor: Tensor) -> Float[Tensor, "*shape"]:
    half = tensor.to("cpu", torch.float16).contiguous()
    if not bool(torch.isfinite(half).all()):
        raise SynthesisError(f"the encoders gave a {name} that is not finite; check the weights (ex4d models check)")
    return half


def _unfit(notes: ExcerptNotes, found: Mapping[str, tuple[str, tuple[int, ...]]]) -> str:
    """Return how tensors differ from those of such an excerpt; empty where they do not."""
    wanted = _wanted(notes, found)
    if strange := sorted(found.keys() ^ wanted.keys()):
        return f"{', '.join(strange[:4])} should not be there, or should be"
    for name, (dtype, shape) in found.items():
        if (dtype, shape) != wanted[name]:
            return f"{name} is {dtype} {shape}, and should be {wanted[name][0]} {wanted[name][1]}"
    return ""


def _wanted(
    notes: ExcerptNotes, found: Mapping[str, tuple[str, tuple[int, ...]]]
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return type and shape of each tensor; how many channels and features there are is for the file to say."""
    channels = next(iter(found.get("target", ("", (0,)))[1]), 0)
    image = found.get("image", ("", ()))[1]
    features = image if len(image) == 2 and min(image) > 0 else (1, 1)
    latents = ("F16", (max(1, channels), *notes.latent_shape))
    one_each = {"target": latents, "first_frame": latents, "image": ("F16", features)}
    for index in range(len(notes.masks)):
        bits = ("U8", (notes.packed_bytes,))
        one_each |= {f"guide.{index}": latents, f"mask.{index}": latents, f"visible.{index}": bits}
    return one_each


def _words(cause: Any) -> str:
    if isinstance(cause, KeyError):
        return f"it lacks {cause}"
    return str(cause).strip().partition("\n")[0] or type(cause).__name__
