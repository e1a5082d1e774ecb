"""EX-4D's adapter as it learns: low-rank layers and the camera encoder on a frozen transformer.

The pass is diffusers' own, in batches, so that its checkpointing and other people's optimisations of it serve here,
too. What would differ from the pass that completes guides (:mod:`ex4d.synthesis.wan.forward`) is put right by hooks:
the camera latent is added to the embedded patches, which become float32 there, so that the residual stream is float32
under bfloat16 products; the sinusoids of the noise level are taken in float64, and its embedding and the head, which
autocasting would round, are computed in float32.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from diffusers import WanTransformer3DModel
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from ex4d.array_types import Float, Float32
from ex4d.errors import UserError
from ex4d.synthesis.wan.adapter import Adapter
from ex4d.synthesis.wan.camera_encoder import CameraEncoder
from ex4d.synthesis.wan.forward import LONGEST_PERIOD
from ex4d.synthesis.wan.tensor_fit import grouped, times
from ex4d.training.adapter.layers import ADAPTED, HALVES, LAYERS, low_rank_key
from ex4d.training.draws import seed_of

Latents = Float[Tensor, "batch channels latent_frames latent_height latent_width"]
Learned = dict[str, nn.Parameter]
"""By their names in EX-4D's file."""


class TrainableAdapter(nn.Module):  # type: ignore[misc] # mypy does not read torch
    """A frozen transformer with an adapter that learns, in float32 whatever the transformer's type."""

    def __init__(
        self,
        transformer: WanTransformer3DModel,
        *,
        rank: int = 16,
        hidden: int = 1024,
        seed: int = 0,
        kind: torch.dtype = torch.float32,
        checkpointing: bool = False,
    ) -> None:
        """Put a new adapter on a transformer, which it changes nothing of until it has learned something.

        Args:
            transformer: is frozen, and its linear layers are wrapped where they are.
            rank: of the low-rank layers, whose alpha is the same.
            hidden: channels inside the camera encoder.
            seed: of the values that learning begins with.
            kind: what products are computed in; float32 needs a transformer in float32.
            checkpointing: whether blocks are computed again on the way back, which takes far less memory.
        """
        super().__init__()
        self.transformer = transformer.requires_grad_(False).eval()
        self.kind = kind
        low_rank = LoraConfig(r=rank, lora_alpha=rank, target_modules=ADAPTED)
        inject_adapter_in_model(low_rank, transformer, low_cpu_mem_usage=True)
        with torch.device("meta"):
            features = transformer.config.num_attention_heads * transformer.config.attention_head_dim
            self.camera_encoder = CameraEncoder(2 * transformer.config.out_channels, hidden, features)
        self._begin(seed)
        self._camera_latent: Tensor | None = None
        self._correct()
        if checkpointing:
            transformer.enable_gradient_checkpointing()

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.transformer.patch_embedding.weight.device

    def forward(
        self,
        latents: Latents,
        timestep: Float32[Tensor, " batch"],
        *,
        text: Float[Tensor, "batch words text_features"],
        image: Float[Tensor, "batch patches image_features"],
        condition: Float[Tensor, "batch condition_channels latent_frames latent_height latent_width"],
        guide: Latents,
        mask: Latents,
    ) -> Latents:
        """Return the velocity of latents at each one's ``timestep`` (0 to 1000), in float32.

        ``text`` is padded with zeros to 512 words, ``condition`` the first frame's four mask channels and its latents;
        ``guide`` and ``mask`` are latents as the camera encoder reads them.
        """
        with torch.autocast(self.device.type, self.kind, enabled=self.kind != torch.float32):
            self._camera_latent = self.camera_encoder(guide, mask)
            try:
                told = torch.cat([latents, condition], dim=1)
                return self.transformer(told, timestep, text, image, return_dict=False)[0].float()
            finally:
                self._camera_latent = None

    def learned(self) -> Learned:
        """Return what learns, by the names that EX-4D's file has for it."""
        found: Learned = {}
        for index, layer, half, owner in self._halves():
            found[low_rank_key(index, layer, half)] = owner.weight
        return found | dict(self.camera_encoder.named_parameters())

    def exported(self) -> dict[str, Float32[Tensor, "*shape"]]:
        """Return a copy of what was learned, on the host, as EX-4D's file holds it."""
        return {name: value.detach().to("cpu", torch.float32, copy=True) for name, value in self.learned().items()}

    def take(self, adapter: Adapter) -> None:
        """Go on from an adapter of the same sizes.

        Raises:
            UserError: it is of other sizes or of another kind; all that differs.
        """
        own = self.learned()
        got = self._by_name(adapter)
        wrong = [f"{name} is missing" for name in own.keys() - got.keys()]
        wrong += [f"{name} is nothing that is trained" for name in got.keys() - own.keys()]
        wrong += [
            f"{name} is {times(tuple(got[name].shape))}, not {times(tuple(own[name].shape))}"
            for name in own.keys() & got.keys()
            if got[name].shape != own[name].shape
        ]
        if wrong:
            listed = "".join(f"\n  {fault}" for fault in grouped(wrong))
            raise UserError(f"{adapter.file} cannot be gone on from; see rank and hidden of model:{listed}")
        for name, value in own.items():
            value.data.copy_(got[name])

    def _by_name(self, adapter: Adapter) -> Mapping[str, Tensor]:
        found = {**adapter.camera, **adapter.differences}
        left = dict(adapter.low_rank)
        for index, layer, half, _ in self._halves():
            if (pair := adapter.low_rank.get(module := f"blocks.{index}.{layer}")) is not None:
                left.pop(module, None)
                found[low_rank_key(index, layer, half)] = pair.down if half == "lora_A" else pair.scale * pair.up
        return found | {module: pair.up for module, pair in left.items()}

    def _halves(self) -> list[tuple[int, str, str, nn.Linear]]:
        """Return block, layer, half, and the linear layer that holds it."""
        return [
            (index, layer, half, getattr(block.get_submodule(layer), half)["default"])
            for index, block in enumerate(self.transformer.blocks)
            for layer in LAYERS
            for half in HALVES
        ]

    def _begin(self, seed: int) -> None:
        """Give what learns its first values; what comes last on each way is zero, so that nothing is changed yet."""
        for index, layer, half, owner in self._halves():
            owner.weight = _first(low_rank_key(index, layer, half), owner.weight, seed, self.device)
        for name, value in list(self.camera_encoder.named_parameters()):
            module, _, leaf = name.rpartition(".")
            setattr(self.camera_encoder.get_submodule(module), leaf, _first(name, value, seed, self.device))

    def _correct(self) -> None:
        """Have diffusers' pass compute what the one that completes guides does."""
        embedder = self.transformer.condition_embedder
        embedder.timesteps_proj.register_forward_hook(self._waves)
        for module in (embedder.time_embedder, embedder.time_proj, self.transformer.proj_out):
            _keep_in_float32(module)
        self.transformer.patch_embedding.register_forward_hook(self._guided)
        for module in self.transformer.modules():
            if isinstance(module, LoraLayer):
                module.cast_input_dtype_enabled = False  # autocasting does; peft would make a float32 copy before it
        if self.kind != torch.float32:
            for block in self.transformer.blocks:
                for part in (block.attn1, block.attn2, block.ffn):
                    part.register_forward_pre_hook(self._rounded)

    def _guided(self, _: nn.Module, __: Any, patches: Tensor) -> Tensor:
        """Add all that EX-4D adds."""
        assert self._camera_latent is not None
        return patches.float() + self._camera_latent.float()

    def _rounded(self, _: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Round what a part of a block hears once, not once for each of its layers, all of which would be kept."""
        return inputs[0].to(self.kind), *inputs[1:]

    def _waves(self, _: nn.Module, inputs: tuple[Tensor, ...], __: Tensor) -> Float32[Tensor, "batch frequencies"]:
        """Take the sinusoids in float64, as the original does."""
        half = self.transformer.config.freq_dim // 2
        periods = torch.arange(half, dtype=torch.float64, device=inputs[0].device) / half
        phase = inputs[0].double()[:, None] * torch.exp(-math.log(LONGEST_PERIOD) * periods)
        return torch.cat([phase.cos(), phase.sin()], dim=1).float()


def _first(name: str, value: Tensor, seed: int, device: torch.device) -> nn.Parameter:
    """Draw first values as torch and peft do for such layers, by the parameter's own seed; biases are zero."""
    made = torch.zeros(value.shape, dtype=torch.float32, device=device)
    if value.ndim > 1 and "lora_B" not in name and not name.startswith("latent_patch_embedding") and not made.is_meta:
        largest = math.prod(value.shape[1:]) ** -0.5
        draws = torch.Generator().manual_seed(seed_of(seed, "adapter", name))
        made.copy_(torch.empty(value.shape).uniform_(-largest, largest, generator=draws))
    return nn.Parameter(made)


def _keep_in_float32(module: nn.Module) -> None:
    """Have a module compute in float32 even where products are autocast."""
    plain = module.float().forward

    def forward(values: Tensor) -> Tensor:
        with torch.autocast(values.device.type, enabled=False):
            return plain(values.float())

    module.forward = forward
