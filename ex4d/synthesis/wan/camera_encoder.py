"""EX-4D's camera encoder: what the guide shows, and where, as something to add to the transformer's first tokens.

Source: tau-yihouxiang/EX-4D, diffsynth/models/camera.py.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ex4d.array_types import Float
from ex4d.errors import UserError
from ex4d.synthesis.wan.tensor_fit import times

Latents = Float[Tensor, "batch channels latent_frames latent_height latent_width"]


class CameraEncoder(nn.Module):  # type: ignore[misc] # mypy does not read torch
    """Three 1x1x1 convolutions over the latents of colour and mask, then one that gathers 2x2 latents to a token."""

    def __init__(self, channels: int, hidden: int, features: int) -> None:
        """Make it for so many ``channels`` of colour and mask together, giving ``features`` a token."""
        super().__init__()
        self.latent_encoder = nn.Sequential(
            nn.Conv3d(channels, hidden, 1), nn.SiLU(), nn.Conv3d(hidden, hidden, 1), nn.SiLU(),
            nn.Conv3d(hidden, hidden, 1),
        )  # fmt: skip
        self.latent_patch_embedding = nn.Conv3d(hidden, features, (1, 2, 2), stride=(1, 2, 2))

    def forward(
        self, colour: Latents, mask: Latents
    ) -> Float[Tensor, "batch features latent_frames half_height half_width"]:
        """Return what is added to the embedded patches of the noise; the same for every step and both prompts."""
        return self.latent_patch_embedding(self.latent_encoder(torch.cat([colour, mask], dim=1)))

    @classmethod
    def of(
        cls, tensors: Mapping[str, Float[Tensor, "*shape"]], *, features: int, file: object = "the adapter"
    ) -> CameraEncoder:
        """Make the encoder of an adapter's tensors, for a transformer whose tokens have so many ``features``.

        Raises:
            UserError: they are not those of a camera encoder, or of one for another model; all of it at once.
        """
        first = tensors.get("latent_encoder.0.weight")
        if first is None or first.ndim != 5:
            raise UserError(f"{file} holds no camera encoder: is it EX-4D's ex4d.ckpt?")
        with torch.device("meta"):
            encoder = cls(first.shape[1], first.shape[0], features)
        wanted = {name: tuple(one.shape) for name, one in encoder.state_dict().items()}
        got = {name: tuple(one.shape) for name, one in tensors.items()}
        faults = [f"it lacks {name}" for name in sorted(wanted.keys() - got.keys())]
        faults += [f"{name} is no part of it" for name in sorted(got.keys() - wanted.keys())]
        both = [name for name in wanted if name in got and got[name] != wanted[name]]
        faults += [f"{name} is {times(got[name])}, not {times(wanted[name])}" for name in both]
        if faults:
            raise UserError(f"{file}: its camera encoder does not fit: " + "; ".join(faults))
        encoder.load_state_dict(dict(tensors), assign=True)
        return encoder.eval().requires_grad_(False)
