"""Depth Anything V2 Small at its true size, random weights, on the CPU: a frame of ours and of transformers' pipeline.

    python -m tests.bench.bench_depth_cpu                1920x1080, two minutes
    python -m tests.bench.bench_depth_cpu --rounds 5

Both see the same pixels and take turns. Of each, wall time and the processor's time are told, the best of the rounds,
as others may be using the machine; then how ours gets faster where ``longest`` lets it see fewer pixels.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, pipeline

from ex4d.reconstruction.depth_anything import _load, resized
from tests.tiny_depth_model import PREPARING

SIZE = (1920, 1080)
LONGEST = (756, 518, 392)


def write_small(models: Path) -> Path:
    """Write the checkpoint in float32, as it is published; 24.8 million numbers."""
    folder = models / "depth-anything-v2-small"
    backbone = Dinov2Config(
        hidden_size=384, num_hidden_layers=12, num_attention_heads=6, image_size=518, patch_size=14,
        out_indices=[3, 6, 9, 12], apply_layernorm=True, reshape_hidden_states=False,
    )  # fmt: skip
    torch.manual_seed(7)
    DepthAnythingForDepthEstimation(DepthAnythingConfig(backbone_config=backbone)).save_pretrained(folder)
    preparing = PREPARING | {"size": {"height": 518, "width": 518}}
    (folder / "preprocessor_config.json").write_text(json.dumps(preparing), encoding="utf-8")
    return folder


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall time and the processor's, seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    blocks = np.random.default_rng(0).integers(0, 255, (SIZE[1] // 8, SIZE[0] // 8, 3)).astype(np.uint8)
    frame = blocks.repeat(8, axis=0).repeat(8, axis=1)
    with tempfile.TemporaryDirectory() as models:
        folder = write_small(Path(models))
        plain = pipeline("depth-estimation", model=str(folder), device="cpu")
        model = _load(folder, "cpu")

        def ours(longest: int | None) -> Callable[[], object]:
            seen = model.size_for(SIZE, longest)
            return lambda: model.disparities(resized(frame, seen)[None], seen)

        works = {"pipeline": lambda: plain(Image.fromarray(frame)), "ours": ours(None)}
        works |= {f"ours, longest {longest}": ours(longest) for longest in LONGEST}
        turns = [{name: timed(work) for name, work in works.items()} for _ in range(rounds)]
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, a frame of {SIZE[0]}x{SIZE[1]}")
    best = {name: np.min([turn[name] for turn in turns], axis=0) for name in works}
    for name, (wall, processor) in best.items():
        share = best["pipeline"] / (wall, processor)
        print(
            f"{name}: {wall:.2f} s, of the processor {processor:.2f}; {share[0]:.2f} and {share[1]:.2f} times as fast"
        )


if __name__ == "__main__":
    main()
