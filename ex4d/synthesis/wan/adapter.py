"""Files of small weights that change Wan's transformer: EX-4D's own, and ordinary LoRAs as those of step distillation.

EX-4D's file (``ex4d.ckpt``) holds a LoRA in peft's names (``blocks.0.self_attn.q.lora_A.default.weight``) and the
camera encoder (``latent_encoder.*``, ``latent_patch_embedding.*``); it has no alpha, and its own code scales by 1.

Other LoRAs are read as trainers write them for Wan: ``diffusion_model.`` before Wan's names or ``transformer.`` before
diffusers', ``lora_A``/``lora_B`` or ``lora_down``/``lora_up`` with an optional ``alpha``; beside them differences of
whole parameters, ``diff`` (a weight), ``diff_b`` (a bias) and ``diff_m`` (a block's modulation), which lightx2v's step
distillation has. The names of lightx2v's files are known from diffusers' converter (lora_conversion_utils.py) and
from users' logs (kijai/ComfyUI-WanVideoWrapper issues 807 and 940), not from the files themselves.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from ex4d.array_types import Float, Shaped
from ex4d.errors import UserError
from ex4d.synthesis.wan.key_names import transformer_name
from ex4d.synthesis.wan.tensor_files import open_tensor_files
from ex4d.synthesis.wan.tensor_fit import Shape, grouped, times

Parameter = Float[torch.Tensor, "*shape"]
Kind = Literal["down", "up", "alpha", "differences", "camera"]
CAMERA_KEYS = ("latent_encoder.", "latent_patch_embedding.")
_PREFIX = re.compile(r"^(?:base_model\.model\.|diffusion_model\.|transformer\.)+")
_LOW_RANK = re.compile(
    r"^(?P<module>.+)\.(?:lora_(?:(?P<down>A|down)|(?P<up>B|up))(?:\.\w+)?\.weight|(?P<alpha>alpha))$"
)
_DIFFERENCE = re.compile(r"^(?P<module>.+)\.(?P<kind>diff|diff_b|diff_m)$")
_DIFFERENT = {"diff": "weight", "diff_b": "bias", "diff_m": "modulation"}


@dataclass(frozen=True)
class LowRank:
    """What a LoRA adds to the weight of one linear layer: ``scale * up @ down``."""

    down: Float[torch.Tensor, "rank inputs"]
    up: Float[torch.Tensor, "outputs rank"]
    scale: float = 1.0
    """alpha / rank; 1 where the file gives no alpha."""

    @property
    def shape(self) -> Shape:
        """Of the weight that it is added to."""
        return (self.up.shape[0], self.down.shape[1])

    def change(self, device: torch.device) -> Float[torch.Tensor, "outputs inputs"]:
        """Return what is added to the weight, in float32."""
        return self.scale * (self.up.to(device, torch.float32) @ self.down.to(device, torch.float32))


@dataclass(frozen=True)
class Adapter:
    """The small weights of one file, by diffusers' names."""

    file: Path
    low_rank: Mapping[str, LowRank]
    """By module, as in ``blocks.0.attn1.to_q``."""
    differences: Mapping[str, Parameter]
    """What is added to whole parameters, by parameter."""
    camera: Mapping[str, Parameter]
    """The camera encoder's parameters; empty but for EX-4D's own file."""
    weight: float = 1.0
    """How much of the LoRA and of the differences is applied."""

    @property
    def rank(self) -> int:
        """The largest rank of its layers; 0 without any."""
        return max((layer.down.shape[0] for layer in self.low_rank.values()), default=0)

    def weighted(self, weight: float) -> Adapter:
        """Return the adapter with another weight."""
        return replace(self, weight=weight)

    def changed(self, name: str, value: Parameter, *, low_rank: bool = True) -> Parameter:
        """Return a parameter of the transformer with what this adapter adds to it, in float32 where it adds.

        ``low_rank=False`` leaves the LoRA out, for layers that apply it as they run.
        """
        layer = self.low_rank.get(name.removesuffix(".weight")) if low_rank and name.endswith(".weight") else None
        if layer is not None:
            value = value.float() + self.weight * layer.change(value.device)
        if name in self.differences:
            value = value.float() + self.weight * self.differences[name].to(value.device, torch.float32)
        return value

    def must_fit(self, shapes: Mapping[str, Shape]) -> None:
        """Hold the adapter against a transformer's shapes, given by parameter.

        Raises:
            UserError: it was made for another model; what differs, all at once.
        """
        wrong = {
            "the model has no": grouped(self._places() - shapes.keys()),
            "of another shape:": grouped(self._misshapen(shapes)),
            "its LoRA lacks": grouped(self._lacking(shapes) if self.camera else ()),
        }
        if any(wrong.values()):
            listed = "".join(f"\n  {kind} {', '.join(names)}" for kind, names in wrong.items() if names)
            raise UserError(f"{self.file} was made for another model than these weights of Wan:{listed}")

    def _places(self) -> set[str]:
        return {f"{module}.weight" for module in self.low_rank} | set(self.differences)

    def _misshapen(self, shapes: Mapping[str, Shape]) -> Iterable[str]:
        added = {f"{module}.weight": layer.shape for module, layer in self.low_rank.items()}
        added |= {name: tuple(one.shape) for name, one in self.differences.items()}
        for name, shape in added.items():
            if name in shapes and shapes[name] != shape:
                yield f"{name}, {times(shape)} in the file and {times(shapes[name])} in the model"

    def _lacking(self, shapes: Mapping[str, Shape]) -> set[str]:
        """EX-4D changes the same layers of every block."""
        block = re.compile(r"^blocks\.\d+\.")
        layers = {block.sub("", name) for name in self.low_rank}
        blocks = {found[0] for name in shapes if (found := block.match(name))}
        return {f"{stem}{layer}" for stem in blocks for layer in layers} - self.low_rank.keys()


