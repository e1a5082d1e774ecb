"""What a prepared excerpt takes on the disk and when it is read, and what its float16 costs; on a card, to encode it.

Run from the checkout: python -m tests.bench.bench_preparing [FOLDER]
The folder is for the files; if not stated, the system's own for temporary ones. Latents are drawn at their true shape.
"""

from __future__ import annotations

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKLWan
from transformers import CLIPVisionConfig, CLIPVisionModel

from ex4d.progress import SILENT
from ex4d.synthesis.wan.prompt_files import PromptCache
from ex4d.synthesis.wan.weight_folders import WanFolder
from ex4d.training.dataset.encoders import Bench, FrozenEncoders
from ex4d.training.dataset.excerpt_file import ExcerptNotes, ExcerptTensors, MaskNotes, write_excerpt
from ex4d.training.dataset.prepared import IndexEntry, PreparedExcerpt, open_prepared, write_index
from tests.bench.random_wan import drawn

FRAMES, SIZE, WORDS, ROUNDS, PATIENCE = 49, (512, 512), 40, 9, 3
MASKS = (1, 4, 8)


def tensors(masks: int) -> ExcerptTensors:
    draws = torch.Generator().manual_seed(0)
    latents = [torch.randn(16, 13, 64, 64, generator=draws) for _ in range(2 + 2 * masks)]
    image = torch.randn(257, 1280, generator=draws)
    return ExcerptTensors(latents[0], latents[1], image, latents[2 : 2 + masks], latents[2 + masks :])


def write(folder: Path, masks: int) -> PreparedExcerpt:
    """Write a data set of one excerpt and open it."""
    notes = ExcerptNotes(
        "clip-0000", "key", tuple(range(FRAMES)), SIZE, Fraction(30), (MaskNotes("tracking", "drawn"),) * masks
    )  # fmt: skip
    visible = list(np.random.default_rng(0).random((masks, FRAMES, SIZE[1], SIZE[0])) < 0.8)
    write_excerpt(folder / "clip-0000.safetensors", notes, tensors(masks), visible)
    PromptCache(folder / "prompts", "encoder").write("prompt", torch.randn(WORDS, 4096).bfloat16())
    entries = [IndexEntry("clip-0000", "key", "prompt", held_out=False)]
    write_index(folder, encoder="encoder", negative_prompt="prompt", entries=entries)
    return open_prepared(folder).trained[0]


def median_ms(
    work: Callable[[], object], rounds: int = ROUNDS, clock: Callable[[], float] = time.process_time
) -> float:
    """Return the time of the middle round; of one processor, whatever else it does, unless another clock is given."""

    def timed() -> float:
        start = clock()
        work()
        return 1000 * (clock() - start)

    return statistics.median(timed() for _ in range(rounds))


def rounding(kind: torch.dtype) -> float:
    """Return the root mean square of what storing drawn latents changes, relative to theirs."""
    latents = tensors(1).target
    return float((latents.to(kind).float() - latents).norm() / latents.norm())


def encode_on_card() -> None:
    """Encode an excerpt with four masks, with random weights of the true size."""
    bench = Bench.here()
    clip = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 16}
    with torch.device("meta"):
        vae = AutoencoderKLWan()
        seer = CLIPVisionModel(CLIPVisionConfig(**clip, patch_size=14, image_size=224, hidden_act="gelu"))
    encoders = FrozenEncoders(WanFolder(Path(), "diffusers"), bench, SILENT)
    encoders.__dict__ |= {"_vae": drawn(vae), "_image_encoder": drawn(seer)}
    chance = np.random.default_rng(0)
    colour = chance.integers(0, 256, (FRAMES, SIZE[1], SIZE[0], 3), np.uint8)
    visible = list(chance.random((4, FRAMES, SIZE[1], SIZE[0])) < 0.8)
    for seen in visible:
        seen[0] = True
    encoders.encoded(colour, visible)
    torch.cuda.reset_peak_memory_stats()
    seconds = median_ms(lambda: encoders.encoded(colour, visible), PATIENCE, time.perf_counter) / 1000
    peak = torch.cuda.max_memory_allocated() / 2**30
    print(f"{torch.cuda.get_device_name()}: {seconds:.2f} s an excerpt of 4 masks, {peak:.1f} GiB at most")


def main() -> None:
    torch.set_num_threads(1)
    print(f"{platform.platform()}, torch {torch.__version__}; {FRAMES} frames of {SIZE[0]}x{SIZE[1]}")
    print("masks  MB on the disk  MB a mask  ms to read an example")
    for masks in MASKS:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
            excerpt = write(Path(folder), masks)
            size, reading = excerpt.file.stat().st_size / 1e6, median_ms(lambda e=excerpt: e.example(0))
            print(f"{masks:5}  {size:14.1f}  {size / masks:9.1f}  {reading:21.1f}")
    for kind in (torch.float16, torch.bfloat16):
        print(f"latents in {str(kind).removeprefix('torch.')} are {rounding(kind):.1e} of themselves off")
    if torch.cuda.is_available():
        encode_on_card()


if __name__ == "__main__":
    main()
