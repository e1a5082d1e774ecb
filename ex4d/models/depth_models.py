"""The depth models that ex4d knows, and the weights that each is made of.

Sizes, file names and licence tags are those of the pages on the hub, as copies of them from 2024 to 2026 have them.
"""

from __future__ import annotations

from typing import Literal

from ex4d.models.layout import SINGLE, Layout
from ex4d.models.weights import KnownDepthModel, Weights

TRANSFORMERS_LAYOUT = Layout(("config.json", "preprocessor_config.json"), tensors=("model" + SINGLE,))


def _depth_anything(
    size: str, megabytes: int, licence: str, commercial: Literal["yes", "no", "unclear"]
) -> KnownDepthModel:
    """Return one of the Depth Anything V2 family; ``size`` as in the name of its repository."""
    name = f"depth-anything-v2-{size.lower()}"
    weights = Weights(
        name=name,
        repository=f"depth-anything/Depth-Anything-V2-{size}-hf",
        layouts=(TRANSFORMERS_LAYOUT,),
        megabytes=megabytes,
        licence=licence,
        commercial=commercial,
        extra="depth",
        elsewhere=(f"depth-anything/Depth-Anything-V2-{size}-hf",),
    )
    return KnownDepthModel(name, (weights,), settings=("longest",))


DEPTH_PRO = Weights(
    name="depth-pro",
    repository="apple/DepthPro-hf",
    layouts=(TRANSFORMERS_LAYOUT,),
    megabytes=1_900,
    # Its tag since February 2025. The repository of Apple's code has the Apple Sample Code licence, and says that it
    # goes for the weights, too; which of both holds was asked there in public, and not answered.
    licence="Apple Machine Learning Research",
    commercial="no",
    extra="depth",
    elsewhere=("apple/DepthPro-hf",),
)
DEPTH_CRAFTER = Weights(
    name="depthcrafter",
    repository="tencent/DepthCrafter",
    layouts=(Layout(("config.json",), tensors=("diffusion_pytorch_model" + SINGLE,)),),
    megabytes=3_050,
    # "only for academic, research and education purposes".
    licence="DepthCrafter research",
    commercial="no",
    extra="depth",
    elsewhere=("tencent/DepthCrafter", "DepthCrafter"),
)


def _video_diffusion(variant: str) -> Layout:
    """Return Stable Video Diffusion without its unet, which DepthCrafter takes the place of."""
    parts = {"image_encoder": "model", "vae": "diffusion_pytorch_model"}
    return Layout(
        (
            "feature_extractor/preprocessor_config.json",
            "scheduler/scheduler_config.json",
            *(f"{part}/config.json" for part in parts),
        ),
        tensors=tuple(f"{part}/{stem}{variant}{SINGLE}" for part, stem in parts.items()),
        welcome=("model_index.json", "LICENSE.md", "LICENSE"),
    )


STABLE_VIDEO_DIFFUSION = Weights(
    name="stable-video-diffusion",
    # EX-4D's choice, whose depth is to be met; DepthCrafter's own default is the one with -xt in its name. That one is
    # not looked for: its files have the same names, and a pull that goes on would mix the two. Unverified: whether the
    # image encoder and the VAE, all that is used here, differ at all.
    repository="stabilityai/stable-video-diffusion-img2vid",
    # In half precision first, as both programs load it: it is half the download.
    layouts=(_video_diffusion(".fp16"), _video_diffusion("")),
    megabytes=1_460,
    # Its page asks larger companies to pay. Unverified: whether it has to be accepted there before anything is sent.
    licence="Stable Video Diffusion Community",
    commercial="unclear",
    extra="depth",
    elsewhere=("stabilityai/stable-video-diffusion-img2vid", "stable-video-diffusion-img2vid"),
)
DEPTH_MODELS = (
    _depth_anything("Small", 99, "Apache-2.0", "yes"),
    _depth_anything("Base", 390, "CC-BY-NC-4.0", "no"),
    _depth_anything("Large", 1_341, "CC-BY-NC-4.0", "no"),
    # The pages of these two state no licence; whether Apache-2.0 holds was asked in public, and not answered.
    _depth_anything("Metric-Indoor-Small", 99, "not stated", "unclear"),
    _depth_anything("Metric-Outdoor-Small", 99, "not stated", "unclear"),
    KnownDepthModel("depth-pro", (DEPTH_PRO,)),
    KnownDepthModel(
        "depthcrafter",
        (DEPTH_CRAFTER, STABLE_VIDEO_DIFFUSION),
        settings=("longest", "window"),
        shortest_window=26,  # of which 25 are shared
    ),
)
"""The first is what ``auto`` takes; all of it has to be free for commercial use."""
