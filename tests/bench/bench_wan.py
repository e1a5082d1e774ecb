"""Speed and error of EX-4D's transformer at its true size on random weights. Run on a machine with CUDA.

    python -m tests.bench.bench_wan speed [--reference DIR]    a forward in each precision, beside float32
    python -m tests.bench.bench_wan shared                     forwards on one card and on two
    python -m tests.bench.bench_wan cache DIR                  whole loops with skipped blocks: time and error

Random weights tell true speed and memory. Errors are against a float32 run of the same weights: they compare the
precisions, they do not foretell errors with the true weights. DIR of --reference holds reference_dit/wan_video_dit.py,
the authors' own file, which is not part of this project; that of cache is written by tests.bench.bench_wan_window.
"""

from __future__ import annotations

import copy
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ex4d.synthesis.wan.adapter import read_adapter
from ex4d.synthesis.wan.conditioning import Conditioning
from ex4d.synthesis.wan.denoising import denoise, guided
from ex4d.synthesis.wan.float8 import use_float8
from ex4d.synthesis.wan.loading import load_transformer
from ex4d.synthesis.wan.schedule import latent_shape, noise_levels
from ex4d.synthesis.wan.transformer import Hearing, Replica, at_work, velocities
from ex4d.synthesis.wan.weight_folders import find_wan_folder
from tests.bench import random_wan
from tests.bench.random_wan import CARD
from tests.bench.wan_baselines import Step, diffusers_own, references_own

TFLOP_A_FORWARD = 478.0
"""At this size; 30 % of it self-attention."""
DENSE_BF16_TFLOPS = 989.0
"""Of an H200, by its datasheet; what model FLOP utilisation (MFU) is measured by."""


def task(*, tiny: bool = False) -> tuple[Conditioning, list[Tensor], Tensor]:
    """Draw what a window's forwards need."""
    text, image, features = (64, 64, 32) if tiny else (4096, 1280, 5120)
    draws = torch.Generator(CARD).manual_seed(2)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draws, device=CARD)

    texts = [normal(1, 512, text), normal(1, 512, text)]
    camera = normal(1, features, 13, 32, 32).bfloat16()
    told = Conditioning(*texts, normal(1, 257, image), normal(1, 20, 13, 64, 64), camera)
    return told, texts, normal(1, 16, 13, 64, 64)


@dataclass(frozen=True)
class Measured:
    """Seconds a forward, seconds of the first call, peak memory, and what came out."""

    seconds: float
    first: float
    peak_gib: float
    velocities: list[Tensor]

    def error(self, truth: list[Tensor]) -> float:
        pairs = zip(self.velocities, truth, strict=True)
        return max(float((got.float() - wanted).norm() / wanted.norm()) for got, wanted in pairs)