def read_adapter(file: Path) -> Adapter:
    """Read a LoRA for Wan's transformer, or EX-4D's file with its camera encoder.

    Raises:
        MissingPart: the file is missing or cut short.
        UserError: it is no LoRA for Wan, gives a place twice, holds numbers that are none, or its tensors do not
            belong together; all of it at once.
    """
    found = _Parts()
    for key, value in open_tensor_files([file]).stream():
        found.take(key, value)
    if faults := found.faults():
        raise UserError(f"{file} cannot be used as a LoRA for Wan:" + "".join(f"\n  {fault}" for fault in faults))
    return Adapter(file, found.low_rank(), found.differences, found.camera)


class _Parts:
    """The tensors of a LoRA, gathered by what they are."""

    def __init__(self) -> None:
        self.down: dict[str, Parameter] = {}
        self.up: dict[str, Parameter] = {}
        self.alpha: dict[str, Parameter] = {}
        self.differences: dict[str, Parameter] = {}
        self.camera: dict[str, Parameter] = {}
        self._keys: defaultdict[tuple[Kind, str], list[str]] = defaultdict(list)
        """The file's names for each place; more than one are too many."""
        self._strange: list[str] = []
        self._unreal: list[str] = []

    def take(self, key: str, value: Shaped[torch.Tensor, "*shape"]) -> None:
        """Keep a copy of a tensor, or what is wrong with it."""
        place = _place(_PREFIX.sub("", key))
        if place is None:
            self._strange.append(key)
            return
        self._keys[place].append(key)
        kind, name = place
        if not value.is_floating_point() and not (kind == "alpha" and not value.is_complex()):
            self._unreal.append(f"{key} is not floating-point")
            value = torch.zeros(value.shape)  # its shape may be wrong, too
        elif not bool(value.float().isfinite().all()):  # float8 cannot be asked
            self._unreal.append(f"{key} has numbers that are not finite")
        getattr(self, kind)[name] = value.float() if kind == "alpha" else value.clone()

    def faults(self) -> list[str]:
        """Return all that is wrong."""
        nothing = not self.down and not self.up and not self.differences
        return [
            *grouped(self._unreal),
            *grouped(f"{name} is given twice: {' and '.join(k)}" for (_, name), k in self._keys.items() if len(k) > 1),
            *self._unpaired(),
            *(f"{key} is no part of a LoRA for Wan" for key in grouped(self._strange)),
            *(["it holds no LoRA"] if nothing else []),
        ]

    def _unpaired(self) -> list[str]:
        """Return what does not belong together."""
        pairs = {module: self._shapes(module) for module in sorted(self.down.keys() | self.up.keys())}
        alone = [module for module, (down, up) in pairs.items() if down is None or up is None]
        ranks = [
            f"{module} is {times(down)} down and {times(up)} up"
            for module, (down, up) in pairs.items()
            if down is not None and up is not None and (len(down) != 2 or len(up) != 2 or not down[0] == up[1] > 0)
        ]
        loose = self.alpha.keys() - pairs.keys()
        alphas = [module for module, alpha in self.alpha.items() if alpha.numel() != 1]
        return [
            *(f"{one}: its other half is missing" for one in grouped(alone)),
            *(f"{one}: the ranks differ, or it is no linear layer's" for one in grouped(ranks)),
            *(f"{one}: an alpha without a LoRA" for one in grouped(loose)),
            *(f"{one}: alpha is no single number" for one in grouped(alphas)),
        ]

    def low_rank(self) -> dict[str, LowRank]:
        """Return the pairs."""
        return {module: LowRank(down, self.up[module], self._scale(module)) for module, down in self.down.items()}

    def _scale(self, module: str) -> float:
        return float(self.alpha[module]) / self.down[module].shape[0] if module in self.alpha else 1.0

    def _shapes(self, module: str) -> tuple[Shape | None, Shape | None]:
        down, up = self.down.get(module), self.up.get(module)
        return None if down is None else tuple(down.shape), None if up is None else tuple(up.shape)


def _place(name: str) -> tuple[Kind, str] | None:
    """Return what a tensor is and which module or parameter it is for; None where that is unknown."""
    if name.startswith(CAMERA_KEYS):
        return "camera", name
    if found := _LOW_RANK.match(name):
        kind: Kind = "down" if found["down"] else "up" if found["up"] else "alpha"
        return kind, transformer_name(found["module"])
    if found := _DIFFERENCE.match(name):
        return "differences", _parameter(found["module"], found["kind"])
    return None


def _parameter(module: str, kind: str) -> str:
    """Return the parameter that a difference is of."""
    if module.endswith("modulation"):
        return transformer_name(module)
    return transformer_name(f"{module}.{_DIFFERENT[kind]}")
