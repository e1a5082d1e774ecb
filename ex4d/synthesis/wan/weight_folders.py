"""Where Wan's parts lie in a folder of its weights, in the layout of either publication."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ex4d.errors import MissingPart
from ex4d.synthesis.wan.key_names import NAMES, Layout, Names, Part
from ex4d.synthesis.wan.tensor_files import TensorFiles, open_tensor_files, shards_of

_ORIGINAL_FILES: dict[Part, str] = {
    "transformer": "diffusion_pytorch_model.safetensors",
    "vae": "Wan2.1_VAE.pth",
    "image_encoder": "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
    "text_encoder": "models_t5_umt5-xxl-enc-bf16.pth",
}
_DIFFUSERS_FILES: dict[Part, str] = {
    "transformer": "diffusion_pytorch_model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
    "image_encoder": "model.safetensors",
    "text_encoder": "model.safetensors",
}
_TOKENIZERS: dict[Layout, str] = {"original": "google/umt5-xxl", "diffusers": "tokenizer"}
_SHARD = re.compile(r"-\d{5}-of-(\d{5})$")


@dataclass(frozen=True)
class WanFolder:
    """A folder of Wan's weights; parts that a run has no need of may be missing."""

    root: Path
    layout: Layout

    @property
    def tokenizer(self) -> Path:
        """The folder of the text encoder's tokenizer."""
        return self.root / _TOKENIZERS[self.layout]

    def names(self, part: Part) -> Names:
        """Return how the part's tensors are named."""
        return NAMES[self.layout, part]

    def files(self, part: Part) -> tuple[Path, ...]:
        """Return the part's weight files, whether they are there or not.

        Raises:
            MissingPart: their index cannot be read.
        """
        file = self._folder(part) / (_ORIGINAL_FILES if self.layout == "original" else _DIFFUSERS_FILES)[part]
        index = file.with_name(f"{file.name}.index.json")
        if index.is_file():
            return shards_of(index)
        return (file,) if file.is_file() else _shards_beside(file) or (file,)

    def missing(self, part: Part) -> tuple[Path, ...]:
        """Return the part's weight files that are not there."""
        return tuple(file for file in self.files(part) if not file.is_file())

    def tensors(self, part: Part) -> TensorFiles:
        """Open the part's weight files.

        Raises:
            MissingPart: they are missing or cannot be read, all named.
        """
        return open_tensor_files(self.files(part))

    def settings(self, part: Part) -> dict[str, Any]:
        """Return the part's config.json; empty where the layout has none for it.

        Raises:
            MissingPart: it is there and cannot be read.
        """
        file = self._folder(part) / "config.json"
        if self.layout == "original" and (part != "transformer" or not file.is_file()):
            return {}
        return read_settings(file)

    def _folder(self, part: Part) -> Path:
        return self.root if self.layout == "original" else self.root / part


def find_wan_folder(root: Path) -> WanFolder:
    """Tell the layout of a folder of Wan's weights from what is there.

    Raises:
        MissingPart: it has neither publication's transformer.
    """
    if (root / "transformer" / "config.json").is_file():
        return WanFolder(root, "diffusers")
    if any(root.glob("diffusion_pytorch_model*")):
        return WanFolder(root, "original")
    raise MissingPart(
        f"{root} has neither diffusion_pytorch_model*.safetensors, as Wan-AI/Wan2.1-I2V-14B-480P, nor "
        "transformer/config.json, as its Diffusers edition: `ex4d models pull` downloads them"
    )


def read_settings(file: Path) -> dict[str, Any]:
    """Read a config.json.

    Raises:
        MissingPart: it is missing or no JSON object.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as cause:
        raise MissingPart(f"{file} cannot be read: {cause}; download it again") from cause
    if not isinstance(found, dict):
        raise MissingPart(f"{file} is not a table of settings; download it again")
    return found


def _shards_beside(file: Path) -> tuple[Path, ...]:
    """Return all shards that the numbers in the shards' own names promise."""
    for shard in sorted(file.parent.glob(f"{file.stem}-*-of-*{file.suffix}")):
        if counted := _SHARD.search(shard.stem):
            total = counted[1]
            numbers = range(1, int(total) + 1)
            return tuple(shard.with_stem(f"{file.stem}-{number:05d}-of-{total}") for number in numbers)
    return ()