def measured(step: Step, repeats: int = 4) -> Measured:
    """Time steps of two forwards each, the median, after two that warm up."""
    durations = []
    for index in range(repeats + 2):
        if index == 2:
            torch.cuda.reset_peak_memory_stats()
        start = time.perf_counter()
        got = step()
        torch.cuda.synchronize()
        durations.append(time.perf_counter() - start)
    median = sorted(durations[2:])[repeats // 2] / 2
    return Measured(median, durations[0], torch.cuda.max_memory_allocated() / 2**30, got)


def report(label: str, found: Measured, truth: list[Tensor]) -> None:
    """Print a row of the speed table."""
    share = TFLOP_A_FORWARD / found.seconds / DENSE_BF16_TFLOPS
    print(
        f"{label:52s} {found.seconds:.3f} s a forward, 50 in {50 * found.seconds:4.1f} s; first call {found.first:4.1f}"
        f" s; peak {found.peak_gib:4.1f} GiB; error {found.error(truth):.1e}; MFU {share:.0%}",
        flush=True,
    )


@torch.no_grad()
def speed(reference: Path | None) -> None:
    """Time a forward in every precision, beside the reference's and diffusers' own."""
    torch._dynamo.config.recompile_limit = 64
    model = random_wan.transformer()
    lora, (told, texts, latents) = random_wan.lora(model), task()
    exact = copy.deepcopy(model).float()
    fuse(exact, lora)
    replica = Replica(exact, CARD, residual=torch.float32)
    with at_work([replica]):
        truth = velocities([[replica.hear(told, texts)]], latents, 500.0)
    del exact, replica
    torch.cuda.empty_cache()

    def ours(label: str, residual: torch.dtype, *, compile_blocks: bool = True) -> None:
        torch._dynamo.reset()
        replica = Replica(model, CARD, residual=residual, compile_blocks=compile_blocks)
        with at_work([replica]):
            hearing = replica.hear(told, texts)
            report(label, measured(lambda: velocities([[hearing]], latents, 500.0)), truth)

    if reference is not None:
        report("the reference", measured(references_own(reference, model, lora, told, texts, latents)), truth)
        torch.cuda.empty_cache()
    fuse(model, lora)
    ours("reference (float32 residual stream)", torch.float32)
    ours("the same, not compiled", torch.float32, compile_blocks=False)
    ours("bf16", torch.bfloat16)
    report("diffusers' own forward, bf16, compiled, cuDNN", measured(diffusers_own(model, told, texts, latents)), truth)
    for block in model.blocks:
        use_float8(block)
    torch.cuda.empty_cache()
    ours("fp8", torch.bfloat16)


def fuse(model: nn.Module, lora: dict[str, tuple[Tensor, Tensor]]) -> None:
    for name, (down, up) in lora.items():
        linear = model.get_submodule(name)
        linear.weight.data = (linear.weight.float() + up.float() @ down.float()).to(linear.weight.dtype)


@torch.no_grad()
def shared(*, tiny: bool) -> None:
    """Time forwards on one card and on two: a branch a card, halves of the tokens, a shot a card."""
    cards = [torch.device("cpu")] * 2 if tiny else [torch.device("cuda", k) for k in range(2)]
    one, other = (
        Replica(random_wan.transformer(tiny=tiny, card=card), card, residual=torch.float32, compile_blocks=not tiny)
        for card in cards
    )
    told, texts, latents = task(tiny=tiny)

    def teams_of(*seats: list[tuple[Replica, list[Tensor], tuple[int, int]]]) -> list[list[Hearing]]:
        return [[card.hear(told, heard, lane=lane) for card, heard, lane in team] for team in seats]

    first, second, whole = [texts[0]], [texts[1]], (0, 1)
    with at_work([one, other]):
        trials = {
            "both branches on one card": teams_of([(one, texts, whole)]),
            "a branch on each of two": teams_of([(one, first, whole)], [(other, second, whole)]),
            "one branch on one card": teams_of([(one, first, whole)]),
            "one branch, its tokens on two": teams_of([(one, first, (0, 2)), (other, first, (1, 2))]),
            "both branches of a shot on each of two": teams_of([(one, texts, whole)], [(other, texts, whole)]),
        }
        found = {
            name: step_seconds(lambda own=teams: velocities(own, latents, 500.0)) for name, teams in trials.items()
        }
    for name, (seconds, _) in found.items():
        print(f"{name:40s} {seconds:.3f} s", flush=True)
    alone, apart_, single, lanes, two = (seconds for seconds, _ in found.values())
    print(
        f"one shot on two: {alone / apart_:.2f}x; unguided: {single / lanes:.2f}x; shots on two: {2 * alone / two:.2f}x"
    )
    whole_one, in_lanes = (found[name][1][0] for name in ("one branch on one card", "one branch, its tokens on two"))
    print(f"lanes against one card: {float((in_lanes - whole_one).norm() / whole_one.norm()):.1e}", flush=True)


def step_seconds(step: Step, repeats: int = 5) -> tuple[float, list[Tensor]]:
    """Return the median time of a step after two that warm up, and what it gave."""
    durations = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        made = step()
        for card in range(torch.cuda.device_count()):
            torch.cuda.synchronize(card)
        durations.append(time.perf_counter() - start)
    return sorted(durations[2:])[repeats // 2], made


@torch.no_grad()
def cache(folder: Path, width: int = 512, height: int = 512, frames: int = 49) -> None:
    """Denoise with blocks skipped, for several thresholds, beside the same without."""
    wan = find_wan_folder(folder / "wan2.1-i2v-14b-480p")
    adapter = read_adapter(folder / "ex4d" / "ex4d.ckpt")
    model = load_transformer(wan, [adapter], dtype=random_wan.KIND, device_of=lambda _: CARD, fuse=True)
    replica = Replica(model, CARD, residual=torch.float32, compile_blocks=CARD.type == "cuda")
    shape = latent_shape(frames, width, height)
    draws = torch.Generator().manual_seed(2)
    noise, condition = (torch.randn(shape[0], count, *shape[2:], generator=draws).to(CARD) for count in (16, 20))
    config = model.config
    texts = [torch.randn(1, 512, config.text_dim, generator=draws) for _ in range(2)]
    told = Conditioning(*texts, torch.randn(1, 257, config.image_dim, generator=draws), condition, None)
    exact = None
    with at_work([replica]):
        for threshold in (0.0, 0.0, 0.1, 0.2, 0.4):  # the first compiles
            hearing = replica.hear(told, texts, cache=threshold)
            start = time.perf_counter()
            made = denoise(lambda x, t, own=hearing: guided(*velocities([[own]], x, t), 5.0), noise, noise_levels(25))
            seconds = time.perf_counter() - start
            exact = made if exact is None else exact
            skipped = sum(branch.cache.skipped for branch in hearing.branches if branch.cache)
            error = float((made - exact).norm() / exact.norm())
            print(
                f"cache {threshold}: {seconds:.1f} s, {skipped} of 50 passes ended early, error {error:.1e}", flush=True
            )


def main() -> None:
    what, *rest = sys.argv[1:]
    if what == "speed":
        speed(Path(rest[1]) if rest[:1] == ["--reference"] else None)
    elif what == "shared":
        shared(tiny=rest == ["tiny"])
    elif what == "cache":
        cache(Path(rest[0]), *map(int, rest[1:]))


if __name__ == "__main__":
    main()
