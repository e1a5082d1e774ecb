"""The prompts of a run as the transformer reads them: from a file, from the cache, or by the text encoder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ex4d.array_types import Float
from ex4d.errors import MissingPart
from ex4d.progress import Progress
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.wan.models import Bench, sizes_of_transformer
from ex4d.synthesis.wan.prompt_files import PromptCache, encoder_identity, read_prompt_embeds
from ex4d.synthesis.wan.text import NEGATIVE_PROMPT, PROMPT, embed_prompts, padded, tokenizer_files
from ex4d.synthesis.wan.weight_folders import WanFolder

Padded = Float[Tensor, "1 words text_features"]


@dataclass(frozen=True)
class EmbeddedPrompts:
    """Both prompts, padded with zeros."""

    prompt: Padded
    negative: Padded


def embedded(
    folder: WanFolder, prompt: str, settings: DiffusionSettings, bench: Bench, *, cache: Path, progress: Progress
) -> EmbeddedPrompts:
    """Return a run's prompts: of ``settings.prompt_embeds``, else of these words, EX-4D's own where there are none.

    The text encoder is loaded only for what the cache does not have, and gone again before anything else is loaded.

    Raises:
        UserError: the file of embedded prompts cannot be used.
        MissingPart: the text encoder is needed and cannot be loaded.
    """
    if settings.prompt_embeds is not None:
        features = sizes_of_transformer(folder)["text_dim"]
        brought = read_prompt_embeds(settings.prompt_embeds, text_features=features)
        return EmbeddedPrompts(*(padded(features.float()) for features in brought))
    if missing := folder.missing("text_encoder"):
        raise MissingPart(
            f"the text encoder is not whole: {', '.join(map(str, missing))} missing; run\n  ex4d models pull "
            "wan2.1-i2v-14b-480p\nor bring embedded prompts (--prompt-embeds)"
        )
    words = (prompt or PROMPT, NEGATIVE_PROMPT if settings.negative_prompt is None else settings.negative_prompt)
    made = embed_prompts(
        words,
        folder,
        cache=PromptCache(cache, encoder_identity(_read_by(folder), bench.kind)),
        dtype=bench.kind,
        device=bench.main,
        stream=bench.plan is not None and bench.plan.stream_text_encoder,
        progress=progress,
    )
    return EmbeddedPrompts(*(padded(features.float()) for features in made))


def _read_by(folder: WanFolder) -> tuple[Path, ...]:
    """Return all files that tell what a prompt becomes."""
    return (*folder.files("text_encoder"), *tokenizer_files(folder.tokenizer))
