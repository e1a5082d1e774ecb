"""What the trainer is taught with: examples by number, from wherever they are."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor

from ex4d.array_types import Float


@runtime_checkable
class Example(Protocol):
    """An excerpt with one of its masks, as the transformer is told of it; latents are normalised."""

    @property
    def target(self) -> Float[Tensor, "channels latent_frames latent_height latent_width"]:
        """What is to be learned."""
        ...

    @property
    def condition(self) -> Float[Tensor, "condition_channels latent_frames latent_height latent_width"]:
        """The first frame: four channels that mark its latents, then those."""
        ...

    @property
    def image(self) -> Float[Tensor, "patches image_features"]:
        """What CLIP sees in the first frame."""
        ...

    @property
    def text(self) -> Float[Tensor, "words text_features"]:
        """The prompt, padded with zeros to 512 words."""
        ...

    @property
    def guide(self) -> Float[Tensor, "channels latent_frames latent_height latent_width"]:
        """Latents of the excerpt with black holes."""
        ...

    @property
    def mask(self) -> Float[Tensor, "channels latent_frames latent_height latent_width"]:
        """Latents of where it is seen."""
        ...


@runtime_checkable
class Examples(Protocol):
    """Excerpts, each with as many draws of a mask; all of one size."""

    @property
    def count(self) -> int:
        """Excerpts."""
        ...

    @property
    def draws(self) -> int:
        """Masks of each."""
        ...

    def name(self, index: int) -> str:
        """Return an excerpt's name, for the words of errors."""
        ...

    def example(self, index: int, draw: int) -> Example:
        """Return an excerpt with one of its masks; it may be called by several threads."""
        ...
