"""Examples stacked for the transformer, read ahead of it by threads; which ones never depends on how fast they are."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from itertools import count

import torch
from torch import Tensor

from ex4d.array_types import Float32, Int64
from ex4d.errors import TrainingError
from ex4d.training.adapter.examples import Examples
from ex4d.training.adapter.flow_matching import Chance, noise_like
from ex4d.training.adapter.order import Order, Share
from ex4d.training.config.records import Training
from ex4d.training.dataset.prepared import Example

READERS = 4
AHEAD = 4
"""Batches that are read while one is learned from."""
Latents = Float32[Tensor, "batch channels latent_frames latent_height latent_width"]
Text = Float32[Tensor, "words text_features"]


@dataclass(frozen=True)
class Batch:
    """Examples that pass the transformer together, with what was drawn for them."""

    numbers: Int64[Tensor, " batch"]
    target: Latents
    noise: Latents
    levels: Float32[Tensor, " batch"]
    text: Float32[Tensor, "batch words text_features"]
    image: Float32[Tensor, "batch patches image_features"]
    condition: Float32[Tensor, "batch condition_channels latent_frames latent_height latent_width"]
    guide: Latents
    mask: Latents

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(**{field.name: getattr(self, field.name).to(device, non_blocking=True) for field in fields(self)})

    @property
    def told(self) -> dict[str, Tensor]:
        """What the transformer is told besides noisy latents and their level."""
        return {name: getattr(self, name) for name in ("text", "image", "condition", "guide", "mask")}


@dataclass(frozen=True)
class Lessons:
    """The examples of a training by their numbers."""

    examples: Examples
    settings: Training
    negative_text: Text | None
    """Takes the place of prompts, where ``without_prompt`` asks for it."""

    def __post_init__(self) -> None:
        if self.settings.without_prompt and self.negative_text is None:
            raise TrainingError(
                "training.without_prompt needs the embedded negative prompt, and the prepared excerpts have none; "
                "set without_prompt: 0, or prepare them again"
            )

    def named(self, number: int) -> str:
        """Return the words for an example: excerpt and mask."""
        excerpt, draw = self._order.at(number)
        return f"{self.examples.name(excerpt)} with mask {draw}"

    def batch(self, numbers: Sequence[int]) -> Batch:
        """Read and draw the examples of these numbers."""
        taken = [self.examples.example(*self._order.at(number)) for number in numbers]
        without = self.settings.without_prompt
        chances = [Chance.of(self.settings.seed, number, without_prompt=without) for number in numbers]
        texts = [
            self.negative_text if chance.unprompted and self.negative_text is not None else example.text
            for chance, example in zip(chances, taken, strict=True)
        ]
        noises = [noise_like(one.target, chance.noise_seed) for one, chance in zip(taken, chances, strict=True)]
        return stacked(taken, noises, [chance.level for chance in chances], texts=texts, numbers=numbers)

    def batches(self, share: Share, step: int) -> Generator[Batch]:
        """Yield a process's batches without end, beginning after ``step`` steps; some are read ahead."""
        wanted = (numbers for later in count(step) for numbers in share.numbers(later))
        waiting: deque[Future[Batch]] = deque()
        readers = ThreadPoolExecutor(READERS, thread_name_prefix="examples")
        try:
            while True:
                while len(waiting) < AHEAD:
                    waiting.append(readers.submit(self.batch, next(wanted)))
                yield waiting.popleft().result()
        finally:
            readers.shutdown(cancel_futures=True)

    @property
    def _order(self) -> Order:
        return Order(self.examples.count, self.examples.draws, self.settings.seed)


def stacked(
    examples: Sequence[Example],
    noises: Sequence[Tensor],
    levels: Sequence[float],
    *,
    texts: Sequence[Tensor],
    numbers: Sequence[int],
) -> Batch:
    """Stack examples, in float32."""

    def of(tensors: Sequence[Tensor]) -> Tensor:
        return torch.stack([one.float() for one in tensors])

    own = {
        name: of([getattr(one, name) for one in examples]) for name in ("target", "image", "condition", "guide", "mask")
    }
    return Batch(
        numbers=torch.tensor(list(numbers)), noise=of(noises), levels=torch.tensor(levels), text=of(texts), **own
    )
