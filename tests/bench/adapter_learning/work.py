"""What is made once and kept in a file that a later run goes on from; the first of them is the autoencoder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from tests.bench.adapter_learning.autoencoder import SmallAutoencoder, train_autoencoder
from tests.bench.adapter_learning.scales import Scale
from tests.bench.adapter_learning.scenes import drawn_camera, drawn_scene


@dataclass(frozen=True)
class Work:
    """A folder of one experiment, its sizes, and the device that it runs on."""

    folder: Path
    scale: Scale
    device: torch.device

    def tell(self, words: str) -> None:
        """Print a line with the time, and keep it in the folder's log."""
        line = f"{time.strftime('%H:%M:%S')} {words}"
        print(line, flush=True)
        with (self.folder / "log.txt").open("a", encoding="utf-8") as log:
            log.write(line + "\n")

    def kept(self, name: str, make: Callable[[], dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
        """Return the tensors of a file, which are made where it is missing."""
        file = self.folder / f"{name}.safetensors"
        if not file.exists():
            start = time.perf_counter()
            tensors = make()
            unfinished = file.with_suffix(".unfinished")
            save_file({key: one.contiguous().cpu() for key, one in tensors.items()}, unfinished)
            unfinished.replace(file)
            self.tell(f"{name}: made in {time.perf_counter() - start:.0f} s")
        return load_file(file, device=str(self.device))


def monocular_clip(scale: Scale, *words: object) -> np.ndarray:
    """Return the colours of an ordinary clip, one that teaches."""
    scene = drawn_scene(scale.frames, *words)
    return scene.filmed(drawn_camera(scale.frames, scene.distance, *words), scale.side).colour


@cache
def autoencoder(work: Work) -> SmallAutoencoder:
    """Return the trained autoencoder."""
    scale = work.scale

    def make() -> dict[str, torch.Tensor]:
        clips = np.stack([monocular_clip(scale, "code", k) for k in range(scale.code_clips)])

        def report(step: int, error: float) -> None:
            work.tell(f"autoencoder {step}: {-10 * np.log10(error / 4):.2f} dB")

        return train_autoencoder(clips, scale.code_width, scale.code_steps, 24, 0, report).state_dict()

    model = SmallAutoencoder(scale.code_width)
    model.load_state_dict(work.kept("autoencoder", make))
    return model.to(work.device).eval().requires_grad_(False)
