"""The small transformer of Wan's architecture that continues clips from their first frame, and how it learns to.

What it is told is what Wan's is told: latents of the first frame before grey, and which of them are its own (20
channels beside 16 of noise), features of the first frame in place of CLIP's, and words, here always the same.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from diffusers import WanTransformer3DModel
from diffusers.models.transformers.transformer_wan import WanAttention
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - what the field calls it

from ex4d.synthesis.wan.schedule import LATENT_CHANNELS, SHIFT, TIMESTEPS
from tests.bench.adapter_learning.autoencoder import CHUNK, SmallAutoencoder, video_of
from tests.bench.adapter_learning.scenes import drawn_camera, drawn_scene
from tests.bench.adapter_learning.work import Work, autoencoder

WORDS, PATCHES, FEATURES = 4, 16, 16
"""Of the prompt, of the first frame, and of each of them."""
ENCODED_AT_ONCE = 20
LEARNING_RATE = 1.5e-3
WARMUP = 100


class BriefContext:
    """Wan's attention for prompts that are not of 512 words, which diffusers' own takes for granted."""

    def __call__(
        self,
        attn: WanAttention,
        hidden_states: Tensor,
        encoder_hidden_states=None,
        attention_mask=None,
        rotary_emb=None,
    ) -> Tensor:
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        image, context = (
            (context[:, :PATCHES], context[:, PATCHES:]) if attn.add_k_proj is not None else (None, context)
        )
        query = _heads(attn, attn.norm_q(attn.to_q(hidden_states)), rotary_emb)
        key = _heads(attn, attn.norm_k(attn.to_k(context)), rotary_emb)
        mixed = F.scaled_dot_product_attention(query, key, _heads(attn, attn.to_v(context)))
        if image is not None:
            key, value = attn.norm_added_k(attn.add_k_proj(image)), attn.add_v_proj(image)
            mixed = mixed + F.scaled_dot_product_attention(query, _heads(attn, key), _heads(attn, value))
        return attn.to_out[0](mixed.transpose(1, 2).flatten(2))


def _heads(attn: WanAttention, values: Tensor, rotary: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """Return (batch, heads, tokens, head), turned by place where places are given."""
    values = values.unflatten(2, (attn.heads, -1)).transpose(1, 2)
    if rotary is None:
        return values
    cosine, sine = (one.transpose(1, 2) for one in rotary)
    real, imaginary = values[..., 0::2], values[..., 1::2]
    swapped = torch.stack([-imaginary, real], dim=-1).flatten(-2)
    return values * cosine + swapped * sine


def new_transformer(work: Work) -> WanTransformer3DModel:
    """Return a transformer that knows nothing, the same each time."""
    scale = work.scale
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = WanTransformer3DModel(
            num_attention_heads=scale.heads, attention_head_dim=scale.width // scale.heads, in_channels=36,
            out_channels=LATENT_CHANNELS, text_dim=FEATURES, freq_dim=64, ffn_dim=4 * scale.width,
            num_layers=scale.layers, image_dim=FEATURES, added_kv_proj_dim=scale.width,
        )  # fmt: skip
    model.set_attn_processor(BriefContext())
    return model.to(work.device)


class Told(NamedTuple):
    """What the transformer is told of clips."""

    text: Tensor
    """(WORDS, FEATURES)."""
    image: Tensor
    """(count, PATCHES, FEATURES)."""
    condition: Tensor
    """(count, 20, k + 1, rows, columns)."""


def told_of(first_frame: Tensor, grey: Tensor, frames: int) -> Told:
    """Return what is told of clips whose first latents (count, 16, rows, columns) are given."""
    count = len(first_frame)
    condition = grey[None, :, None].expand(count, -1, frames, -1, -1).clone()
    condition[:, :, 0] = first_frame
    own = torch.zeros_like(condition[:, :4])
    own[:, :, 0] = 1
    side = round(PATCHES**0.5)
    image = F.adaptive_avg_pool2d(first_frame, side).flatten(2).transpose(1, 2)
    draws = torch.Generator().manual_seed(0)
    text = torch.randn(WORDS, FEATURES, generator=draws).to(first_frame)
    return Told(text, image, torch.cat([own, condition], dim=1))


def normalised(code: SmallAutoencoder, latents: Tensor) -> Tensor:
    """Return latents as the transformer has them."""
    shape = (1, -1, *[1] * (latents.ndim - 2))
    return (latents - code.mean.view(shape)) / code.deviation.view(shape)


def grey_latents(work: Work, code: SmallAutoencoder) -> Tensor:
    """Return what is told where nothing is known: (16, rows, columns)."""
    side = work.scale.side
    return normalised(code, code.code(torch.zeros(1, 3 * CHUNK, side, side, device=work.device)))[0]


def base_latents(work: Work) -> Tensor:
    """Return the latents of the clips that the transformer learns from, each also mirrored."""
    code = autoencoder(work)

    def make() -> dict[str, Tensor]:
        return {"latents": torch.cat([_coded(work, code, k) for k in range(0, work.scale.base_clips, ENCODED_AT_ONCE)])}

    return work.kept("base_latents", make)["latents"]


@torch.no_grad()
def _coded(work: Work, code: SmallAutoencoder, start: int) -> Tensor:
    videos = []
    for k in range(start, min(start + ENCODED_AT_ONCE, work.scale.base_clips)):
        scene = drawn_scene(work.scale.frames, "base", k)
        camera = drawn_camera(work.scale.frames, scene.distance, "base", k)
        videos.append(video_of(scene.filmed(camera, work.scale.side).colour[None]))
    video = torch.cat(videos)
    video = torch.cat([video, video.flip(-1)]).to(work.device)
    return normalised(code, code.encode(video).latent_dist.mode())


def trained_transformer(work: Work) -> WanTransformer3DModel:
    """Return the transformer after it has learned, frozen."""
    model = new_transformer(work)

    def make() -> dict[str, Tensor]:
        _train(work, model, base_latents(work))
        return model.state_dict()

    model.load_state_dict(work.kept("base", make))
    return model.eval().requires_grad_(False)


def _train(work: Work, model: WanTransformer3DModel, latents: Tensor) -> None:
    scale, draws = work.scale, torch.Generator().manual_seed(1)
    told = told_of(latents[:, :, 0], grey_latents(work, autoencoder(work)), latents.shape[2])
    rates = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    mean = 1.0
    for step in range(scale.base_steps):
        falling = min(1.0, (step + 1) / WARMUP) * (1 - step / scale.base_steps)
        rates.param_groups[0]["lr"] = LEARNING_RATE * (0.01 + 0.99 * falling)
        chosen = torch.randint(len(latents), (scale.batch,), generator=draws).to(work.device)
        loss = flow_loss(model, latents[chosen], Told(told.text, told.image[chosen], told.condition[chosen]), draws)
        rates.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rates.step()
        mean += (float(loss.detach()) - mean) * max(0.01, 1 / (step + 1))
        if step % 100 == 99:
            work.tell(f"base {step + 1}: loss {mean:.4f}")


def flow_loss(model: WanTransformer3DModel, latents: Tensor, told: Told, draws: torch.Generator) -> Tensor:
    """Return the error of the velocity at noise levels that lean towards noise as those of inference do."""
    even = torch.rand(len(latents), generator=draws).to(latents)
    level = SHIFT * even / (1 + (SHIFT - 1) * even)
    noise = torch.randn(latents.shape, generator=draws).to(latents)
    share = level.view(-1, 1, 1, 1, 1)
    noisy = torch.cat([(1 - share) * latents + share * noise, told.condition], dim=1)
    text = told.text.expand(len(latents), -1, -1)
    velocity = model(noisy, level * TIMESTEPS, text, told.image, return_dict=False)[0]
    return F.mse_loss(velocity, noise - latents)
