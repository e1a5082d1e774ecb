"""The weights that ex4d knows.

Sizes and file names are those of the hub's listings, where those could be read; what could not is said at its place.
A pull does not rely on them: it asks for the true list and sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ex4d.errors import UserError
from ex4d.models.depth_models import DEPTH_MODELS
from ex4d.models.layout import INDEX, SINGLE, Layout
from ex4d.models.weights import KnownDepthModel, Weights, models_folder

TOKENIZER = ("tokenizer.json", "tokenizer_config.json")
TOKENIZER_SOURCES = ("special_tokens_map.json", "spiece.model")
"""What it was made from."""
WAN = Weights(
    name="wan2.1-i2v-14b-480p",
    repository="Wan-AI/Wan2.1-I2V-14B-480P",
    layouts=(
        Layout(
            (
                "config.json",
                "Wan2.1_VAE.pth",
                "models_clip_open-clip-xlm-roberta-large-vit-huge-14.pth",
            ),
            tensors=("diffusion_pytorch_model" + INDEX,),
            for_prompts=(
                "models_t5_umt5-xxl-enc-bf16.pth",
                *(f"google/umt5-xxl/{name}" for name in TOKENIZER),
            ),
            welcome=tuple(f"google/umt5-xxl/{name}" for name in TOKENIZER_SOURCES),
        ),
        Layout(
            tuple(f"{part}/config.json" for part in ("transformer", "vae", "image_encoder")),
            tensors=(
                "transformer/diffusion_pytorch_model" + INDEX,
                "vae/diffusion_pytorch_model" + SINGLE,
                "image_encoder/model" + SINGLE,
            ),
            for_prompts=(
                "text_encoder/config.json",
                "text_encoder/model" + INDEX,
                *(f"tokenizer/{name}" for name in TOKENIZER),
            ),
            welcome=tuple(f"tokenizer/{name}" for name in TOKENIZER_SOURCES),
        ),
    ),
    # VAE 508, CLIP 4,772 and UMT5 11,362 are listed; unverified: that the 16.4 billion numbers of the transformer are
    # float32 in its seven shards, which the size of half-precision copies of it implies.
    megabytes=82_260,
    licence="Apache-2.0",
    commercial="yes",
    extra="wan",
    elsewhere=("Wan-AI/Wan2.1-I2V-14B-480P", "Wan-AI", "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers"),
)
"""EX-4D's README has its download in Wan-AI itself, its generate.py looks one folder below."""
EX4D = Weights(
    name="ex4d",
    repository="yihouxiang/EX-4D",
    layouts=(Layout(("ex4d.ckpt",)),),
    # Unverified: the size. 99.8 million numbers follow from EX-4D's code: 399 MB as float32, 200 as bfloat16.
    megabytes=400,
    # Unverified: the page of the weights could not be read; the code that they were published with is Apache-2.0.
    licence="not known",
    commercial="unclear",
    extra="wan",
    elsewhere=("EX-4D",),
)
VACE = Weights(
    name="wan2.1-vace-1.3b",
    repository="Wan-AI/Wan2.1-VACE-1.3B-diffusers",
    layouts=(
        Layout(
            (
                "model_index.json",
                "scheduler/scheduler_config.json",
                *(f"{part}/config.json" for part in ("transformer", "vae", "text_encoder")),
            ),
            # Unverified: whether the transformer comes in one file or in shards; either is taken.
            tensors=(
                "transformer/diffusion_pytorch_model" + SINGLE,
                "vae/diffusion_pytorch_model" + SINGLE,
                "text_encoder/model" + INDEX,
            ),
            for_prompts=tuple(f"tokenizer/{name}" for name in TOKENIZER),
            welcome=tuple(f"tokenizer/{name}" for name in TOKENIZER_SOURCES),
        ),
    ),
    # Unverified: 7,150 of the original checkpoint, 508 of the VAE, and 11,360 of UMT5 in bfloat16.
    megabytes=19_040,
    licence="Apache-2.0",
    commercial="yes",
    extra="wan",
    elsewhere=("Wan-AI/Wan2.1-VACE-1.3B-diffusers",),
)
DISTILLATION = Weights(
    name="wan2.1-i2v-distill",
    repository="lightx2v/Wan2.1-Distill-Loras",
    layouts=(Layout(("wan2.1_i2v_lora_rank64_lightx2v_4step.safetensors",)),),
    megabytes=739,
    # Unverified: the card of these was not read; that of its authors' later ones says Apache-2.0.
    licence="not known",
    commercial="unclear",
    extra="wan",
    elsewhere=("lightx2v/Wan2.1-Distill-Loras",),
)
COTRACKER3 = Weights(
    name="cotracker3",
    repository="facebook/cotracker3",
    layouts=(Layout(("scaled_offline.pth",)),),
    # Unverified: the size. 25.4 million numbers follow from its code, as float32.
    megabytes=102,
    # That of the code; unverified: the page of the weights, which that code's README links without another.
    licence="CC-BY-NC-4.0",
    commercial="no",
    extra="depth",
    elsewhere=("facebook/cotracker3",),
)
"""Follows the points of tracking masks; its package is not among what an extra installs."""
KNOWN = (*(weights for model in DEPTH_MODELS for weights in model.weights), COTRACKER3, WAN, EX4D, VACE, DISTILLATION)


def weights_named(name: str) -> Weights:
    """Return the weights of this name.

    Raises:
        UserError: there are none; names those there are.
    """
    for weights in KNOWN:
        if weights.name == name:
            return weights
    raise UserError(f"no weights named {name!r}; known are {', '.join(weights.name for weights in KNOWN)}")


def weights_for(name: str) -> tuple[Weights, ...]:
    """Return all weights that a name stands for: those that the depth model of this name is made of, or the one.

    Raises:
        UserError: there is neither; names the weights that there are.
    """
    for model in DEPTH_MODELS:
        if model.name == name:
            return model.weights
    return (weights_named(name),)


def depth_model(written: str) -> KnownDepthModel:
    """Return the depth model that a shot list names; ``auto`` is the first of them.

    Raises:
        UserError: there is no such depth model; names those there are.
    """
    for model in DEPTH_MODELS:
        if written in ("auto", model.name):
            return model
    known = ", ".join(model.name for model in DEPTH_MODELS)
    raise UserError(f"depth: {{model: {written}}}: unknown; write auto, or one of {known}")


def require_settings(model: KnownDepthModel, settings: Mapping[str, int]) -> None:
    """Refuse settings that a depth model does not heed, and a window that is too short for it.

    Raises:
        UserError: naming each, and who does heed them.
    """
    if ignored := [name for name in settings if name not in model.settings]:
        others = [other.name for other in DEPTH_MODELS if set(ignored) <= set(other.settings)]
        who = f"{', '.join(others)} has" if len(others) == 1 else f"{', '.join(others)} have"
        raise UserError(
            f"depth: {{model: {model.name}}} has no {' and no '.join(ignored)}{f', as {who}' if others else ''}; "
            "leave it out"
        )
    if settings.get("window", model.shortest_window) < model.shortest_window:
        raise UserError(
            f"depth: {{model: {model.name}, window: {settings['window']}f}}: too short a window for it; "
            f"write {model.shortest_window}f or more"
        )


def located(name: str, models: Path | None = None) -> Path:
    """Return where the weights of this name lie, or would, below ``models``: by default the folder of all weights.

    Raises:
        UserError: there are no weights of this name.
    """
    return weights_named(name).folder_below(models or models_folder())
