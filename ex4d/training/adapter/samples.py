"""Held-out excerpts completed while an adapter learns: to look at, and in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ex4d.array_types import Float32, UInt8
from ex4d.media.atomic import replacing
from ex4d.synthesis.settings import DiffusionSettings
from ex4d.synthesis.wan.conditioning import latents_to_frames
from ex4d.synthesis.wan.denoising import denoise, guided
from ex4d.synthesis.wan.schedule import noise_levels
from ex4d.training.adapter.batches import stacked
from ex4d.training.adapter.examples import Examples
from ex4d.training.adapter.flow_matching import noise_like, shifted
from ex4d.training.adapter.loop import batch_losses
from ex4d.training.adapter.processes import processes_on
from ex4d.training.adapter.trainable import TrainableAdapter
from ex4d.training.config.records import Keeping
from ex4d.training.dataset.prepared import Example
from ex4d.training.draws import seed_of

EVEN_LEVELS = (0.125, 0.375, 0.625, 0.875)
"""Of noise, before they are shifted; where held-out excerpts are validated."""
SHOWN = (0.0, 1 / 3, 2 / 3, 1.0)
"""Moments of an excerpt that a sheet shows, side by side."""
LARGEST_CELL = 256
"""Pixels of a sheet's pictures, at most."""
GAP = 4
"""Pixels between excerpts."""
Latents = Float32[Tensor, "1 channels latent_frames latent_height latent_width"]
Text = Float32[Tensor, "words text_features"]
Picture = UInt8[np.ndarray, "picture_height picture_width 3"]


def sample(
    adapter: TrainableAdapter,
    example: Example,
    steps: int = DiffusionSettings().steps,
    *,
    seed: int = 0,
    negative_text: Text | None = None,
    guidance: float = DiffusionSettings().guidance,
) -> Latents:
    """Complete an example's guide as the engine does, on the adapter's device.

    Without ``negative_text`` nothing is guided.

    Raises:
        SynthesisError: latents that are not finite; names the step.
    """
    told = {
        name: getattr(example, name)[None].float().to(adapter.device)
        for name in ("text", "image", "condition", "guide", "mask")
    }

    def velocity(latents: Latents, timestep: float) -> Latents:
        moment = torch.tensor([timestep], device=adapter.device)
        prompted: Latents = adapter(latents, moment, **told)
        if negative_text is None:
            return prompted
        without = {**told, "text": negative_text[None].float().to(adapter.device)}
        return guided(prompted, adapter(latents, moment, **without), guidance)

    noise = noise_like(example.target, seed_of(seed, "sample"))[None].to(adapter.device)
    with torch.no_grad():
        return denoise(velocity, noise, noise_levels(steps))


def validation_loss(adapter: TrainableAdapter, held_out: Examples, *, seed: int = 0) -> float:
    """Return the mean loss of held-out excerpts at fixed levels with fixed noise; processes share the work.

    An excerpt is seen behind one of its masks, the same each time; neighbours behind different ones.
    """
    crew = processes_on(adapter.device)
    total = torch.zeros(2, dtype=torch.float64, device=adapter.device)
    for index in range(crew.process_index, held_out.count, crew.num_processes):
        example = held_out.example(index, index % held_out.draws)
        for even in EVEN_LEVELS:
            noise = noise_like(example.target, seed_of(seed, "validation", index, EVEN_LEVELS.index(even)))
            batch = stacked([example], [noise], [shifted(even)], texts=[example.text], numbers=[index])
            with torch.no_grad():
                loss = batch_losses(adapter, batch.to(adapter.device)).double().sum()
            total += torch.stack([loss, torch.ones_like(loss)])
    loss, count = crew.reduce(total).tolist()
    return loss / count


def cost_in_words(keep: Keeping, held_out: int) -> str:
    """Say how often so many held-out excerpts pass the transformer to be looked at; empty where none does."""
    shown = min(keep.samples, held_out) * keep.sample_steps * 2  # with the prompt, and with the negative one
    passes = {
        f"{held_out * len(EVEN_LEVELS)} to validate every {keep.validate_every} steps": keep.validate_every * held_out,
        f"{shown} for samples every {keep.sample_every}": keep.sample_every * shown,
    }
    told = " and ".join(words for words, many in passes.items() if many)
    return f"of held-out excerpts the transformer is passed {told}" if told else ""


def sample_sheet(
    adapter: TrainableAdapter,
    vae: Any,
    held_out: Examples,
    *,
    count: int,
    steps: int,
    negative_text: Text | None,
    seed: int = 0,
) -> Picture:
    """Complete the first held-out excerpts and lay them out, one below the other; processes share the work.

    Each is three rows: its guide, completed, and what was to be found; four moments side by side.
    """
    crew = processes_on(adapter.device)
    wanted = range(min(count, held_out.count))
    turns = -(-len(wanted) // crew.num_processes)
    strips: list[Tensor] = []
    for turn in range(turns):
        # Processes that have nothing left complete the last one again: what is gathered has one shape.
        index = min(turn * crew.num_processes + crew.process_index, wanted[-1])
        example = held_out.example(index, index % held_out.draws)
        found = sample(adapter, example, steps, seed=seed, negative_text=negative_text)
        strip = np.concatenate(
            [moments(latents_to_frames(vae, one)) for one in (example.guide[None], found, example.target[None])]
        )
        strips.append(torch.from_numpy(strip).to(adapter.device))
    # Gathered turn by turn, they are in the order of the excerpts.
    gathered = torch.cat([crew.gather(strip[None]) for strip in strips])[: len(wanted)].cpu().numpy()
    return np.pad(gathered, ((0, 0), (0, GAP), (0, 0), (0, 0))).reshape(-1, *gathered.shape[2:])[:-GAP]


def moments(frames: UInt8[np.ndarray, "frames height width 3"]) -> Picture:
    """Return moments of a video side by side, at most :data:`LARGEST_CELL` pixels each way."""
    chosen = frames[[round(share * (len(frames) - 1)) for share in SHOWN]]
    times = -(-max(chosen.shape[1:3]) // LARGEST_CELL)
    height, width = (side // times for side in chosen.shape[1:3])
    blocks = chosen[:, : height * times, : width * times].reshape(len(chosen), height, times, width, times, 3)
    return np.concatenate(blocks.mean(axis=(2, 4)).round().astype(np.uint8), axis=1)


def write_sheet(file: Path, sheet: Picture) -> None:
    """Write a sheet as PNG.

    Raises:
        OutputError: the place cannot be written.
    """
    import imageio.v3 as images

    with replacing(file) as partial:
        images.imwrite(partial, sheet, extension=".png")
